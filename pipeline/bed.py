"""A sound that goes on under a call: the room that the bot seems to sit in."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_DTYPE = np.dtype("<i2")


class Bed:
    """A loop, placed by the call's clock: what is heard of it at a sample is the same for whoever asks."""

    def __init__(self, pcm: bytes, rate: int) -> None:
        """`pcm` is PCM16 at `rate` Hz, longer than nothing."""
        once = np.frombuffer(pcm, _DTYPE)
        if not once.size:
            raise ValueError("a bed has to have a sound")
        self._length = once.size
        self._loop: NDArray[np.int16] = np.resize(once, once.size + rate)  # so that a second never goes over the end

    def alone(self, start: int, samples: int) -> bytes:
        return self._part(start, samples).tobytes()

    def under(self, pcm: bytes, start: int) -> bytes:
        """The sound `pcm`, which begins at sample `start`, with the bed under it."""
        voice = np.frombuffer(pcm, _DTYPE).astype(np.int32)
        voice += self._part(start, voice.size)
        return np.clip(voice, -32768, 32767).astype(_DTYPE).tobytes()

    def _part(self, start: int, samples: int) -> NDArray[np.int16]:
        begin = start % self._length
        if begin + samples <= self._loop.size:
            return self._loop[begin : begin + samples]
        return np.take(self._loop[: self._length], np.arange(begin, begin + samples), mode="wrap")
