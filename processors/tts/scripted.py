"""A voice that hums: sound of the right length at once. For tests and load, never for people."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable
from contextlib import aclosing
from functools import lru_cache

import numpy as np
from aiohttp import ClientSession
from pydantic import BaseModel, Field

from processors.ports import Sound, TextToSpeech
from processors.sentences import phrases

_PITCH = 140.0  # hertz
_SYLLABLES = 4.0  # a second


class Options(BaseModel, extra="forbid"):
    seconds_per_character: float = Field(default=0.07, ge=0, le=1)
    seconds_per_reply: float | None = Field(default=None, gt=0, le=60)
    """Set: a reply is this long, whatever it says."""
    rate: int = Field(default=8000, ge=8000, le=48000)


class ScriptedTts:
    def __init__(self, options: Options) -> None:
        self.rate = options.rate
        self._options = options

    async def speak(self, text: AsyncIterable[str]) -> AsyncGenerator[Sound, None]:
        length = self._options.seconds_per_reply
        async with aclosing(phrases(text)) as given:
            async for phrase in given:
                if length is None:
                    yield Sound(_hum(self._options.seconds_per_character * len(phrase.strip()), self.rate), phrase)
                else:
                    yield Sound(_hum(length, self.rate), phrase)
                    length = 0.0


def create(options: Options, http: ClientSession) -> TextToSpeech:
    return ScriptedTts(options)


@lru_cache(256)
def _hum(seconds: float, rate: int) -> bytes:
    """Harmonics that swell and fade like syllables, so that a voice detector takes them for speech."""
    at = np.arange(round(seconds * rate)) / rate
    tone = sum(np.sin(2 * np.pi * _PITCH * n * at) / n for n in range(1, 12))
    swell = 0.55 - 0.45 * np.cos(2 * np.pi * _SYLLABLES * at)
    return bytes((tone * swell * 3000).astype("<i2").tobytes())
