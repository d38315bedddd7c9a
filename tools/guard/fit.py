"""Fits config/injection_words.tsv: what single words, pairs of words and the turns of
phrase of config/injection.toml weigh in src/injection.rs.

    python3 tools/guard/fit.py DIR [--check]

DIR holds folders of labelled data: prompt-injection/direct.jsonl and indirect.jsonl, and
ordinary texts in sumo-thunderbird, intents-* and conversations-*. tools/guard/written.tsv
is ours: attacks and look-alikes of kinds and languages the data lacks; it is learned
from, never measured on. --check prints figures out of fold and writes nothing. Needs
numpy, scipy and scikit-learn.

A text is read in windows, and its most suspicious one counts. Which window of an attack
is the attack nobody says, so the fit is repeated until it settles.
"""
import bisect
import glob
import hashlib
import json
import os
import re
import sys
import tomllib
import unicodedata
from collections import Counter, defaultdict

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
TABLE = os.path.join(ROOT, "config", "injection_words.tsv")
SIZE, STRIDE = 48, 24  # words in a window; as in src/injection.rs
FEW = 12.0             # a window with fewer known words weighs them as if it had so many
N_WORDS = 2600
LEAST = -0.1           # log-odds from which a text is flagged; chosen from figures out of fold
C = 10.0               # how freely weights may grow
# Questions that anybody may ask of anybody: measured, but nothing is learned from them.
HARMLESS = {"Content Creation", "Information Retrieval", "Language Translation", "Learning and Tutoring", "Programming Help"}


def fold(text):
    if text.isascii():
        return text.lower()
    plain = (c for c in unicodedata.normalize("NFKD", text) if not unicodedata.category(c).startswith("M"))
    return "".join("i" if c == "ı" else c for c in "".join(map(str.lower, plain)))


def is_cjk(c):
    o = ord(c)
    return any(a <= o <= b for a, b in (
        (0xE00, 0xE7F), (0x1100, 0x11FF), (0x3040, 0x30FF), (0x3400, 0x4DBF), (0x4E00, 0x9FFF),
        (0xF900, 0xFAFF), (0xAC00, 0xD7AF), (0xFF66, 0xFF9F), (0x20000, 0x2FA1F)))


STOPS = set(".!?;:\n。！？؟।…，、؛")


def plain(text):
    """As text::cues::plain."""
    text = fold(text)
    out = [" . "]
    end = " . "

    def push(piece):
        nonlocal end
        out.append(piece)
        end = (end + piece)[-3:]

    for i, c in enumerate(text):
        following = text[i + 1:i + 2]
        if c.isalnum():
            push(c)
        elif c in "'’`":
            if not following.isalnum() and end[-1] != " ":
                push(" ")
        elif c in STOPS and not following.isalnum():
            if end[-1] != " ":
                push(" ")
            if end != " . ":
                push(". ")
        elif end[-1] != " ":
            push(" ")
    if end[-1] != " ":
        push(" ")
    if end != " . ":
        push(". ")
    return "".join(out)


def load_cues():
    table = tomllib.load(open(os.path.join(ROOT, "config", "injection.toml"), "rb"))
    def fill(source):
        for _ in range(2):
            for name, words in table["words"].items():
                source = source.replace("{" + name + "}", words)
        return fold(source)
    groups = {name: re.compile("|".join(fill(it) for it in row["patterns"]))
              for name, row in table["groups"].items()}
    unescape = lambda it: re.sub(r"\\x\{([0-9a-f]+)\}", lambda m: chr(int(m[1], 16)), it)
    marks = {name: re.compile("|".join(map(unescape, row)), re.I) for name, row in table["marks"].items()}
    against = {"=" + name for name, row in table["groups"].items() if row.get("against")}
    return groups, marks, against


GROUPS, MARKS, AGAINST = load_cues()


def words_of(text):
    """(word, place): runs without spaces are cut into characters."""
    words, at = [], 0
    for word in text.split(" "):
        if any(map(is_cjk, word)):
            words.extend((c, at + i) for i, c in enumerate(word))
        elif word:
            words.append(("#" if word.isdigit() else word, at))
        at += len(word) + 1
    return words


def windows(text):
    """Of each window: its words and pairs, and its turns of phrase."""
    text = text[:20000]
    marks = frozenset("=" + name for name, mark in MARKS.items() if mark.search(text))
    text = plain(text)
    words = words_of(text)
    starts = [at for _, at in words]
    hits = sorted((bisect.bisect_right(starts, m.start() + 1) - 1, "=" + name)
                  for name, group in GROUPS.items() for m in group.finditer(text))
    hits = [(max(place, 0), name) for place, name in hits]
    found = []
    for start in range(0, max(len(words) - STRIDE, 1), STRIDE):
        piece = [it for it, _ in words[start:start + SIZE]]
        known = {it for it in piece if it != "." and len(it) <= 24}
        known |= {f"{a} {b}" for a, b in zip(piece, piece[1:]) if len(a) + len(b) <= 30}
        phrases = {name for place, name in hits if start <= place < start + SIZE}
        found.append((known, phrases | marks))
    return found


