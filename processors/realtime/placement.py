"""Which words a piece of sound begins, where the service tells of no times."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from pipeline.audio import SAMPLE_BYTES, silence
from processors.ports import Sound
from processors.sentences import Splitter

PACE = 14.0
"""Characters a second, as people speak."""
_LAST = 0.02
"""Seconds of silence that carry words of which the sound was shorter than they are long."""


class Placement:
    """Words and sound come side by side, the words as a rule earlier.

    A phrase is given to the sound that comes when those before it would have been said at an ordinary pace.
    """

    def __init__(self, rate: int) -> None:
        self._bytes_a_second = rate * SAMPLE_BYTES
        self._rate = rate
        self._splitter = Splitter()
        self._phrases: deque[tuple[int, str]] = deque()
        """Those that were given to no sound yet, each with the number of characters before it."""
        self._characters = self._made = 0

    def says(self, text: str) -> None:
        for phrase in self._splitter.push(text):
            self._expect(phrase)

    def sounds(self, pcm: bytes) -> Iterator[Sound]:
        """The sound, cut where phrases begin."""
        if not self._phrases and self._place(self._characters) < self._made + len(pcm):
            self._begin()
        at, label = 0, ""
        while self._phrases:
            before, phrase = self._phrases[0]
            offset = max(self._place(before) - self._made, at)
            if offset >= len(pcm):
                break
            self._phrases.popleft()
            if offset > at:
                yield Sound(pcm[at:offset], label)
                at, label = offset, ""
            label += phrase
        if pcm[at:]:
            yield Sound(pcm[at:], label)
        self._made += len(pcm)

    def rest(self) -> Iterator[Sound]:
        """Words for which no sound is left."""
        self._expect(self._splitter.flush())
        words = "".join(phrase for _, phrase in self._phrases)
        self._phrases.clear()
        if words and self._made:
            yield Sound(silence(_LAST, self._rate), words)

    def _begin(self) -> None:
        """Whole words that are there, if not yet a phrase: they are being said. The last one may still be going on."""
        whole = self._splitter.rests
        words = self._splitter.flush()
        is_cut = bool(words) and not whole and not words[-1].isspace()
        begun = len(words) - len(words.split()[-1]) if is_cut else len(words)
        self._expect(words[:begun])
        self.says(words[begun:])

    def _expect(self, phrase: str) -> None:
        if phrase.strip():
            self._phrases.append((self._characters, phrase))
            self._characters += len(phrase)

    def _place(self, characters: int) -> int:
        """The byte, of a whole sample, at which so many characters would have been said."""
        return round(characters / PACE * self._rate) * SAMPLE_BYTES
