"""Text → the tokens that amounts are read from. The same for every script."""

from __future__ import annotations

import re
import unicodedata

MARKS = "".join(
    f"{chr(begin)}-{chr(begin + 127)}" for begin in range(0x0900, 0x0E00, 128)
)  # vowel signs of the scripts of India are no letters to `re`
_DIGITS = {
    ord(sign): str(unicodedata.decimal(sign))
    for sign in map(chr, range(0x0660, 0x0E00))
    if unicodedata.category(sign) == "Nd"
}
_DANDAS = str.maketrans({"।": " . ", "॥": " . ", "\u200c": None, "\u200d": None, "’": "'"})
_WORDS = rf"[^\W\d_{MARKS}]+(?:'[^\W\d_]+)?|[{MARKS}]+"
_TOKEN = re.compile(
    r"\d{1,4}(?:[/:]\d+)+|\d{1,4}-\d{1,2}-\d{1,4}"  # times and dates
    r"|\+\d{1,3}[ -]?\d{4,12}|(?<!\d)\d{5}[ -]\d{5}(?!\d)|(?<!\d)\d{10,}"  # telephone numbers
    rf"|/-|\d[\d,]*(?:\.\d+)?|[₹$€£%?.!,;:\n]|{_WORDS}"
)
_WORD = re.compile(rf"\d+|{_WORDS}")


def normal(text: str) -> str:
    """Lower case, digits of every script as 0 to 9, one way to write each letter."""
    return unicodedata.normalize("NFKC", text).translate(_DIGITS).translate(_DANDAS).lower()


def tokens(text: str) -> list[str]:
    return _TOKEN.findall(normal(text))


def words(text: str) -> list[str]:
    """Words and numbers alone."""
    return _WORD.findall(normal(text))
