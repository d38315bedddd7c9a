#!/usr/bin/env python3
"""Fits the weights of src/draft/answering.rs.

    deskhand eval reply --data DIR --signals signals.jsonl
    python3 tools/draft/fit_weights.py signals.jsonl

Prints what to put there, and the F1 on questions the weights were not fitted on: in
five-fold cross-validation, and on each half with the weights of the other. Needs numpy.
"""

import json
import random
import sys

import numpy as np

# Of 1, 2, 3, 5, 10, 30 and 100: from 10 on the F1 in cross-validation is lower.
PENALTY = 3.0

# Ways to divide the questions: one division is off by 0.01 either way.
N_DIVISIONS = 10


def fit(rows):
    """Bias and weights of a logistic model, by Newton's method on scaled signs."""
    signs = np.array([sign for row in rows for sign in row["signs"]])
    right = np.array([float(at in row["right"]) for row in rows for at in range(len(row["signs"]))])
    mean, scale = signs.mean(0), signs.std(0)
    scale[scale == 0] = 1
    scaled = np.c_[np.ones(len(signs)), (signs - mean) / scale]
    weights = np.zeros(scaled.shape[1])
    penalty = PENALTY * np.r_[1e-6, np.ones(len(weights) - 1)]
    for _ in range(50):
        chance = 1 / (1 + np.exp(-scaled @ weights))
        slope = scaled.T @ (chance - right) + penalty * weights
        curve = (scaled * (chance * (1 - chance))[:, None]).T @ scaled + np.diag(penalty)
        weights -= np.linalg.solve(curve, slope)
    plain = weights[1:] / scale
    return weights[0] - plain @ mean, plain


def pick(row, model):
    bias, weights = model
    chances = 1 / (1 + np.exp(-(bias + np.array(row["signs"]) @ weights)))
    order = np.argsort(-chances, kind="stable")
    taken = np.cumsum(chances[order])
    expected = 2 * taken / (np.arange(1, len(order) + 1) + chances.sum())
    return order[: int(expected.argmax()) + 1]


def f1(rows, model):
    scores = []
    for row in rows:
        picked, right = set(pick(row, model)), set(row["right"])
        scores.append(2 * len(picked & right) / (len(picked) + len(right)))
    return scores


def main():
    rows = [json.loads(line) for line in open(sys.argv[1])]
    for name, parts in [("five-fold", 5), ("halves", 2)]:
        divisions = []
        for seed in range(N_DIVISIONS):
            mixed = rows[:]
            random.Random(seed).shuffle(mixed)
            scores = []
            for part in range(parts):
                rest = [row for at, row in enumerate(mixed) if at % parts != part]
                scores += f1(mixed[part::parts], fit(rest))
            divisions.append(np.mean(scores))
        spread = f"{min(divisions):.3f} to {max(divisions):.3f}"
        print(name, "F1", round(float(np.mean(divisions)), 3), "of divisions from", spread)
    bias, weights = fit(rows)
    print("fitted on", round(np.mean(f1(rows, (bias, weights))), 3))
    print("BIAS", round(float(bias), 2), "WEIGHTS", [round(float(it), 2) for it in weights])


if __name__ == "__main__":
    main()
