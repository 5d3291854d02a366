"""Where a text is cut, if a plan says after which marks and how long a piece is at least."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from processors.sentences import CLOSERS, LONGEST, ends_sentence_at

_JOINED = frozenset("。，！？।॥۔،")
"""Need no white space behind them."""


class Chunker:
    """Cuts as soon as a piece is long enough and ends at a boundary. Pieces keep their white space."""

    def __init__(self, least: int, boundaries: Collection[str]) -> None:
        self._text = ""
        self._least = least
        marks = sorted(filter(None, boundaries), key=len, reverse=True)
        spaced = "|".join(re.escape(mark) for mark in marks if mark not in _JOINED)
        joined = "|".join(re.escape(mark) for mark in marks if mark in _JOINED)
        ways = [rf"(?:{spaced})+[{CLOSERS}]*\s+"] if spaced else []
        ways += [rf"(?:{joined})+[{CLOSERS}]*\s*"] if joined else []
        self._mark = re.compile("|".join(ways) or r"(?!)")
        self._end = re.compile(rf"(?:{'|'.join(filter(None, (spaced, joined))) or '(?!)'})[{CLOSERS}]*\s*$")

    def push(self, piece: str) -> Iterator[str]:
        """Every piece that this completes."""
        self._text += piece
        while cut := self._cut():
            yield self._take(cut)

    def flush(self) -> str:
        return self._take(len(self._text))

    @property
    def rests(self) -> bool:
        """Whether what is left looks whole."""
        return len(self._text.strip()) >= self._least and self._end.search(self._text[-12:]) is not None

    def _take(self, cut: int) -> str:
        piece, self._text = self._text[:cut], self._text[cut:]
        return piece

    def _cut(self) -> int:
        text = self._text
        for mark in self._mark.finditer(text, 0, LONGEST + 1):
            if mark.end() > LONGEST or mark.end() == len(text):  # more of the mark may come, and what follows counts
                break
            if len(text[: mark.end()].strip()) >= self._least and ends_sentence_at(text, mark):
                return mark.end()
        return (text.rfind(" ", 1, LONGEST) + 1 or LONGEST) if len(text) > LONGEST else 0
