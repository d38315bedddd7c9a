"""Fits config/asking_weights.tsv: how the classes of config/asking_words.toml stand together
where a customer asks for a person.

    python3 tools/triage/fit_asking.py [--check DIR]

Learned from asking/written.tsv and written.py, which are ours: no label of a data set is in
them. --check DIR writes nothing: it measures on sentences that were left out, on a language
that was left out, and on DIR's data sets. Needs numpy and scikit-learn.
"""
import glob
import json
import os
import random
import sys

import numpy as np
from sklearn.feature_extraction import DictVectorizer
from sklearn.linear_model import LogisticRegression

from asking import CORE, HERE, ROOT, UNKNOWN, Reader, features
from rules import rule_hit
from written import written as stages

READER = Reader()
# As in src/triage/asking.rs.
ASKS_FROM, RULE_FROM = -0.5, -3.0
# The strength of the prior, chosen on sentences left out; a weight below LEAST is left out.
PRIOR, LEAST = 0.3, 0.04
# Copies of each sentence, each with some of its words unknown: tables have gaps. Together
# they count as much as the sentence. What asks has a word left that wants something.
NOISY, UNKNOWN_SHARE, NOISE_WEIGHT = 6, 0.2, 1.0
INTENT = {"wish", "may", "talk", "reach", "connect", "phone", "is_there", "enough", "please", "give"}
# Each sentence of a letter is a chance to be wrong: what is asked of one rises with their number.
LETTER = 0.7


def sentences():
    """(asks, language, text) of all that is written for this."""
    rows = []
    with open(os.path.join(HERE, "asking", "written.tsv"), encoding="utf8") as file:
        for line in file:
            asks, lang, text = line.rstrip("\n").split("\t")
            rows.append((int(asks), lang, text))
    return rows


def ordinary():
    """Messages about anything else: those of the stages, and those of the guard that are no attack."""
    rows = [(0, "en", text) for text, _ in stages()]
    with open(os.path.join(ROOT, "tools", "guard", "written.tsv"), encoding="utf8") as file:
        for line in file:
            attack, lang, text = line.rstrip("\n").split("\t")
            if attack == "0":
                rows.append((0, lang, text))
    seen = set()
    return [it for it in rows if not (it[2] in seen or seen.add(it[2]))]


def unknown(sequence, chosen):
    """A sentence some of whose words the table does not have."""
    noisy = []
    for it in sequence:
        it = UNKNOWN if chosen.random() < UNKNOWN_SHARE else it
        if it != UNKNOWN or noisy[-1:] != [UNKNOWN]:
            noisy.append(it)
    return noisy


CACHE = {}


def read(text):
    if text not in CACHE:
        found, n = READER.sentences(text)
        CACHE[text] = ([(lang, features(it), it) for lang, it in found], n)
    return CACHE[text]


class Model:
    def __init__(self, rows, prior=PRIOR):
        made, labels, weights = [], [], []
        chosen = random.Random(7)
        for asks, lang, text in rows:
            readings = read(text)[0]
            if asks:
                # Of several sentences the last one asks.
                readings = [it for it in readings if it[0] == lang][-1:]
            for it, found, sequence in readings:
                made.append({name: 1 for name in found})
                labels.append(asks)
                # In another language it is read by mistake.
                weights.append(1.0 if it == lang else 0.3)
                if it != lang:
                    continue
                for _ in range(NOISY):
                    noisy = unknown(sequence, chosen)
                    if CORE & set(noisy) and not (asks and INTENT & set(sequence) and not INTENT & set(noisy)):
                        made.append({name: 1 for name in features(noisy)})
                        labels.append(asks)
                        weights.append(NOISE_WEIGHT / NOISY)
        self.names = DictVectorizer()
        table = self.names.fit_transform(made)
        model = LogisticRegression(C=prior, max_iter=500)
        model.fit(table, labels, sample_weight=weights)
        self.bias = model.intercept_[0]
        self.weights = dict(zip(self.names.feature_names_, model.coef_[0]))
        self.weights = {name: it for name, it in self.weights.items() if abs(it) >= LEAST}

    def score(self, text):
        """Log-odds of the sentence that asks most; minus infinity where nothing can ask."""
        found, n = read(text)
        return max((self.of(it) for _, it, _ in found), default=-np.inf) - LETTER * np.log(max(1, n))

    def hears(self, text):
        """Whether the program does, with its rules."""
        score = self.score(text)
        if rule_hit(text):
            return score > RULE_FROM or np.isneginf(score)
        return score > ASKS_FROM

    def of(self, found):
        return self.bias + sum(self.weights.get(it, 0.0) for it in found)


def report(name, pairs):
    """(asks, heard) pairs in a line."""
    asks = [it for asks, it in pairs if asks]
    others = [it for asks, it in pairs if not asks]
    heard, false = sum(asks) / max(1, len(asks)), sum(others) / max(1, len(others))
    print(f"{name:28} asks {len(asks):5} heard {heard:.3f}   others {len(others):6} falsely {false:.4f}")


def folds(rows, n=5, seed=1):
    order = list(range(len(rows)))
    random.Random(seed).shuffle(order)
    return [order[at::n] for at in range(n)]


def left_out():
    rows, more = sentences(), ordinary()
    pairs = []
    for fold in folds(rows):
        out = set(fold)
        model = Model([it for at, it in enumerate(rows) if at not in out] + more)
        pairs += [(rows[at][0], model.hears(rows[at][2])) for at in fold]
    report("sentences left out", pairs)


def languages():
    rows, more = sentences(), ordinary()
    pairs = []
    for lang in sorted({it[1] for it in rows}):
        model = Model([it for it in rows if it[1] != lang] + [it for it in more if it[1] != lang])
        mine = [(it[0], model.hears(it[2])) for it in rows if it[1] == lang]
        report(f"language left out: {lang}", mine)
        pairs += mine
    report("languages left out", pairs)


def labelled(folder):
    """(asks, text) by data set."""
    sets = {}
    for path in sorted(glob.glob(f"{folder}/intents-*/*.jsonl") + glob.glob(f"{folder}/conversations-*/*.jsonl")):
        name = os.path.basename(path).removesuffix(".jsonl")
        name = os.path.basename(os.path.dirname(path)) if name == "queries" else name
        rows = []
        with open(path, encoding="utf8") as file:
            for line in file:
                row = json.loads(line)
                for it in row.get("turns") or [row]:
                    if it.get("role") != "agent":
                        rows.append((int(bool(it.get("wants_human"))), it["text"]))
        sets[name] = rows
    return sets


def ours():
    sets = {}
    for name in ("asks", "unseen", "fresh"):
        with open(os.path.join(HERE, name, "queries.jsonl"), encoding="utf8") as file:
            rows = [json.loads(it) for it in file]
        sets[name] = [(int(it["wants_human"]), it["text"]) for it in rows]
    return sets


def check(folder):
    left_out()
    languages()
    model = Model(sentences() + ordinary())
    for name, rows in {**ours(), **labelled(folder)}.items():
        report(name, [(asks, model.hears(text)) for asks, text in rows])


def main():
    if "--check" in sys.argv:
        return check(sys.argv[sys.argv.index("--check") + 1])
    model = Model(sentences() + ordinary())
    path = os.path.join(ROOT, "config", "asking_weights.tsv")
    with open(path, "w", encoding="utf8") as file:
        file.write(f"bias\t{round(model.bias * 100)}\n")
        for name, weight in sorted(model.weights.items()):
            file.write(f"{name}\t{round(weight * 100)}\n")


if __name__ == "__main__":
    main()
