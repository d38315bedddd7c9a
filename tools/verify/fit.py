"""Fits the weights of src/verify/support.rs on replies that people have judged.

    deskhand eval verify --data DIR --signals seen.jsonl
    python3 tools/verify/fit.py seen.jsonl [more.jsonl ...]

Replies are put in two halves by their evidence. Weights are fitted on the first; both
halves are reported. Of a reply its weakest sentence counts, so the fit is repeated until
it settles which that is. Faults are left out: they are found, not weighed.
"""
import hashlib
import json
import sys

import numpy as np

SIGNS = ["walked", "pairs", "left_out", "foreign", "foreign_empty", "first_person"]
# No sign that speaks for a sentence may come to speak against it, or the reverse.
DIRECTION = np.array([1, 1, -1, -1, -1, -1])
QUOTE = [1, 1, 0, 0, 0, 0]
L2 = 0.5


def read(paths):
    for path in paths:
        for line in open(path, encoding="utf-8"):
            reply = json.loads(line)
            claims = [it for it in reply["claims"] if it["faults"] != ["no_source"]]
            # Whoever learns from sentences with one word changed learns the changes.
            if not claims or reply["edit"] and not reply["supported"]:
                continue
            rows = [[it["signs"][sign] for sign in SIGNS] if it["signs"] else QUOTE for it in claims]
            half = int(hashlib.sha1(reply["evidence"].encode()).hexdigest(), 16) % 2
            yield np.array(rows), reply["supported"], half, 0.1 if reply["edit"] else 1.0


def sigmoid(z):
    return 1 / (1 + np.exp(-np.clip(z, -30, 30)))


def newton(x, y, weight, used):
    w = np.zeros(x.shape[1])
    free = np.append(used, True)
    ridge = np.append(np.full(len(SIGNS), L2), 0.0)
    for _ in range(40):
        p = sigmoid(x @ w)
        gradient = x.T @ (weight * (p - y)) + ridge * w
        hessian = (x * (weight * p * (1 - p))[:, None]).T @ x + np.diag(ridge + 1e-6)
        w[free] -= np.linalg.solve(hessian[np.ix_(free, free)], gradient[free])
    return w


def fit(replies):
    w = None
    for _ in range(8):
        rows = [r.mean(0) if w is None else r[np.argmin(r @ w[:-1])] for r, *_ in replies]
        x = np.column_stack([np.array(rows), np.ones(len(rows))])
        y = np.array([float(it[1]) for it in replies])
        weight = np.array([it[3] for it in replies])
        used = np.ones(len(SIGNS), bool)
        while True:
            w = newton(x, y, weight, used)
            wrong = used & (w[:-1] * DIRECTION < 0)
            if not wrong.any():
                break
            used &= ~wrong
    return w


def auroc(yes, no):
    no = np.sort(no)
    return np.mean((np.searchsorted(no, yes, "left") + np.searchsorted(no, yes, "right")) / 2 / len(no))


def main():
    replies = list(read(sys.argv[1:]))
    halves = [[it for it in replies if it[2] == half] for half in (0, 1)]
    w = fit(halves[0])
    for name, value in zip(SIGNS + ["bias"], w):
        print(f"{name:<14} {value:6.2f}")
    for name, half in zip(("fitted on", "held out"), halves):
        judged = [it for it in half if it[3] == 1.0]
        score = np.array([np.min(r @ w[:-1]) + w[-1] for r, *_ in judged])
        y = np.array([it[1] for it in judged])
        print(f"{name}: {len(judged)} replies, AUROC without faults {auroc(score[y], score[~y]):.3f}")


main()
