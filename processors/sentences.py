"""A model's text, cut anywhere → phrases worth speaking. The first clause early, then whole sentences."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Iterator
from typing import Protocol

CLAUSE = 10
"""Fewest characters of a first clause: "Thank you," is worth speaking, "So," is not."""
LONGEST = 240
"""Most characters of one phrase. A longer sentence is cut at its last clause, or at its last space."""
PATIENCE = 0.2
"""Seconds that a sentence which seems whole waits for the text that would prove it."""

CLOSERS = "\"'”’»)\\]*_"
_MARK = re.compile(
    rf"(?P<line>\n\s*)"
    rf"|(?P<danda>[।॥۔。！？]+[{CLOSERS}]*\s*)"
    rf"|(?P<stop>[.!?…]+[{CLOSERS}]*\s+)"
    rf"|(?P<clause>[,;:—–،]\s+|\s[-—–]\s+)"
)
_STOPPED = re.compile(rf"[.!?…।॥۔。！？][{CLOSERS}]*\s*$")
_TITLES = frozenset(
    ("dr", "mr", "mrs", "ms", "prof", "sr", "jr", "st", "smt", "shri", "sri", "adv", "capt", "col", "gen", "lt", "hon")
)
_SHORTENED = frozenset(("rs", "rev", "approx", "dept", "est", "ext", "fig", "govt", "vs", "viz", "e.g", "i.e"))
_BEFORE_DIGIT = frozenset(("no", "nos", "pp", "vol", "rm"))
_BEFORE_CAPITAL = frozenset(("a.m", "p.m", "am", "pm", "etc", "ltd", "inc", "co", "pvt", "u.s", "u.k"))
_INITIAL = re.compile(r"[A-Z]")
_ITEM = re.compile(r"\s*\d{1,3}")


class Chunk(str):
    """A piece of text that is spoken as one: it is not cut any more."""


class Worded(Chunk):
    """And as it stands: it is not worded otherwise any more."""


class Cuts(Protocol):
    """Where a text is cut into phrases."""

    def push(self, piece: str) -> Iterator[str]: ...

    def flush(self) -> str: ...

    @property
    def rests(self) -> bool: ...


class Splitter:
    """Where to cut depends on the text alone, not on how it came in pieces. Phrases keep their white space."""

    def __init__(self, first_clause: bool = True) -> None:
        self._text = ""
        self._early = first_clause

    def push(self, piece: str) -> Iterator[str]:
        """Every phrase that this piece completes."""
        self._text += piece
        while cut := self._cut():
            yield self._take(cut)

    def flush(self) -> str:
        """What is left, though nothing proves it whole; may be empty."""
        return self._take(len(self._text)) if self._text else ""

    @property
    def rests(self) -> bool:
        """Whether what is left looks like a whole sentence."""
        return _STOPPED.search(self._text[-12:]) is not None

    def _take(self, cut: int) -> str:
        phrase, self._text = self._text[:cut], self._text[cut:]
        self._early = self._early and not phrase.strip()
        return phrase

    def _cut(self) -> int:
        """Length of the phrase that the text begins with, or 0 if more must come first."""
        text = self._text
        clause = 0
        for mark in _MARK.finditer(text, 0, LONGEST + 1):
            if mark.end() > LONGEST or mark.end() == len(text):  # more of the mark may come, and what follows counts
                break
            if not text[: mark.start()].strip():
                continue
            if mark.lastgroup == "clause":
                clause = mark.end()
                if self._early and mark.start() >= CLAUSE:
                    return clause
            elif mark.lastgroup != "stop" or ends_sentence_at(text, mark):
                return mark.end()
        if len(text) > LONGEST:
            return clause or text.rfind(" ", 1, LONGEST) + 1 or LONGEST
        return 0


def ends_sentence_at(text: str, mark: re.Match[str]) -> bool:
    """Whether a full stop with white space behind it ends the sentence."""
    if text[mark.start()] != "." or text[mark.start() : mark.start() + 2] == "..":
        return True
    before, following = text[: mark.start()], text[mark.end()]
    word = re.split(r"[\s(\"“'‘]", before)[-1]
    plain = word.lower()
    if plain in _TITLES or plain in _SHORTENED or _INITIAL.fullmatch(word) or _ITEM.fullmatch(before):
        return False
    if plain in _BEFORE_DIGIT:
        return not following.isdigit()
    if plain in _BEFORE_CAPITAL:
        return not following.islower() and not following.isdigit()
    return True


async def phrases(text: AsyncIterable[str], splitter: Cuts | None = None) -> AsyncGenerator[str, None]:
    """Joined together the phrases are the text, but for white space at its end. Each has a visible character.

    A sentence is given once the next one begins, or after `PATIENCE` when nothing follows. A `Chunk` is one as it is.
    """
    splitter = splitter or Splitter()
    pieces = aiter(text)
    while True:
        coming = asyncio.ensure_future(_next(pieces))
        try:
            if splitter.rests and not (await asyncio.wait((coming,), timeout=PATIENCE))[0]:
                yield splitter.flush()
            piece = await coming
        finally:
            if not coming.done():
                coming.cancel()
                await asyncio.gather(coming, return_exceptions=True)
        if piece is None:
            break
        if isinstance(piece, Chunk):
            if (rest := splitter.flush()).strip():
                yield rest
            yield piece
            continue
        for phrase in splitter.push(piece):
            yield phrase
    if (rest := splitter.flush()).strip():
        yield rest


async def _next(pieces: AsyncIterator[str]) -> str | None:
    return await anext(pieces, None)
