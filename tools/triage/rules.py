"""The rules of config/triage.toml about asking for a person, as `src/triage/rules.rs` has them."""
import os
import re
import tomllib

from text import fold, is_cjk, plain

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
with open(os.path.join(ROOT, "config", "triage.toml"), "rb") as file:
    TABLE = tomllib.load(file)["asked_for_person"]


def pattern(source):
    for name, words in TABLE["words"].items():
        source = source.replace("{%s}" % name, words)
    return re.compile(fold(source).replace(r"\w", "[^ .]"))


def cue(phrase):
    words = plain(phrase).replace(" . ", " ").strip()
    before = "" if is_cjk(words[0]) else " "
    after = "" if phrase.endswith("*") or is_cjk(words[-1]) else " "
    return before + words + after


GUARDS = [pattern(rf"\b(?:{it})\b") for it in TABLE["guards"]]
PATTERNS = [pattern(it) for it in TABLE["patterns"]]
PHRASES = [cue(it) for it in TABLE["phrases"]]


def guarded(text):
    """A text made by `plain` without what a guard takes out."""
    for guard in GUARDS:
        text = guard.sub("_", text)
    return text


def rule_hit(text):
    """The words a rule hears a request in; None if none does."""
    text = guarded(plain(text))
    hit = next((it for it in PHRASES if it in text), None)
    if hit is None:
        found = next((it for it in (one.search(text) for one in PATTERNS) if it), None)
        hit = found and found.group()
    return hit and hit.strip(" .")
