#!/usr/bin/env python3
"""Makes the built-in table of word-piece vectors from all-MiniLM-L6-v2.

    make_table.py MODEL OUT [--texts FILE ...] [--dims 96] [--epochs 10]

MODEL is the unzipped model folder (model.safetensors, vocab.txt). FILE are
unlabelled texts, one a line (see `texts_of.py` for those we used); without them the table is
the plain distillation, which finds less. OUT becomes a folder with

    pieces.txt   the pieces, one a line, UTF-8, in the order of the rows
    table.bin    "DHWP", then little-endian: u32 version (1), u32 rows, u32 dims,
                 f32 scale of each row, i8 values row by row
    vectors.json texts with their vectors, for a unit test

A row's vector is its values times its scale; how much a piece counts is in its
length. A text's vector is the sum of the vectors of its pieces (each may be
multiplied by how rare the piece is in the knowledge at hand), divided by its
length. How alike two texts are is the product of their vectors.

What happens here:
1. Each piece is sent through the encoder alone, as "[CLS] piece [SEP]": 384 numbers.
2. It is weighted by its rank (Zipf's law; smooth inverse frequency).
3. A linear map to `dims` numbers is fitted by ridge regression so that the sum
   over a text comes close to the encoder's vector of the whole text. All pieces
   go through it, also those the texts do not have.
4. The rows are refined by gradient descent on the cosine to the encoder's vector.
5. Each row is rounded to 8 bits.

Needs numpy and scipy; about ten minutes on one core for 80,000 short texts.
Deterministic up to the rounding of the linear algebra library.
"""

import argparse
import json
import struct
import sys
import unicodedata
from pathlib import Path

import numpy as np
from scipy import sparse
from scipy.special import erf

N_LAYERS, N_HEADS = 6, 12
MAX_PIECES = 62  # of a text that is learned from
SEED = 0

# Rank of the first whole word in the vocabulary; signs and letters come before.
FIRST_WORD = 996

TEST_TEXTS = [
    "I forgot my password",
    "Reset the password for your account",
    "How do I get my money back?",
    "Refunds and returns",
    "Where is my parcel?",
    "Track your order",
    "Café à la carte, naïve façade!",
    "e-mail: can't log-in (error 0x80070005)",
    "",
    "漢字 only",
]


# ---- pieces -----------------------------------------------------------------


def is_punctuation(sign):
    """ASCII signs that are neither letters, digits nor spaces, and Unicode's P*."""
    if sign.isascii():
        return sign.isprintable() and not sign.isalnum() and sign != " "
    return unicodedata.category(sign).startswith("P")


def is_ideograph(sign):
    at = ord(sign)
    blocks = [(0x4E00, 0x9FFF), (0x3400, 0x4DBF), (0x20000, 0x2CEAF), (0xF900, 0xFAFF), (0x2F800, 0x2FA1F)]
    return any(first <= at <= last for first, last in blocks)


def words(text):
    """Lower case, without accents (NFD, marks dropped), cut at spaces; each sign of
    punctuation and each ideograph is a word. Control and format characters are dropped."""
    found, word = [], ""
    for sign in unicodedata.normalize("NFD", text.lower()):
        category = unicodedata.category(sign)
        if sign.isspace():
            found.append(word)
            word = ""
        elif category in ("Mn", "Cc", "Cf") or sign == "\ufffd":
            continue
        elif is_punctuation(sign) or is_ideograph(sign):
            found += [word, sign]
            word = ""
        else:
            word += sign
    found.append(word)
    return [it for it in found if it]


class WordPiece:
    """The longest piece that fits, from the left; "##" marks a continuation.
    A word that cannot be cut to its end, or is longer than 100 signs, gives None."""

    def __init__(self, pieces):
        self.places = {piece: place for place, piece in enumerate(pieces)}
        self.known = {}

    def of_word(self, word):
        if word not in self.known:
            self.known[word] = self._cut(word)
        return self.known[word]

    def _cut(self, word):
        found, start = [], 0
        if 100 < len(word):
            return [None]
        while start < len(word):
            for end in range(len(word), start, -1):
                place = self.places.get(("##" if start else "") + word[start:end])
                if place is not None:
                    break
            else:
                return [None]
            found.append(place)
            start = end
        return found

    def of_text(self, text):
        return [place for word in words(text) for place in self.of_word(word)]


def is_useful(piece):
    """Latin letters, digits, signs. No markers ("[CLS]", "[unused7]")."""
    if piece.startswith("[") and piece.endswith("]") and 2 < len(piece):
        return False
    return all(ord(sign) < 0x250 for sign in piece.removeprefix("##") or piece)


