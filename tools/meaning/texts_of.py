#!/usr/bin/env python3
"""Unlabelled texts for make_table.py: texts_of.py DATA OUT

DATA is the folder of data sets. Reads titles, headings and sentences of each
corpus.jsonl, past tickets, threads and the turns of customers. Reads no
queries.jsonl, no labels and no links. OUT is one text a line, in a fixed order.
The texts are only compared with the encoder's view of them; none is kept.
"""

import json
import random
import re
import sys
from pathlib import Path

SETS = ["helpcenter-arduino", "stackfaq", "mtrag-un", "dstc11-track5", "clapnq", "sumo-thunderbird"]
MAX_SENTENCES, MAX_PAST, MAX_TURNS = 9_000, 22_000, 6_000


def records(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def plain(markdown):
    text = re.sub(r"<!--.*?-->", " ", markdown, flags=re.S)
    text = re.sub(r"!\[[^\]]*\]\([^)]*\)", " ", text)
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)
    text = re.sub(r"<[^>\n]{1,200}>|https?://\S+|\{[%:#][^}\n]*\}|\*\*|__|`+|\|", " ", text)
    return re.sub(r"^\s*>\s*(\[!\w+\])?", "", text, flags=re.M)


def headings(markdown):
    return [it.strip(" #") for it in re.findall(r"^#{1,6}\s+(.*)$", plain(markdown), flags=re.M)]


def sentences(text):
    found = re.split(r"(?<=[.!?:])\s+|\n+", plain(text))
    found = [it.strip(" -*#0123456789.") for it in found]
    return [it for it in found if 3 <= len(it.split()) <= 60]


def main(data, out):
    chance = random.Random(7)
    texts = {}

    def add(some, limit=None):
        some = list(some)
        if limit is not None:
            chance.shuffle(some)
        for text in some[:limit]:
            text = " ".join(text.split())
            if text:
                texts.setdefault(text.lower(), text)

    for name in SETS:
        corpus = records(data / name / "corpus.jsonl")
        add(it.get("title") or "" for it in corpus)
        add(heading for it in corpus for heading in headings(it.get("body") or ""))
        add((one for it in corpus for one in sentences(it.get("body") or "")), MAX_SENTENCES)
    corpus = records(data / "helpcenter-sendgrid" / "corpus.jsonl")
    add(it["title"] for it in corpus)
    add(one for it in corpus for one in headings(it["body"]) + sentences(it["body"]))

    past = []
    english = lambda it: it.get("lang", "en") == "en"
    for it in filter(english, records(data / "sumo-thunderbird" / "past_tickets.jsonl")):
        asked, *answer = it["body"].split("## Answer")
        past += [it["title"], " ".join(plain(asked).split()[:70])]
        past += [one for part in [asked, *answer] for one in sentences(part)]
    for it in filter(english, records(data / "sumo-thunderbird" / "threads.jsonl")):
        past += [one for turn in it["turns"] for one in sentences(turn["text"])]
    add(past, MAX_PAST)
    turns = [
        turn["text"]
        for name in ("airline", "insurance", "media")
        for it in records(data / "conversations-multidogo" / f"{name}.jsonl")
        for turn in it["turns"]
        if turn["role"] == "customer" and 3 <= len(turn["text"].split())
    ]
    add(turns, MAX_TURNS)
    texts = list(texts.values())
    chance.shuffle(texts)
    out.write_text("\n".join(texts) + "\n", "utf-8")
    print(f"{len(texts)} texts")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