FOREIGN = "=foreign"   # a turn of phrase among words that are not known: another language
FEW_KNOWN = 0.4        # share of known words below which a window is in another language


def is_foreign(known, phrases, vocabulary):
    words = [it for it in known if " " not in it]
    n_known = sum(it in vocabulary for it in words)
    return bool(phrases - AGAINST) and n_known < FEW_KNOWN * len(words)


def row(window, vocabulary):
    known, phrases = window
    if is_foreign(known, phrases, vocabulary):
        phrases = phrases | {FOREIGN}
    idx = [vocabulary[it] for it in known if it in vocabulary]
    weight = 1 / np.sqrt(max(len(idx), FEW))
    cells = {it: weight for it in idx}
    cells.update((vocabulary[it], 1.0) for it in phrases if it in vocabulary)
    return cells


def matrix(rows, n):
    indptr, indices, data = [0], [], []
    for cells in rows:
        indices.extend(cells.keys())
        data.extend(cells.values())
        indptr.append(len(indices))
    return csr_matrix((data, indices, indptr), shape=(len(rows), n))


def choose(docs, labels, n):
    """The words that tell most: chi-square of presence, among those not rare."""
    yes, no = Counter(), Counter()
    for doc, label in zip(docs, labels):
        (yes if label else no).update(set().union(*(known for known, _ in doc)))
    n_yes, n_no = sum(labels), len(labels) - sum(labels)
    def tells(it):
        a, b = yes[it], no[it]
        p = (a + b) / (n_yes + n_no)
        return (a - n_yes * p) ** 2 / (n_yes * p + 1) + (b - n_no * p) ** 2 / (n_no * p + 1)
    names = [it for it in {**yes, **no} if 3 <= yes[it] or 15 <= no[it]]
    names.sort(key=lambda it: (-tells(it), it))
    groups = ["=" + it for it in list(GROUPS) + list(MARKS)] + [FOREIGN]
    return {it: place for place, it in enumerate(groups + names[:n])}


