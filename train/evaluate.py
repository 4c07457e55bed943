"""Scores. Every figure comes with how many photos it rests on and a 95 % bootstrap interval over photos."""
import numpy as np

ROUNDS = 1000


def softmax(z):
    e = np.exp(z - z.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


def sigmoid(z):
    return 1.0 / (1.0 + np.exp(-np.clip(z, -60, 60)))


def accuracy(y, p):
    return float((y == p).mean())


def macro_f1(y, p, classes=3):
    f = []
    for c in range(classes):
        hit = ((y == c) & (p == c)).sum()
        f.append(2 * hit / max(1, (y == c).sum() + (p == c).sum()))
    return float(np.mean(f))


def balanced_accuracy(y, p):
    return float(np.mean([(p[y == c] == c).mean() for c in np.unique(y)]))


def average_precision(y, s):
    """Area under precision over recall. y: 0/1, s: scores. A coin's score is the share of ones."""
    if not y.any():
        return float("nan")
    y = y[np.argsort(-s, kind="stable")]
    precision = np.cumsum(y) / np.arange(1, len(y) + 1)
    return float((precision * y).sum() / y.sum())


def auroc(y, s):
    """Chance that a random positive outscores a random negative."""
    order = np.argsort(s, kind="stable")
    rank = np.empty(len(s))
    rank[order] = np.arange(1, len(s) + 1)
    n1, n0 = (y == 1).sum(), (y == 0).sum()
    if not n1 or not n0:
        return float("nan")
    return float((rank[y == 1].sum() - n1 * (n1 + 1) / 2) / (n1 * n0))


def f1(y, p):
    return float(2 * (y & p).sum() / max(1, y.sum() + p.sum()))


def calibration_error(y, prob, bins=10):
    """ECE: how far stated confidence and observed accuracy lie apart, averaged over ten confidence bins."""
    conf, right = prob.max(1), prob.argmax(1) == y
    which = np.minimum((conf * bins).astype(int), bins - 1)
    return float(sum(abs(conf[which == b].mean() - right[which == b].mean()) * (which == b).mean()
                     for b in range(bins) if (which == b).any()))


def interval(score, n, seed=7):
    """95 % interval of score(rows) when the n photos are drawn again with replacement."""
    rng = np.random.default_rng(seed)
    values = np.array([score(rng.integers(0, n, n)) for _ in range(ROUNDS)])
    low, high = np.nanpercentile(values, [2.5, 97.5])
    return [round(float(low), 4), round(float(high), 4)]


def stated(score, n):
    return {"value": round(float(score(np.arange(n))), 4), "interval95": interval(score, n), "n": int(n)}


def severity(y, logits, temperature, abstain, guess):
    """The severity block of scores.json. guess: the class most frequent in training, for the majority row."""
    prob = softmax(logits / temperature)
    p, conf, n = prob.argmax(1), prob.max(1), len(y)
    sure = conf >= abstain
    return {
        "accuracy": stated(lambda k: accuracy(y[k], p[k]), n),
        "macro_f1": stated(lambda k: macro_f1(y[k], p[k]), n),
        "balanced_accuracy": stated(lambda k: balanced_accuracy(y[k], p[k]), n),
        "within_one_class": stated(lambda k: float((abs(y[k] - p[k]) <= 1).mean()), n),
        "ece": stated(lambda k: calibration_error(y[k], prob[k]), n),
        "answered": {"share": round(float(sure.mean()), 4),
                     "accuracy": stated(lambda k: accuracy(y[sure][k], p[sure][k]), int(sure.sum())) if sure.any() else None},
        "confusion": [[int(((y == a) & (p == b)).sum()) for b in range(3)] for a in range(3)],
        "majority": {"accuracy": round(accuracy(y, np.full(n, guess)), 4),
                     "macro_f1": round(macro_f1(y, np.full(n, guess)), 4)},
    }


def beats(y, p, q):
    """By how much answers p are more often right than answers q on the same photos."""
    return stated(lambda k: accuracy(y[k], p[k]) - accuracy(y[k], q[k]), len(y))


def multi(y, logits, temperature, thresholds, names):
    """A block for yes/no labels. The chance column is what an answer without looking scores: the label's share."""
    prob, n = sigmoid(logits / temperature), len(y)
    mean = lambda k: np.nanmean([average_precision(y[k][:, j], prob[k][:, j]) for j in range(y.shape[1])])
    yes = prob >= np.array(thresholds)
    out = {"mean_average_precision": stated(mean, n),
           "chance": round(float(y.mean()), 4),
           "macro_f1": stated(lambda k: np.mean([f1(y[k][:, j], yes[k][:, j]) for j in range(y.shape[1])]), n),
           "macro_f1_if_always_yes": round(float(np.mean([f1(y[:, j], y[:, j] >= 0) for j in range(y.shape[1])])), 4),
           "labels": {}}
    for j, name in enumerate(names):
        hit = int((y[:, j] & yes[:, j]).sum())
        out["labels"][name] = {
            "positives": int(y[:, j].sum()), "chance": round(float(y[:, j].mean()), 4),
            "average_precision": stated(lambda k: average_precision(y[k][:, j], prob[k][:, j]), n),
            "precision": round(hit / max(1, int(yes[:, j].sum())), 4), "recall": round(hit / max(1, int(y[:, j].sum())), 4),
            "f1": round(f1(y[:, j], yes[:, j]), 4)}
    return out


def severity_loss(y, logits, temperature=1.0):
    return float(-np.log(softmax(logits / temperature)[np.arange(len(y)), y] + 1e-12).mean())


def yes_no_loss(y, logits, temperature=1.0):
    p = np.clip(sigmoid(logits / temperature), 1e-7, 1 - 1e-7)
    return float(-(y * np.log(p) + (1 - y) * np.log(1 - p)).mean())


def fit_temperature(loss, y, logits):
    """The temperature with the least log-loss, on a fine geometric grid."""
    grid = np.geomspace(0.3, 5.0, 200)
    return round(float(grid[np.argmin([loss(y, logits, t) for t in grid])]), 4)


def best_thresholds(y, prob):
    """Per label, the middle of the best-F1 stretch, kept within 0.15..0.7: few positives make the extremes accidents."""
    grid = np.arange(0.15, 0.701, 0.01)
    out = []
    for j in range(y.shape[1]):
        f = np.array([f1(y[:, j], prob[:, j] >= t) for t in grid])
        out.append(round(float(np.median(grid[f >= f.max() - 0.01])), 2))
    return out


def abstain_threshold(y, prob, wanted=0.8):
    """The least confidence at which the answers given are right `wanted` of the time while half are still given."""
    conf, right = prob.max(1), prob.argmax(1) == y
    for t in np.arange(0.34, 0.95, 0.01):
        sure = conf >= t
        if sure.mean() < 0.5:
            break
        if right[sure].mean() >= wanted:
            return round(float(t), 2)
    return round(float(np.quantile(conf, 0.5)), 2)