# ---- the encoder ------------------------------------------------------------


def read_safetensors(path):
    raw = path.read_bytes()
    (n_head,) = struct.unpack("<Q", raw[:8])
    tensors = {}
    for name, it in json.loads(raw[8 : 8 + n_head]).items():
        if it.get("dtype") == "F32":
            start, end = it["data_offsets"]
            values = np.frombuffer(raw, np.float32, (end - start) // 4, 8 + n_head + start)
            tensors[name.removeprefix("bert.")] = values.reshape(it["shape"])
    return tensors


class Encoder:
    def __init__(self, folder):
        self.tensors = read_safetensors(folder / "model.safetensors")
        self.pieces = (folder / "vocab.txt").read_text("utf-8").rstrip("\n").split("\n")
        self.word_piece = WordPiece(self.pieces)
        places = self.word_piece.places
        self.start, self.end, self.unknown = places["[CLS]"], places["[SEP]"], places["[UNK]"]

    def linear(self, x, name):
        return x @ self.tensors[f"{name}.weight"].T + self.tensors[f"{name}.bias"]

    def normalise(self, x, name):
        x = x - x.mean(-1, keepdims=True)
        x /= np.sqrt((x * x).mean(-1, keepdims=True) + 1e-12)
        return x * self.tensors[f"{name}.weight"] + self.tensors[f"{name}.bias"]

    def __call__(self, places):
        """[texts, pieces], all equally long -> the mean of the last layer, [texts, 384]."""
        n_texts, n_pieces = places.shape
        embed = lambda kind: self.tensors[f"embeddings.{kind}_embeddings.weight"]
        x = embed("word")[places] + embed("position")[:n_pieces] + embed("token_type")[0]
        x = self.normalise(x, "embeddings.LayerNorm")
        by_head = lambda it: it.reshape(n_texts, n_pieces, N_HEADS, -1).transpose(0, 2, 1, 3)
        for layer in range(N_LAYERS):
            at = f"encoder.layer.{layer}"
            kinds = ("query", "key", "value")
            query, key, value = (by_head(self.linear(x, f"{at}.attention.self.{it}")) for it in kinds)
            scores = query @ key.transpose(0, 1, 3, 2) / np.float32(np.sqrt(query.shape[-1]))
            scores = np.exp(scores - scores.max(-1, keepdims=True))
            scores /= scores.sum(-1, keepdims=True)
            seen = (scores @ value).transpose(0, 2, 1, 3).reshape(n_texts, n_pieces, -1)
            seen = self.linear(seen, f"{at}.attention.output.dense")
            x = self.normalise(x + seen, f"{at}.attention.output.LayerNorm")
            inner = self.linear(x, f"{at}.intermediate.dense")
            inner *= 0.5 * (1 + erf(inner * np.float32(np.sqrt(0.5))))
            x = self.normalise(x + self.linear(inner, f"{at}.output.dense"), f"{at}.output.LayerNorm")
        return x.mean(1)

    def framed(self, places):
        return [self.start, *(self.unknown if it is None else it for it in places), self.end]

    def encode(self, lists, say):
        """Lists of pieces -> vectors. Lists of one length go together, so none is padded."""
        vectors = np.zeros((len(lists), 384), np.float32)
        order = sorted(range(len(lists)), key=lambda it: len(lists[it]))
        at = 0
        while at < len(order):
            length = len(lists[order[at]])
            batch = [it for it in order[at : at + 2048 // (length + 2) + 1] if len(lists[it]) == length]
            vectors[batch] = self(np.array([self.framed(lists[it]) for it in batch]))
            at += len(batch)
            say(f"{at} of {len(order)}")
        return vectors


# ---- the table --------------------------------------------------------------


def unit(x):
    return x / np.maximum(np.linalg.norm(x, axis=-1, keepdims=True), 1e-9)


def bags(lists, n_pieces):
    """[texts, pieces]: the share each piece has in each text."""
    lists = [[it for it in places if it is not None] for places in lists]
    rows = np.repeat(np.arange(len(lists)), [len(it) for it in lists])
    columns = np.array([it for places in lists for it in places], int)
    shares = np.array([1 / len(places) for places in lists for _ in places], np.float32)
    return sparse.csr_matrix((shares, (rows, columns)), shape=(len(lists), n_pieces))


def weights_by_rank(ranks, smooth=1e-4):
    """How much a piece counts: rare ones more, as if words were spread by Zipf's law."""
    shares = 1 / (np.maximum(ranks - FIRST_WORD, 1) + 1)
    shares /= shares.sum()
    return (smooth / (smooth + shares)).astype(np.float32)


def fit_map(pieces, texts, goals, ridge=3.0):
    """Linear map of piece vectors under which the sum over a text nears its goal."""
    seen = unit(texts @ pieces)
    return np.linalg.solve(seen.T @ seen + ridge * np.eye(seen.shape[1]), seen.T @ goals).astype(np.float32)


def refine(rows, texts, goals, epochs, say, rate=2e-3, batch=1024, keep=1e-6):
    """Adam on the cosine to the goals; `keep` pulls rows back to where they were."""
    random = np.random.default_rng(SEED)
    first, rows = rows, rows.copy()
    size = float(np.abs(rows).mean())
    mean, spread = np.zeros_like(rows), np.zeros_like(rows)
    n_batches = len(goals) // batch
    n_steps, step = max(1, epochs * n_batches), 0
    for epoch in range(epochs):
        order, cosine = random.permutation(len(goals)), 0.0
        for part in np.split(order[: n_batches * batch], n_batches):
            some = texts[part]
            sums = some @ rows
            lengths = np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-6)
            vectors, goal = sums / lengths, goals[part]
            cosines = (vectors * goal).sum(1, keepdims=True)
            cosine += float(cosines.mean()) / n_batches
            slope = some.T @ ((vectors * cosines - goal) / lengths) / batch + keep * (rows - first) / size
            step += 1
            mean += 0.1 * (slope - mean)
            spread += 0.01 * (slope * slope - spread)
            now = rate * 10 * size * (1 - (step - 1) / n_steps)
            move = mean / (1 - 0.9**step) / (np.sqrt(spread / (1 - 0.99**step)) + 1e-12)
            rows -= (now * move).astype(np.float32)
        say(f"epoch {epoch + 1}: cosine {cosine:.4f}\n")
    return rows


def rounded(rows):
    """Eight bits a value, one scale a row."""
    scales = (np.abs(rows).max(1) / 127).astype(np.float32)
    scales[scales == 0] = 1
    return scales, np.clip(np.rint(rows / scales[:, None]), -127, 127).astype(np.int8)


def write(folder, pieces, scales, values):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pieces.txt").write_text("\n".join(pieces) + "\n", "utf-8")
    head = b"DHWP" + struct.pack("<III", 1, *values.shape)
    (folder / "table.bin").write_bytes(head + scales.astype("<f4").tobytes() + values.tobytes())
    word_piece, rows = WordPiece(pieces), values * scales[:, None]
    lists = [word_piece.of_text(it) for it in TEST_TEXTS]
    vectors = unit(bags(lists, len(pieces)) @ rows)
    shown = [
        {
            "text": text,
            "pieces": [None if it is None else pieces[it] for it in places],
            "vector": [round(float(it), 5) for it in vector],
        }
        for text, places, vector in zip(TEST_TEXTS, lists, vectors)
    ]
    cosines = [[round(float(it), 4) for it in row] for row in vectors @ vectors.T]
    (folder / "vectors.json").write_text(
        json.dumps({"texts": shown, "cosines": cosines}, ensure_ascii=False, indent=1) + "\n", "utf-8"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("model", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--texts", type=Path, nargs="*", default=[])
    parser.add_argument("--dims", type=int, default=96)
    parser.add_argument("--epochs", type=int, default=10)
    options = parser.parse_args()

    def say(text):
        sys.stderr.write(f"\r{text}")

    encoder = Encoder(options.model)
    kept = [place for place, piece in enumerate(encoder.pieces) if is_useful(piece)]
    pieces = [encoder.pieces[it] for it in kept]
    say("pieces\n")
    alone = encoder.encode([[it] for it in kept], say)
    alone = (alone - alone.mean(0)) * weights_by_rank(np.array(kept))[:, None]

    texts = [line for file in options.texts for line in file.read_text("utf-8").splitlines() if line.strip()]
    if texts:
        say("texts\n")
        goals = unit(encoder.encode([encoder.word_piece.of_text(it)[:MAX_PIECES] for it in texts], say))
        word_piece = WordPiece(pieces)
        shares = bags([word_piece.of_text(it)[:256] for it in texts], len(pieces))
        some = np.diff(shares.indptr) > 0
        shares, goals = shares[some], goals[some]
        # The directions in which texts differ most.
        basis = np.linalg.svd(goals.T @ goals)[0][:, : options.dims]
        goals = goals @ basis
        rows = alone @ fit_map(alone, shares, goals)
        rows = refine(rows, shares, unit(goals), options.epochs, say)
    else:
        rows = alone @ np.linalg.svd(alone.T @ alone)[0][:, : options.dims]
    write(options.out, pieces, *rounded(rows))


if __name__ == "__main__":
    main()
