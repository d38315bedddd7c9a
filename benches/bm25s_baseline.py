"""BM25 by the Python library bm25s, for `cargo bench --bench search`.

    bm25s_baseline.py PASSAGES QUESTIONS...

Each line of a file is `article <tab> text`. Prints one object of JSON. One thread; needs
`pip install bm25s numba`, and installs nothing itself.
"""

import json
import os
import pathlib
import sys
import tempfile
import time

# Before numba is imported: it reads this once.
os.environ["NUMBA_NUM_THREADS"] = "1"

try:
    import bm25s
    import numba  # noqa: F401
except ImportError as error:
    sys.exit(f"the Python library {error.name} is missing: pip install bm25s numba")

N_BEST = 10

# The first questions pay for compiling and for caches all others use.
N_WARMING = 20


def tokens(texts):
    return bm25s.tokenize(texts, stopwords="en", show_progress=False)


def lines(path):
    articles, texts = [], []
    with open(path, encoding="utf-8") as file:
        for line in file:
            article, _, text = line.rstrip("\n").partition("\t")
            articles.append(article)
            texts.append(text)
    return articles, texts


def ask(index, articles, path):
    wanted, questions = lines(path)
    latencies_ms, n_found = [], 0
    for place, question in enumerate(questions):
        began = time.perf_counter()
        best, _ = index.retrieve(tokens([question]), k=N_BEST, show_progress=False)
        took_ms = (time.perf_counter() - began) * 1000
        if N_WARMING <= place:
            latencies_ms.append(took_ms)
            n_found += any(articles[it] == wanted[place] for it in best[0])
    return {"latencies_ms": latencies_ms, "found": n_found / max(1, len(latencies_ms))}


def resident_mb():
    with open("/proc/self/status", encoding="ascii") as file:
        kib = next(it for it in file if it.startswith("VmRSS")).split()[1]
    return int(kib) / 1000


def main():
    passages, *questions = sys.argv[1:]
    articles, texts = lines(passages)
    began = time.perf_counter()
    index = bm25s.BM25(backend="numba")
    index.index(tokens(texts), show_progress=False)
    indexed_s = time.perf_counter() - began
    # Only numbers are kept: what was read is no part of the index.
    del texts
    with tempfile.TemporaryDirectory() as folder:
        index.save(folder)
        size = sum(it.stat().st_size for it in pathlib.Path(folder).rglob("*"))
    asked = [ask(index, articles, it) for it in questions]
    answer = {"version": bm25s.__version__, "indexed_s": indexed_s, "asked": asked}
    answer |= {"size_mb": size / 1e6, "resident_mb": resident_mb()}
    print(json.dumps(answer))


main()
