"""Photos and labels: reading the manifest, splitting it, fitting photos to the network, and augmenting them.

The rule for fitting a photo ("squash"): the whole photo is averaged by area to S x S, without keeping its aspect
ratio. OpenCV's INTER_AREA does that when it shrinks; a photo with a side below S takes shrink(), which states the rule.
"""
import csv
import hashlib
import io
import os
import tempfile

import cv2
import numpy as np
import torch
from PIL import Image, ImageFilter, ImageOps

SEVERITIES = ["minor", "moderate", "severe"]
PARTS = ["HOOD", "BUMPER", "TRUNK", "DOOR", "FENDER", "LIGHT", "WINDSHIELD"]
TYPES = ["DENT", "SCRATCH", "BROKEN"]
PART_OF = {"Bonnet": "HOOD", "Bumper": "BUMPER", "Dickey": "TRUNK", "Door": "DOOR",
           "Fender": "FENDER", "Light": "LIGHT", "Windshield": "WINDSHIELD"}
CACHE_SIZE = 256
SPLITS = (("test", 0.18), ("validation", 0.30), ("train", 1.0))   # upper ends of the hash range


class Photos:
    """The manifest as arrays. A label that nobody gave is -1, and every loss and score leaves it out."""

    def __init__(self, folder):
        with open(os.path.join(folder, "manifest.csv"), newline="") as f:
            rows = list(csv.DictReader(f))
        n = len(rows)
        self.folder = folder
        self.files = [r["file"] for r in rows]
        self.source = np.array([r["source"] for r in rows])
        self.group = np.array([r["dup_group"] for r in rows])
        self.damaged = np.array([int(r["damaged"]) for r in rows])
        self.severity = np.full(n, -1)          # from vds: a person's opinion of the whole photo
        self.box_severity = np.full(n, -1)      # from lensor: the worst box; another definition, only ever scored
        self.part = np.full((n, len(PARTS)), -1)
        self.type = np.full((n, len(TYPES)), -1)
        for i, r in enumerate(rows):
            labels = [x for x in r["labels"].split(";") if x]
            if r["severity_from"] == "vds":
                self.severity[i] = SEVERITIES.index(r["severity"])
            if r["severity_from"] == "lensor":
                self.box_severity[i] = SEVERITIES.index(r["severity"])
            if r["source"] == "parts" and labels:
                self.part[i] = 0
                for x in labels:
                    self.part[i, PARTS.index(PART_OF[x])] = 1
            if r["source"] == "lensor" and labels:
                self.type[i] = 0
                for x in labels:
                    self.type[i, TYPES.index(x.split("-")[1].upper())] = 1
        # In vds the big photos come from another collection than the search-engine thumbnails, with another mix of
        # severities. That makes them the nearest thing to a second source for severity that the data has.
        side = np.array([max(int(r["width"]), int(r["height"])) for r in rows])
        self.large = (self.source == "vds") & (side >= 640)
        self.split = np.array([split_of(g) for g in self.group])

    def __len__(self):
        return len(self.files)

    def rows(self, split):
        return np.flatnonzero(self.split == split)


def split_of(group):
    """Near-duplicates share a group, so hashing the group keeps them on one side, for ever, whatever the order."""
    x = int(hashlib.sha256(("fleet-damage:" + group).encode()).hexdigest()[:8], 16) / 2.0 ** 32
    return next(name for name, end in SPLITS if x < end)


def shrink(a, size):
    """Averages the first axis of a into `size` equal cells, counting the pixels a cell cuts by the part it covers."""
    n = a.shape[0]
    total = np.concatenate([np.zeros((1,) + a.shape[1:]), np.cumsum(a, axis=0, dtype=np.float64)])
    edge = np.arange(size + 1) * (n / size)
    low = np.minimum(edge.astype(int), n - 1)
    part = (edge - low).reshape((-1,) + (1,) * (a.ndim - 1))
    at = total[low] * (1 - part) + total[low + 1] * part
    return np.diff(at, axis=0) * (size / n)