def fit(docs, labels, weights):
    used = [i for i, weight in enumerate(weights) if weight]
    docs, labels, weights = ([it[i] for i in used] for it in (docs, labels, weights))
    vocabulary = choose(docs, labels, 4 * N_WORDS)
    for n_round in range(2):
        rows = [[row(window, vocabulary) for window in doc] for doc in docs]
        taken = [[True] * len(it) for it in rows]
        for _ in range(3):
            x, y, w = [], [], []
            for doc, label, weight, use in zip(rows, labels, weights, taken):
                used = [it for it, is_used in zip(doc, use) if is_used]
                # Some windows of a long text, not all: it is one text.
                share = weight / np.sqrt(len(used)) if label else weight / len(used) ** 0.25
                x += used
                y += [label] * len(used)
                w += [share] * len(used)
            model = LogisticRegression(C=C, solver="liblinear", max_iter=300)
            model.fit(matrix(x, len(vocabulary)), y, sample_weight=w)
            for place, (doc, label) in enumerate(zip(rows, labels)):
                if label and 2 < len(doc):
                    scores = model.decision_function(matrix(doc, len(vocabulary)))
                    least = sorted(scores)[-max(2, len(doc) // 3)]
                    taken[place] = [least <= it for it in scores]
        coef = model.coef_[0]
        if n_round == 0:
            names = list(vocabulary)
            kept = sorted(range(len(names)), key=lambda it: (not names[it].startswith("="), -abs(coef[it])))
            n_groups = len(GROUPS) + len(MARKS) + 1
            vocabulary = {names[it]: place for place, it in enumerate(kept[:n_groups + N_WORDS])}
    weights = {name: float(coef[place]) for name, place in vocabulary.items()}
    return weights, float(model.intercept_[0])


def score(doc, model):
    weights, bias = model
    best = -99.0
    for known, phrases in doc:
        phrases = phrases | {FOREIGN} if is_foreign(known, phrases, weights) else phrases
        found = [weights[it] for it in known if it in weights]
        total = bias + sum(found) / np.sqrt(max(len(found), FEW))
        best = max(best, total + sum(weights.get(it, 0) for it in phrases))
    return best


def lines(*path):
    for file in sorted(glob.glob(os.path.join(*path))):
        for line in open(file, encoding="utf-8"):
            yield json.loads(line)


def drawn(items, n, key=lambda it: it):
    """The same n whenever it runs."""
    return sorted(items, key=lambda it: hashlib.sha1(key(it).encode()).hexdigest())[:n]


def read(data):
    """(text, label, source, weight)."""
    texts = []
    for it in lines(data, "prompt-injection", "direct.jsonl"):
        source = f"{it['source']}:{it['kind']}" if it["source"] == "own" else it["source"]
        texts.append((it["text"], it["label"], source, 4.0 if it["kind"].startswith("benign") else 1.0))
    seen = {it[0] for it in texts}
    attacks = {(it["attack"], it["attack_type"]): 1 for it in lines(data, "prompt-injection", "indirect.jsonl") if it["label"]}
    texts += [(it, 1, f"attack:{kind}", 0.0 if kind in HARMLESS else 0.6) for it, kind in attacks]
    def ordinary(source, found, n):
        found = [it for it in dict.fromkeys(found) if it and it not in seen]
        texts.extend((it, 0, source, 1.0) for it in drawn(found, n))
    tb = os.path.join(data, "sumo-thunderbird")
    ordinary("tickets", (it["text"] for it in lines(tb, "queries*.jsonl")), 2100)
    ordinary("threads", (it["turns"][0]["text"] for it in lines(tb, "threads.jsonl")), 1500)
    for name, n in (("banking77", 1200), ("bitext", 1500), ("hint3", 1500), ("clinc150", 1200)):
        ordinary(name, (it["text"] for it in lines(data, f"intents-{name}", "*.jsonl")), n)
    said = ("\n".join(turn["text"] for turn in it["turns"]) for it in lines(data, "conversations-*", "*.jsonl"))
    ordinary("multidogo", said, 1200)
    ordinary("articles", (it["body"][:3000] for it in lines(data, "helpcenter-*", "corpus.jsonl")), 700)
    return texts


def written():
    for line in open(os.path.join(HERE, "written.tsv"), encoding="utf-8"):
        label, _, text = line.rstrip("\n").split("\t")
        yield text.replace("\\n", "\n"), int(label), "written", 4.0 if int(label) else 6.0


def wilson(part, of):
    if not of:
        return 0.0, 0.0, 0.0
    p, z = part / of, 1.96
    mid, half = p + z * z / 2 / of, z * np.sqrt(p * (1 - p) / of + z * z / 4 / of / of)
    return p, (mid - half) / (1 + z * z / of), (mid + half) / (1 + z * z / of)


def is_ordinary(source):
    return source not in ("own:benign-lookalike", "notinject", "written", "articles", "clinc150")


def out_of_fold(texts, docs, mine, fold_of):
    found = [None] * len(texts)
    for held in sorted(set(fold_of)):
        learn = [i for i in range(len(texts)) if fold_of[i] != held]
        model = fit([docs[i] for i in learn] + [it[1] for it in mine],
                    [texts[i][1] for i in learn] + [it[0][1] for it in mine],
                    [texts[i][3] for i in learn] + [it[0][3] for it in mine])
        for i in range(len(texts)):
            if fold_of[i] == held:
                found[i] = score(docs[i], model) - LEAST
    return found


def report(texts, found, name):
    by = defaultdict(list)
    for (_, label, source, _), value in zip(texts, found):
        by[(label, source)].append(value)
        if label and not source.startswith("attack:"):
            by[(1, "ALL direct")].append(value)
        if label and source.startswith("own"):
            by[(1, "ALL own")].append(value)
        if label and source.startswith("attack:"):
            by[(1, "ALL attack")].append(value)
        if not label and is_ordinary(source):
            by[(0, "ALL ordinary")].append(value)
    print(f"\n{name}: share flagged (95 % interval)")
    for (label, source), values in sorted(by.items()):
        p, low, high = wilson(sum(0 < it for it in values), len(values))
        print(f"  {label} {source:32} {p:.3f} ({low:.3f}-{high:.3f}) of {len(values)}")


def main():
    data = sys.argv[1]
    texts = read(data)
    docs = [windows(it[0]) for it in texts]
    mine = [(it, windows(it[0])) for it in written()]
    print(len(texts), "texts,", sum(it[1] for it in texts), "attacks")
    if "--check" in sys.argv:
        fold_of = [int(hashlib.sha1(it[0].encode()).hexdigest(), 16) % 5 for it in texts]
        report(texts, out_of_fold(texts, docs, mine, fold_of), "five folds")
    if "--sources" in sys.argv:
        fold_of = [it[2].split(":")[0] if it[2].startswith("own") else it[2] for it in texts]
        report(texts, out_of_fold(texts, docs, mine, fold_of), "each source held out")
        return
    if "--check" in sys.argv:
        return
    everything = texts + [it[0] for it in mine]
    all_docs = docs + [it[1] for it in mine]
    model = fit(all_docs, [it[1] for it in everything], [it[3] for it in everything])
    with open(TABLE, "w", encoding="utf-8") as out:
        print(f"bias\t{model[1] - LEAST:.3f}", file=out)
        for name, weight in sorted(model[0].items()):
            print(f"{name}\t{weight:.2f}", file=out)
    print("wrote", TABLE, os.path.getsize(TABLE), "bytes")


if __name__ == "__main__":
    main()
