"""Same-photo questions: does the embedding find an edited copy, and did copies of test photos slip into training?"""
import io
import os

import cv2
import numpy as np
from PIL import Image, ImageEnhance

import data

EDITS = {
    "jpeg quality 40": lambda im: jpeg(im, 40),
    "half size": lambda im: im.resize((max(1, im.width // 2), max(1, im.height // 2)), Image.BILINEAR),
    "brighter by 30 %": lambda im: ImageEnhance.Brightness(im).enhance(1.3),
    "mirrored": lambda im: im.transpose(Image.FLIP_LEFT_RIGHT),
    "turned 3 degrees": lambda im: im.rotate(3, Image.BILINEAR),
    "crop 5 % each side": lambda im: crop(im, 0.05),
    "crop 15 % each side": lambda im: crop(im, 0.15),
    "crop 30 % each side": lambda im: crop(im, 0.30),
}


def jpeg(im, quality):
    buf = io.BytesIO()
    im.save(buf, "JPEG", quality=quality)
    return Image.open(buf).convert("RGB")


def crop(im, share):
    x, y = int(im.width * share), int(im.height * share)
    return im.crop((x, y, im.width - x, im.height - y))


def found(photos, shipped, size, gallery, rows, say):
    """Edits each photo of `rows`, and counts how often its original ranks first, or in the first 20, of the gallery."""
    originals = [Image.fromarray(data.read(os.path.join(photos.folder, photos.files[i]))) for i in rows]
    out = {"gallery": len(gallery), "queries": len(rows), "edits": {}}
    for name, edit in EDITS.items():
        fitted = np.stack([data.fit(np.asarray(edit(im)), size) for im in originals])
        e = shipped(fitted)["embedding"]
        likeness = np.einsum("qd,gd->qg", e, gallery)
        rank = (likeness > likeness[np.arange(len(rows)), rows][:, None]).sum(1)
        out["edits"][name] = {"first": round(float((rank < 1).mean()), 4), "first_20": round(float((rank < 20).mean()), 4)}
        say("  %-20s first %.3f  in first 20 %.3f" % (name, (rank < 1).mean(), (rank < 20).mean()))
    return out


def kept_points(a, b):
    """ORB points of two grey photos that one affine map explains; 20 or more mean one photo or one studio."""
    orb = cv2.ORB_create(800)
    (ka, da), (kb, db) = orb.detectAndCompute(a, None), orb.detectAndCompute(b, None)
    if da is None or db is None:
        return 0
    pairs = [m[0] for m in cv2.BFMatcher(cv2.NORM_HAMMING).knnMatch(da, db, 2)
             if len(m) == 2 and m[0].distance < 0.8 * m[1].distance]
    if len(pairs) < 8:
        return 0
    inside = cv2.estimateAffinePartial2D(np.float32([ka[m.queryIdx].pt for m in pairs]),
                                         np.float32([kb[m.trainIdx].pt for m in pairs]), ransacReprojThreshold=4)[1]
    return 0 if inside is None else int(inside.sum())


def leaked(photos, pixels, embedding, queries, others, nearest=5):
    """Which of `queries` have a near-identical photo among `others`, mirrored ones included."""
    likeness = np.einsum("qd,gd->qg", embedding[queries], embedding[others])
    out = []
    for q, row in zip(queries, likeness):
        a = cv2.cvtColor(np.asarray(pixels[q]), cv2.COLOR_RGB2GRAY)
        for i in others[np.argsort(-row)[:nearest]]:
            b = cv2.cvtColor(np.asarray(pixels[i]), cv2.COLOR_RGB2GRAY)
            if max(kept_points(a, b), kept_points(a, cv2.flip(b, 1))) >= 20:
                out.append(int(q))
                break
    return np.array(out, int)
