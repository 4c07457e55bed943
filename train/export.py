"""Writes models/damage.onnx and runs it the way the product does: OpenCV's DNN module."""
import hashlib
import os
import warnings

import cv2
import numpy as np

import data

OUTPUTS = ["severity", "part", "type", "damaged", "embedding"]
MEAN = (0.485, 0.456, 0.406)
DEVIATION = (0.229, 0.224, 0.225)


def write(model, size, path):
    """Batch normalisation is folded by the exporter (inference mode); only the number of photos stays free."""
    import torch

    class Exported(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.model = model

        def forward(self, photo):
            out = self.model(photo)
            out["embedding"] = torch.nn.functional.normalize(out["embedding"], dim=1)
            return tuple(out[k] for k in OUTPUTS)

    model = model.to(memory_format=torch.contiguous_format).eval()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(Exported().eval(), torch.zeros(1, 3, size, size), path, opset_version=11,
                          input_names=["photo"], output_names=OUTPUTS,
                          dynamic_axes={k: {0: "n"} for k in ["photo"] + OUTPUTS})


def sha256(path):
    with open(path, "rb") as f:
        return hashlib.sha256(f.read()).hexdigest()


class Shipped:
    """The exported network in OpenCV."""

    def __init__(self, path):
        self.net = cv2.dnn.readNetFromONNX(path)

    def __call__(self, fitted, batch=16):
        """fitted: uint8 [n,S,S,3] RGB. Returns the outputs by name."""
        parts = []
        for k in range(0, len(fitted), batch):
            x = (np.asarray(fitted[k:k + batch], np.float32) / 255.0 - np.float32(MEAN)) / np.float32(DEVIATION)
            self.net.setInput(np.ascontiguousarray(x.transpose(0, 3, 1, 2), np.float32), "photo")
            parts.append([o.copy() for o in self.net.forward(OUTPUTS)])
        return {n: np.concatenate([p[i] for p in parts]) for i, n in enumerate(OUTPUTS)}


def compare(model, path, fitted):
    """Largest difference between torch and OpenCV over every batch size from 1 to 16. Above 1e-4 nothing is shipped."""
    import learn
    shipped, worst = Shipped(path), 0.0
    for n in range(1, 17):
        a = learn.answer(model, fitted, np.arange(n))
        b = shipped(fitted[:n])
        worst = max([worst] + [float(np.abs(a[k] - b[k]).max()) for k in OUTPUTS])
    if worst > 1e-4:
        raise SystemExit("OpenCV and torch disagree by %g: the export is wrong" % worst)
    return worst
