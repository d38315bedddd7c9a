"""Fits config/stage_words.tsv: what words, pairs of words, the cues of
config/journey_cues.toml and the meaning of a text weigh for each stage of the journey.

    python3 tools/triage/fit.py [--check DIR]

Learned from tools/triage/written.py, which is ours. --check DIR writes nothing: it
measures on DIR's intents-* and conversations-multidogo, each without the kinds of
business it is of, beside TF-IDF learned from the other folders. Needs numpy, scipy and
scikit-learn.
"""
import glob
import json
import os
import re
import sys
import tomllib
import unicodedata

import numpy as np
import scipy.sparse as sp
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.svm import LinearSVC

from text import is_cjk, plain
from written import written

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.join(HERE, "..", "..")
STAGES = ["awareness", "consideration", "purchase", "onboarding", "usage", "support",
          "retention", "advocacy"]
# How much a text's meaning, of length 1, counts beside a word, and the strength of the
# prior: chosen on the folders of --check, where neighbours of both do as well.
MEANING, PRIOR = 3.0, 0.5
# Words that weigh less for every stage are left out: the file stays small.
LEAST = 0.1
# The kinds of business of a folder: not learned from where it is measured.
KINDS = {"banking77": ("bank",), "bitext": ("shop",), "curekart": ("shop", "med"),
         "sofmattress": ("shop", "dev"), "airline": ("air", "rent", "hotel"),
         "insurance": ("ins",), "media": ("tel",)}
SOURCE = {"curekart": "hint3", "sofmattress": "hint3", "airline": "multidogo",
          "insurance": "multidogo", "media": "multidogo"}


def cue(spelled):
    words = plain(spelled).replace(" . ", " ").strip()
    is_open = spelled.rstrip().endswith("*")
    return ("" if is_cjk(words[0]) else " ") + words + ("" if is_open or is_cjk(words[-1]) else " ")


with open(os.path.join(ROOT, "config", "journey_cues.toml"), "rb") as file:
    TABLES = tomllib.load(file)
CUES = [(f"{name}:{kind}", [cue(it) for it in table.get(kind, [])])
        for name, table in TABLES.items() for kind in ("strong", "weak")]


class Meanings:
    """The built-in table of src/embed."""

    def __init__(self):
        folder = os.path.join(ROOT, "src", "embed")
        with open(os.path.join(folder, "pieces.txt"), encoding="utf8") as file:
            pieces = file.read().splitlines()
        with open(os.path.join(folder, "table.bin"), "rb") as file:
            raw = file.read()[16:]
        n = len(pieces)
        scales = np.frombuffer(raw[: 4 * n], dtype="<f4")
        rows = np.frombuffer(raw[4 * n : 100 * n], dtype=np.int8).reshape(n, 96)
        self.rows = rows.astype(np.float32) * scales[:, None]
        self.begins = {it: row for row, it in enumerate(pieces) if not it.startswith("##")}
        self.continues = {it[2:]: row for row, it in enumerate(pieces) if it.startswith("##")}

    def cut(self, word):
        rows, start = [], 0
        while start < len(word):
            known = self.continues if start else self.begins
            ends = (it for it in range(len(word), start, -1) if word[start:it] in known)
            end = next(ends, None)
            if end is None:
                return []
            rows.append(known[word[start:end]])
            start = end
        return rows

    def of(self, text):
        text = unicodedata.normalize("NFD", text.lower())
        text = "".join(it for it in text if not unicodedata.combining(it))
        total = np.zeros(96, np.float32)
        for word in re.findall(r"\w+|[^\w\s]", text):
            for row in self.cut(word):
                total += self.rows[row]
        length = np.linalg.norm(total)
        return total / length if length else total


MEANING_OF = Meanings()
SEEN = {}


def seen(text):
    if text not in SEEN:
        words = plain(text)
        cues = [min(2, sum(it in words for it in cues)) for _, cues in CUES]
        SEEN[text] = (words, cues, MEANING_OF.of(text))
    return SEEN[text]


def features(words, texts, fit=False):
    looked = [seen(it) for it in texts]
    plains = [it[0] for it in looked]
    counted = words.fit_transform(plains) if fit else words.transform(plains)
    cues = sp.csr_matrix(np.array([it[1] for it in looked], float))
    meanings = sp.csr_matrix(MEANING * np.array([it[2] for it in looked]))
    return sp.hstack([counted, cues, meanings]).tocsr()