def fit(rgb, size):
    """The whole photo, averaged by area to size x size; uint8 in, uint8 out."""
    if min(rgb.shape[:2]) >= size:
        return cv2.resize(rgb, (size, size), interpolation=cv2.INTER_AREA)
    a = shrink(rgb, size)
    a = shrink(a.transpose(1, 0, 2), size).transpose(1, 0, 2)
    return np.clip(np.rint(a), 0, 255).astype(np.uint8)


def read(path):
    with Image.open(path) as im:
        im = ImageOps.exif_transpose(im).convert("RGB")
        return np.asarray(im)


def cache(photos, size, folder):
    """Every photo fitted to size x size, as one uint8 array kept in `folder`: decoding costs more than a training step."""
    name = os.path.join(folder, "photos-%d-%d.npy" % (len(photos), size))
    if not os.path.exists(name):
        print("decoding %d photos at %d px ..." % (len(photos), size), flush=True)
        out = np.zeros((len(photos), size, size, 3), np.uint8)
        for i, f in enumerate(photos.files):
            out[i] = fit(read(os.path.join(photos.folder, f)), size)
        os.makedirs(folder, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder, delete=False) as t:
            np.save(t, out)
        os.replace(t.name, name)
    return np.load(name, mmap_mode="r")


def augment(a, size, rng):
    """One random view of a cached photo: crop, mirror, tilt, colour, blur, and a JPEG round trip.

    The JPEG and blur steps matter for more than variety: each source has its own sharpness and compression, and
    without them the network would recognise the source instead of the damage.
    """
    full = a.shape[0]
    im = Image.fromarray(a)
    area = rng.uniform(0.45, 1.0)
    ratio = np.exp(rng.uniform(-0.25, 0.25))
    w = min(full, full * np.sqrt(area * ratio))
    h = min(full, full * np.sqrt(area / ratio))
    x, y = rng.uniform(0, full - w), rng.uniform(0, full - h)
    im = im.resize((size, size), Image.BILINEAR, box=(x, y, x + w, y + h))
    if rng.random() < 0.5:
        im = im.transpose(Image.FLIP_LEFT_RIGHT)
    if rng.random() < 0.25:
        im = im.rotate(rng.uniform(-8, 8), Image.BILINEAR, fillcolor=(115, 115, 115))
    if rng.random() < 0.15:
        im = im.filter(ImageFilter.GaussianBlur(rng.uniform(0.4, 1.4)))
    if rng.random() < 0.2:
        small = int(size * rng.uniform(0.4, 0.8))
        im = im.resize((small, small), Image.BILINEAR).resize((size, size), Image.BILINEAR)
    im = im.convert("RGB", recolour(rng))
    if rng.random() < 0.3:
        buf = io.BytesIO()
        im.save(buf, "JPEG", quality=int(rng.integers(25, 90)))
        im = Image.open(buf)
    return np.asarray(im)


def recolour(rng):
    """Saturation (now and then none), white balance, contrast and brightness as one 3x4 matrix, row by row."""
    colour = 0.0 if rng.random() < 0.1 else rng.uniform(0.6, 1.4)
    m = colour * np.eye(3) + (1 - colour) / 3
    m = m * rng.uniform(0.9, 1.1, (3, 1))
    contrast, light = rng.uniform(0.7, 1.3), rng.uniform(0.7, 1.3)
    offset = np.full((3, 1), 115 * (1 - contrast) * light)
    return tuple(float(v) for v in np.hstack([m * contrast * light, offset]).ravel())


class Views(torch.utils.data.Dataset):
    """Two independent views of each photo in `rows`; what a view looks like depends only on seed, epoch and photo."""

    def __init__(self, pixels, rows, size, seed, epoch):
        self.pixels, self.rows, self.size, self.seed, self.epoch = pixels, rows, size, seed, epoch

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, k):
        i = int(self.rows[k])
        rng = np.random.default_rng([self.seed, self.epoch, i])
        a = np.asarray(self.pixels[i])
        return np.stack([augment(a, self.size, rng), augment(a, self.size, rng)]), i
