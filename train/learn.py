"""The training loop."""
import copy
import math
import time

import numpy as np
import torch

import data
import network
from export import DEVIATION, MEAN





def normalise(x):
    """uint8 [N,S,S,3] -> float32 [N,3,S,S] laid out channels-last, which the convolutions run twice as fast on."""
    x = x.permute(0, 3, 1, 2).to(torch.float32, memory_format=torch.channels_last)
    return (x / 255.0 - torch.tensor(MEAN).view(1, 3, 1, 1)) / torch.tensor(DEVIATION).view(1, 3, 1, 1)


def labels(photos, rows):
    pick = lambda a: torch.as_tensor(a[rows])
    return {"severity": pick(photos.severity), "part": pick(photos.part), "type": pick(photos.type),
            "damaged": pick(photos.damaged).view(-1, 1)}


def train(photos, pixels, rows, size, epochs, schedule, seed=1, batch=16, rate=1.5e-3, say=print):
    """Trains on `rows`; returns the running average of the weights, which scores better than the last step's.

    The rate falls as if training went on for `schedule` epochs, so a run may be stopped early and still be repeated exactly.
    """
    torch.manual_seed(seed)
    model = network.Network().to(memory_format=torch.channels_last)
    average = copy.deepcopy(model).eval()
    plain = [p for p in model.parameters() if p.ndim < 2]
    matrix = [p for p in model.parameters() if p.ndim >= 2]
    opt = torch.optim.AdamW([{"params": matrix, "weight_decay": 0.05}, {"params": plain, "weight_decay": 0.0}], lr=rate)
    order = np.random.default_rng(seed)
    # Photos of whole cars teach only the weakest head, so each epoch sees half of them.
    whole, rest = rows[photos.damaged[rows] == 0], rows[photos.damaged[rows] != 0]
    per_epoch = (len(rest) + len(whole) // 2) // batch
    steps, step, started = per_epoch * schedule, 0, time.time()
    for epoch in range(epochs):
        seen = order.permutation(np.concatenate([rest, order.permutation(whole)[: len(whole) // 2]]))
        loader = torch.utils.data.DataLoader(data.Views(pixels, seen, size, seed, epoch), batch, drop_last=True,
                                             num_workers=1, prefetch_factor=4)
        model.train()
        sums = np.zeros(2)
        for x, i in loader:
            for g in opt.param_groups:
                g["lr"] = rate * min(1.0, (step + 1) / 200) * (0.5 + 0.5 * math.cos(math.pi * step / steps))
            y = labels(photos, i.numpy())
            y = {k: torch.cat([v, v]) for k, v in y.items()}
            out = model(normalise(torch.cat([x[:, 0], x[:, 1]])))
            told = network.masked_loss(out, y)
            twin = network.contrast_loss(out["embedding"])
            loss = told + 0.15 * twin
            opt.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 5.0)
            opt.step()
            step += 1
            keep = min(0.998, (1 + step) / (10 + step))
            with torch.no_grad():
                for a, b in zip(average.state_dict().values(), model.state_dict().values()):
                    if a.dtype.is_floating_point:
                        a.lerp_(b, 1 - keep)
                    else:
                        a.copy_(b)
            sums += [float(told), float(twin)]
        say("epoch %2d/%d  %d px  labels %.3f  twins %.3f  %4.0f s" %
            (epoch + 1, epochs, size, *(sums / per_epoch), time.time() - started), average, epoch)
    return average


@torch.no_grad()
def answer(model, pixels, rows, batch=64):
    """Raw outputs of `model` for the fitted photos `rows`, as numpy arrays by head name."""
    model.eval()
    parts = []
    for k in range(0, len(rows), batch):
        x = torch.from_numpy(np.asarray(pixels[rows[k:k + batch]]))
        out = model(normalise(x))
        out["embedding"] = torch.nn.functional.normalize(out["embedding"], dim=1)
        parts.append({n: v.numpy() for n, v in out.items()})
    return {n: np.concatenate([p[n] for p in parts]) for n in parts[0]}