def learn(pairs):
    """The words, and weights of words, cues and meaning by stage, as they are shipped."""
    words = CountVectorizer(ngram_range=(1, 2), min_df=2, binary=True, token_pattern=r"\S+")
    table = features(words, [it[0] for it in pairs], fit=True)
    stages = np.array([it[1] for it in pairs])
    weight = np.ones(len(stages))
    for stage in STAGES:
        weight[stages == stage] = (len(stages) / 8 / (stages == stage).sum()) ** 0.5
    model = LogisticRegression(C=PRIOR, max_iter=300).fit(table, stages, sample_weight=weight)
    order = [list(model.classes_).index(it) for it in STAGES]
    weights, bias = model.coef_[order], model.intercept_[order]
    n_words = len(words.vocabulary_)
    small = np.abs(weights[:, :n_words]).max(axis=0) < LEAST
    weights[:, :n_words][:, small] = 0
    return words, np.round(weights, 2), np.round(bias, 2)


def read(folder):
    """Labelled texts by business: (text, stage)."""
    by_name = {}
    for name, path in [("banking77", "intents-banking77/queries"), ("bitext", "intents-bitext/queries"),
                       ("curekart", "intents-hint3/curekart"), ("sofmattress", "intents-hint3/sofmattress")]:
        with open(f"{folder}/{path}.jsonl", encoding="utf8") as file:
            rows = [json.loads(it) for it in file]
        by_name[name] = [(it["text"], it["stage"]) for it in rows if it.get("stage")]
    for path in sorted(glob.glob(f"{folder}/conversations-multidogo/*.jsonl")):
        with open(path, encoding="utf8") as file:
            turns = [turn for line in file for turn in json.loads(line)["turns"]]
        name = os.path.basename(path).removesuffix(".jsonl")
        by_name[name] = [(it["text"], it["stage"]) for it in turns if it.get("stage")]
    return {name: [it for it in rows if it[1] != "none"] for name, rows in by_name.items()}


def macro(gold, said):
    return f1_score(gold, said, labels=sorted(set(gold)), average="macro", zero_division=0)


def check(folder):
    sets = read(folder)
    gold_all, ours_all, theirs_all = [], [], []
    for name, rows in sets.items():
        texts, gold = [it[0] for it in rows], [it[1] for it in rows]
        words, weights, bias = learn(written(KINDS.get(name, ())))
        scores = features(words, texts) @ weights.T + bias
        ours = [STAGES[it] for it in np.asarray(scores).argmax(axis=1)]
        others = [row for it, rows in sets.items() for row in rows
                  if SOURCE.get(it, it) != SOURCE.get(name, name)]
        tfidf = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=2)
        svm = LinearSVC(class_weight="balanced")
        svm.fit(tfidf.fit_transform([it[0] for it in others]), [it[1] for it in others])
        theirs = list(svm.predict(tfidf.transform(texts)))
        print(f"{name:12} {len(gold):6} ours {macro(gold, ours):.3f}  TF-IDF {macro(gold, theirs):.3f}")
        gold_all += gold
        ours_all += ours
        theirs_all += theirs
    print(f"{'all':12} {len(gold_all):6} ours {macro(gold_all, ours_all):.3f}  TF-IDF {macro(gold_all, theirs_all):.3f}")


def main():
    if "--check" in sys.argv:
        return check(sys.argv[sys.argv.index("--check") + 1])
    words, weights, bias = learn(written())
    names = sorted(words.vocabulary_, key=words.vocabulary_.get)
    names = [f"w {it}" for it in names] + [f"c {it}" for it, _ in CUES] + [f"m {it}" for it in range(96)]
    path = os.path.join(ROOT, "config", "stage_words.tsv")
    with open(path, "w", encoding="utf8") as file:
        def row(name, values):
            # Hundredths, without what is zero at the end.
            file.write(name + "\t" + " ".join(f"{round(it * 100)}" for it in values) + "\n")
        row("bias", bias)
        for name, values in sorted(zip(names, weights.T), key=lambda it: it[0]):
            if np.abs(values).max() > 0 or name.startswith("m "):
                row(name, values)


if __name__ == "__main__":
    main()
