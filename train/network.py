"""The network: one trunk, five answers. Small enough to train on one core and to run in OpenCV's DNN module.

    photo [N,3,S,S] -> 7x7 stem /4 32 ch -> /8 64 -> /16 128 -> /32 192 -> mean and max over the photo -> heads

Only operators that OpenCV 4.6 reads from ONNX are used: convolution, ReLU, add, global pooling, concatenation,
flatten, linear layers. Batch normalisation is folded into the convolutions by the exporter.
"""
import torch
from torch import nn
from torch.nn import functional as F

WIDTHS = (32, 64, 128, 192)
DEPTHS = (1, 1, 3, 2)
HEADS = {"severity": 3, "part": 7, "type": 3, "damaged": 1}
EMBEDDING = 128


def conv(cin, cout, k, stride=1, groups=1, relu=True):
    layers = [nn.Conv2d(cin, cout, k, stride, k // 2, groups=groups, bias=False), nn.BatchNorm2d(cout)]
    return nn.Sequential(*layers, nn.ReLU(inplace=True)) if relu else nn.Sequential(*layers)


class Block(nn.Module):
    """Looks around (depthwise 5x5), thinks per pixel (1x1), adds the result to what it was given."""

    def __init__(self, c):
        super().__init__()
        self.body = nn.Sequential(conv(c, c, 5, groups=c, relu=False), conv(c, c, 1))

    def forward(self, x):
        return x + self.body(x)


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        layers = [conv(3, WIDTHS[0], 7, 4)]
        for i, (c, depth) in enumerate(zip(WIDTHS, DEPTHS)):
            if i:
                layers.append(conv(WIDTHS[i - 1], c, 3, 2))
            layers += [Block(c) for _ in range(depth)]
        layers.append(conv(WIDTHS[-1], 256, 1))
        self.trunk = nn.Sequential(*layers)
        # "type" alone would hide a method of every module, hence the prefix.
        self.heads = nn.ModuleDict({"to_" + k: nn.Linear(512, n) for k, n in HEADS.items()})
        self.embed = nn.Linear(512, EMBEDDING)
        self.drop = nn.Dropout(0.2)

    def look(self, x):
        """x: RGB 0..1 less mean, over deviation. Returns what the heads see: 512 numbers a photo."""
        x = self.trunk(x)
        return torch.cat([F.adaptive_avg_pool2d(x, 1), F.adaptive_max_pool2d(x, 1)], 1).flatten(1)

    def forward(self, x):
        """Returns a dict of logits, and the embedding before normalisation."""
        x = self.look(x)
        seen = self.drop(x)
        out = {k: self.heads["to_" + k](seen) for k in HEADS}
        out["embedding"] = self.embed(x)
        return out


def masked_loss(out, y):
    """Sum of the heads' losses, each over the photos that carry its label. y: dict of label tensors, -1 = unlabelled."""
    loss = 0.0
    known = y["severity"] >= 0
    if known.any():
        loss = loss + F.cross_entropy(out["severity"][known], y["severity"][known], label_smoothing=0.05)
    for name, weight in (("part", 2.0), ("type", 1.5), ("damaged", 0.3)):
        known = y[name][:, 0] >= 0
        if known.any():
            loss = loss + weight * F.binary_cross_entropy_with_logits(out[name][known], y[name][known].float())
    return loss


def contrast_loss(e, temperature=0.2):
    """Two views of one photo should meet, two photos should not (NT-Xent). e: 2N rows, row i and i+N are one photo."""
    e = F.normalize(e, dim=1)
    n = len(e) // 2
    s = e @ e.t() / temperature
    s = s.masked_fill(torch.eye(2 * n, dtype=torch.bool), -1e9)
    twin = torch.cat([torch.arange(n, 2 * n), torch.arange(n)])
    return F.cross_entropy(s, twin)
