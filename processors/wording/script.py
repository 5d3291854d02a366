"""A reply's text as the plan has it spoken, and what was written of what is heard."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncGenerator, AsyncIterable, Callable
from contextlib import aclosing
from typing import Protocol

from processors.numerals.figures import FIGURES
from processors.sentences import Chunk, Splitter, Worded, phrases
from processors.wording.chunks import Chunker
from processors.wording.format import Format
from processors.wording.options import BOUNDARIES, LEAST, SpeechOptions


class Script(Protocol):
    """Of one reply."""

    def pieces(self, text: AsyncIterable[str]) -> AsyncIterable[str]:
        """For the voice."""
        ...

    def given(self, spoken: str) -> str:
        """Words of the text, for the words of the voice's that a sound begins."""
        ...


class AsItComes:
    """The voice cuts and words it."""

    def pieces(self, text: AsyncIterable[str]) -> AsyncIterable[str]:
        return text

    def given(self, spoken: str) -> str:
        return spoken


class Planned:
    def __init__(self, options: SpeechOptions, worded: Callable[[str], str] | None) -> None:
        self._options, self._format = options, worded
        self._spoken = ""
        """All that the voice was given."""
        self._written: deque[tuple[int, str]] = deque()
        """Where each piece of it begins, and what was written there: as long as nobody has heard of it."""
        self._heard = 0

    async def pieces(self, text: AsyncIterable[str]) -> AsyncGenerator[str, None]:
        async with aclosing(phrases(text, splitter(self._options))) as cut:
            async for written in cut:
                if piece := self._worded(written):
                    self._written.append((len(self._spoken), written))
                    self._spoken += piece
                    yield piece

    def given(self, spoken: str) -> str:
        """What was written of each piece is told once: with the first sound of it."""
        if not (words := spoken.strip()):
            return ""
        at = self._spoken.find(words, self._heard)
        self._heard = min((self._heard if at < 0 else at) + len(words), len(self._spoken))
        written = []
        while self._written and self._written[0][0] < self._heard:
            written.append(self._written.popleft()[1])
        return "".join(written)

    def _worded(self, written: str) -> str:
        """Empty if there is nothing to say."""
        if self._options.cut and self._options.format is None and self._format is None:
            return Chunk(written)
        said = written if self._format is None else self._format(written)
        if not any(sign.isalnum() for sign in said):
            return ""
        return Worded(said if said[-1].isspace() else f"{said} ")


def splitter(options: SpeechOptions) -> Splitter | Chunker:
    """What cuts one reply."""
    least, boundaries = options.min_characters, options.boundaries
    if not options.cut or (least is None and boundaries is None):
        return Splitter()
    return Chunker(LEAST if least is None else least, BOUNDARIES if boundaries is None else boundaries)


def scripts(options: SpeechOptions, language: str, *, figures: bool = False) -> Callable[[], Script]:
    """Makes the script of each reply. `language` is a BCP 47 tag; `figures`: the voice is given them in its words."""
    if not options.says_something:
        in_words = FIGURES.get(language.lower().partition("-")[0]) if figures else None
        return AsItComes if in_words is None else lambda: Planned(options, in_words)
    is_formatted = options.cut and options.format is not None and options.format.enabled
    worded = Format(options.format, language) if is_formatted and options.format is not None else None
    return lambda: Planned(options, worded)
