"""Which words a piece of sound begins, by the times that the voice tells of each character."""

from __future__ import annotations

from base64 import b64decode
from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any

from pipeline.audio import SAMPLE_BYTES, silence
from processors.elevenlabs_account import PROVIDER
from processors.ports import ProviderError, Sound

_LAST = 0.02
"""Seconds of silence that stand for words of which the voice made no sound that it told of."""


class Aligned:
    """Phrases that were sent, and sound that comes: where each phrase begins in it.

    The voice tells when each character of what it speaks is heard. We count those that are no white space, for it may
    add or leave out some. Where it tells no times, words are given to the first sound that comes after them.
    """

    def __init__(self, rate: int) -> None:
        self.ends = False
        """No more phrases will be expected."""
        self._rate = rate
        self._phrases: deque[tuple[int, str]] = deque()
        """Those of which no sound has come yet, each with the number of characters before it."""
        self._expected = 0
        self._spoken = 0
        self._half = b""

    def expect(self, phrase: str) -> None:
        self._phrases.append((self._expected, phrase))
        self._expected += _visible(phrase)

    @property
    def waiting(self) -> bool:
        """Sound must still come, or the end of it."""
        return self.ends or bool(self._phrases)

    def sounds(self, message: Mapping[str, Any]) -> Iterator[Sound]:
        """A message's sound, cut where phrases begin. Raises ProviderError if it is none."""
        pcm = self._pcm(message)
        begins = self._begins(message.get("alignment") or message.get("normalizedAlignment"))
        at = 0
        label = ""
        for start, phrase in begins:
            sample = min(max(start / 1000 * self._rate, 0), len(pcm) / SAMPLE_BYTES)
            offset = max(round(sample) * SAMPLE_BYTES, at)
            if offset > at:
                yield Sound(pcm[at:offset], label)
                at, label = offset, ""
            label += phrase
        if pcm[at:] or label:
            yield Sound(pcm[at:] or silence(_LAST, self._rate), label)

    def rest(self) -> Iterator[Sound]:
        """Words of which no sound was told, though all has come."""
        if self._phrases:
            words = "".join(phrase for _, phrase in self._phrases)
            self._phrases.clear()
            yield Sound(silence(_LAST, self._rate), words)

    def _begins(self, alignment: object) -> list[tuple[float, str]]:
        """Milliseconds into the message's sound, and the phrase that begins there."""
        if not isinstance(alignment, Mapping):
            begins = [(0.0, phrase) for _, phrase in self._phrases]
            self._phrases.clear()
            return begins
        begins = []
        try:
            for character, start in zip(alignment["chars"], alignment["charStartTimesMs"], strict=True):
                if character.isspace():
                    continue
                if self._phrases and self._spoken >= self._phrases[0][0]:
                    begins.append((float(start), self._phrases.popleft()[1]))
                self._spoken += len(character)
        except (AttributeError, KeyError, TypeError, ValueError):
            raise ProviderError(PROVIDER, "sent an alignment that is none") from None
        return begins

    def _pcm(self, message: Mapping[str, Any]) -> bytes:
        try:
            pcm = self._half + b64decode(message["audio"], validate=True)
        except (KeyError, TypeError, ValueError):
            raise ProviderError(PROVIDER, "sent sound that is none") from None
        whole = len(pcm) // SAMPLE_BYTES * SAMPLE_BYTES
        self._half = pcm[whole:]
        return pcm[:whole]


def _visible(text: str) -> int:
    return sum(not character.isspace() for character in text)
