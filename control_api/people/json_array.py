"""The elements of a JSON array in a file, one by one: the array is never in memory as a whole."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from json import JSONDecoder
from typing import TextIO

READ = 1 << 16
"""Characters read at once."""
LONGEST = 1 << 18
"""Characters of one element."""
_ENDS = set(" \t\r\n,:]}")
"""What can follow a value. A number that goes on in what is not read yet looks whole."""
_SPACE = re.compile(r"[ \t\r\n]*")


class NotAnArrayError(ValueError):
    """The file is something else, or is broken. Its text says which, as the end of a sentence about the file."""


class _Text:
    """What was read and not yet used."""

    def __init__(self, text: TextIO) -> None:
        self._text, self._decoder = text, JSONDecoder()
        self._held, self._at, self._is_over = "", 0, False

    def sign(self) -> str:
        """The next character that is no space, which stays; nothing at the end."""
        while True:
            space = _SPACE.match(self._held, self._at)
            assert space is not None
            self._at = space.end()
            if self._at < len(self._held) or self._is_over:
                return self._held[self._at : self._at + 1]
            self._more()

    def took(self, sign: str) -> bool:
        """Whether the next character was this one; then it is used."""
        if self.sign() != sign:
            return False
        self._at += 1
        return True

    def element(self) -> str:
        """A whole value as it stands. Raises ValueError."""
        self.sign()
        while True:
            try:
                _, end = self._decoder.raw_decode(self._held, self._at)
            except (ValueError, RecursionError):
                end = None
            if end is not None and (self._held[end : end + 1] in _ENDS or self._is_over):
                found, self._at = self._held[self._at : end], end
                return found
            if self._is_over or len(self._held) - self._at > LONGEST:
                raise ValueError("broken or too long")
            self._more()

    def _more(self) -> None:
        left = self._held[self._at :]
        piece = self._text.read(max(READ, len(left)))  # twice as much each time: a long element is not tried often
        self._held, self._at, self._is_over = left + piece, 0, not piece


def elements(text: TextIO, names: Sequence[str]) -> Iterator[str]:
    """JSON of each element of an array, or of the array that an object has under one of `names` and nothing else.

    Raises NotAnArrayError, perhaps after many elements.
    """
    read = _Text(text)
    wrapped = read.took("{")
    if wrapped and not (read.sign() == '"' and read.element()[1:-1] in names and read.took(":")):
        raise NotAnArrayError("must be an array of objects")
    if not read.took("["):
        raise NotAnArrayError("must be an array of objects")
    yield from _until_the_end(read)
    if (wrapped and not read.took("}")) or read.sign():
        raise NotAnArrayError("goes on after the array")


def _until_the_end(read: _Text) -> Iterator[str]:
    if read.took("]"):
        return
    number = 0
    while True:
        number += 1
        try:
            yield read.element()
        except ValueError:
            raise NotAnArrayError(f"is not valid JSON in element {number}, or that is too long") from None
        if read.took("]"):
            return
        if not read.took(","):
            raise NotAnArrayError(f"is not valid JSON after element {number}")
