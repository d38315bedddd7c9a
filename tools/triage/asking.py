"""How `src/triage/asking.rs` reads a text: classes of words by language, and how they
stand together. The same steps, for fit_asking.py."""
import os
import re
import tomllib

from rules import guarded
from text import is_cjk, plain

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.join(HERE, "..", "..")
FILLER, UNKNOWN = "filler", "x"
# A sentence without one of these asks for nobody.
CORE = {"talk", "reach", "connect", "someone", "human", "staff", "boss", "bot", "phone"}
# Classes whose words are recognized with one letter wrong.
MISSPELT = {"talk", "reach", "connect", "someone", "human", "staff", "boss", "bot", "wish", "real"}
SPAN = 4
# Classes of a sentence that are read; longer ones are lists.
MOST = 48
# A language that knows less of a sentence than this share of what another knows is not its language.
SHARE = 0.8


def words():
    with open(os.path.join(ROOT, "config", "asking_words.toml"), "rb") as file:
        return tomllib.load(file)


def pieces():
    with open(os.path.join(ROOT, "src", "embed", "pieces.txt"), encoding="utf8") as file:
        return {it for it in file.read().splitlines() if not it.startswith("##")}


class Reader:
    def __init__(self, table=None):
        self.closed, self.open, self.inside = {}, {}, {}
        self.deletes, self.known = {}, pieces()
        self.parts = set()
        for lang, classes in (table or words()).items():
            for name, terms in classes.items():
                for term in terms.split(","):
                    self.enter(lang, name, term.strip())
        self.longest = max(map(len, (*self.closed, *self.open, *self.inside)))

    def enter(self, lang, name, term):
        goes_on = term.endswith("*")
        key = plain(term).replace(" . ", " ").strip()
        if not key:
            return
        table = self.inside if is_cjk(key[0]) else self.open if goes_on else self.closed
        table.setdefault(key, []).append((lang, name))
        words = key.split(" ")
        self.parts.update(words if not goes_on else words[:-1])
        if name in MISSPELT and table is self.closed:
            least = 4 if lang == "en" else 9
            for word in words:
                if len(word) >= least:
                    for it in shortened(word):
                        self.deletes.setdefault(it, set()).add(word)

    def matches(self, text):
        """(start, end, letters of the term, lang, class) of every term found."""
        found = []
        for at, letter in enumerate(text):
            if letter in " .":
                continue
            at_word = text[at - 1] == " "
            if not at_word and not is_cjk(letter):
                continue
            end_word = text.index(" ", at)
            ends = range(at + 1, min(len(text), at + self.longest) + 1)
            for end in ends:
                key = text[at:end]
                if is_cjk(letter):
                    hits = self.inside.get(key, ())
                    # A term that ends in letters of another script ends with the word.
                    if hits and (is_cjk(key[-1]) or text[end] == " "):
                        found += [(at, end, end - at, *it) for it in hits]
                    continue
                if text[end:end + 1] == " " or is_cjk(key[-1]):
                    found += [(at, end, end - at, *it) for it in self.closed.get(key, ())]
                hits = self.open.get(key, ())
                if hits:
                    to = text.index(" ", end) if text[end] != " " else end
                    found += [(at, to, end - at, *it) for it in hits]
                if end - at > self.longest:
                    break
        return found

    def corrected(self, text):
        """With words that nobody knows as the words they are a letter away from."""
        return " ".join(self.meant(it) for it in text.split(" "))

    def meant(self, word):
        if len(word) < 4 or not word.isalpha() or word in self.known or word in self.parts or is_cjk(word[0]):
            return word
        if any(word[:at] in self.open for at in range(3, len(word) + 1)):
            return word
        near = {it for short in shortened(word) for it in self.deletes.get(short, ())}
        near = {it for it in near if is_near(word, it) and (len(it) > 4 or it[0] == word[0])}
        return min(near) if near else word

    def sentences(self, text):
        """[(lang, [class, ...])] of each sentence and each language it may be in; how many
        sentences there are."""
        made = []
        text = self.corrected(guarded(plain(text)))
        found = self.matches(text)
        bounds = [it.start() for it in re.finditer(r" \.(?= )", text)]
        for start, end in zip(bounds, bounds[1:]):
            start += 2
            here = [it for it in found if start <= it[0] < end]
            read = [(lang, *sequence(text, start, end, [it for it in here if it[3] == lang]))
                    for lang in sorted({it[3] for it in here})]
            most = max((it[2] for it in read), default=0)
            made += [(lang, it) for lang, it, n in read if n >= SHARE * most and CORE & set(it)]
        return made, len(bounds) - 1


def sequence(text, start, end, found):
    """The classes of a sentence in one language, and how many letters it knows."""
    made, at, known = [], start, 0
    for s, e, _, _, name in sorted(found, key=lambda it: (it[0], -it[1], -it[2], it[4])):
        if s < at:
            continue
        if text[at:s].strip(" .") and (not made or made[-1] != UNKNOWN):
            made.append(UNKNOWN)
        if name != FILLER:
            made.append(name)
        at = e
        known += e - s
    if text[at:end].strip(" .") and (not made or made[-1] != UNKNOWN):
        made.append(UNKNOWN)
    return made[:MOST], known


def shortened(word):
    """A word, and what is left of it without one of its letters."""
    return {word} | {word[:at] + word[at + 1:] for at in range(len(word))}


def is_near(one, other):
    if abs(len(one) - len(other)) > 1:
        return False
    if len(one) == len(other):
        wrong = [at for at in range(len(one)) if one[at] != other[at]]
        if len(wrong) <= 1:
            return True
        first, last = wrong[0], wrong[-1]
        return len(wrong) == 2 and last == first + 1 and one[first] == other[last] and one[last] == other[first]
    short, long = sorted((one, other), key=len)
    return any(long[:at] + long[at + 1:] == short for at in range(len(long)))


def features(sequence):
    """Names of what holds for a sequence of classes."""
    named = set(sequence)
    made = {"=" + it for it in named}
    bounded = ["^", *sequence, "$"]
    made |= {f"{one} {next}" for one, next in zip(bounded, bounded[1:])}
    made |= {" ".join(it) for it in zip(bounded, bounded[1:], bounded[2:])}
    for at, one in enumerate(sequence):
        for later in sequence[at + 1:at + 1 + SPAN]:
            if UNKNOWN not in (one, later):
                made.add(f"{one} > {later}")
    rest = sorted(named - {UNKNOWN})
    made |= {f"{one} & {other}" for at, one in enumerate(rest) for other in rest[at + 1:]}
    made.add(f"#{min(6, len(sequence))}")
    made.add(f"x{min(3, sequence.count(UNKNOWN))}")
    return made
