"""Texts as `text::cues::plain` and `text::terms::fold` make them."""
import unicodedata


def fold(text):
    text = unicodedata.normalize("NFKD", text)
    return "".join(it for it in text if unicodedata.category(it)[0] != "M").lower().replace("ı", "i")


def plain(text):
    """As `text::cues::plain`."""
    text, made = fold(text), " . "
    for place, letter in enumerate(text):
        after = text[place + 1 : place + 2]
        if letter.isalnum():
            made += letter
        elif letter in "'’`":
            made += "" if after.isalnum() or made.endswith(" ") else " "
        elif letter in ".!?;:\n。！？؟।…，、؛" and not after.isalnum():
            made += "" if made.endswith(" ") else " "
            made += "" if made.endswith(" . ") else ". "
        elif not made.endswith(" "):
            made += " "
    made += "" if made.endswith(" ") else " "
    return made + ("" if made.endswith(" . ") else ". ")


def is_cjk(letter):
    code = ord(letter)
    return any(low <= code <= high for low, high in (
        (0x0E00, 0x0E7F), (0x1100, 0x11FF), (0x3040, 0x30FF), (0x3400, 0x4DBF), (0x4E00, 0x9FFF),
        (0xF900, 0xFAFF), (0xAC00, 0xD7AF), (0xFF66, 0xFF9F), (0x20000, 0x2FA1F)))
