"""Keys that the bot presses: dual tones in its own sound, so that every line carries them, whatever its wire knows."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from pipeline.audio import silence
from pipeline.frames import (
    AudioDone,
    AudioIn,
    AudioOut,
    Frame,
    Interrupt,
    Pause,
    Played,
    Resume,
    SendDigits,
)
from pipeline.processor import Processor

LOW, HIGH = (697, 770, 852, 941), (1209, 1336, 1477, 1633)
"""Hertz: the rows and the columns of the keypad, by ITU-T Q.23."""
KEYS = "123A456B789C*0#D"
PAUSE = "w"
"""Waits before the next key."""
TONE_SECONDS = GAP_SECONDS = 0.1
PAUSE_SECONDS = 0.5
EDGE_SECONDS = 0.005
"""A tone swells and fades: a sudden edge has every frequency in it."""
LOUDNESS = (0.2, 0.25)
"""Of full scale: the low tone is 2 dB below the high one, as telephones send them."""
FIRST_REPLY = -1_000_000
"""Their numbers count down from here: they are no part of the chat, and no filler has so low a one."""


class Tones(Processor):
    """What the bot was saying is dropped. A menu that talks on cuts no key in two: only its owner stops the tones."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._next = FIRST_REPLY
        self._sounding: set[int] = set()
        self._now = 0.0

    def process(self, frame: Frame) -> None:
        match frame:
            case AudioIn():
                self._now = frame.at
            case Pause() | Resume() | Interrupt() if self._sounding:
                return
            case Played(over=True):
                self._sounding.discard(frame.reply)
        self.emit(frame)
        if isinstance(frame, SendDigits):
            self._press(frame.keys)

    def _press(self, keys: str) -> None:
        if not self._sounding:
            self.emit(Interrupt(self._now, ours=True))
        self._sounding.add(self._next)
        for key in keys:
            self.emit(AudioOut(sound(key, self._rate), self._next))
        self.emit(AudioDone(self._next))
        self._next -= 1


@lru_cache(64)
def sound(key: str, rate: int) -> bytes:
    """One key and the gap behind it, as PCM16. Raises ValueError for what is no key."""
    if key == PAUSE:
        return silence(PAUSE_SECONDS, rate)
    row, column = divmod(KEYS.index(key), len(HIGH))
    at = np.arange(round(TONE_SECONDS * rate)) / rate
    tones = zip(LOUDNESS, (LOW[row], HIGH[column]), strict=True)
    both = sum(loud * np.sin(2 * np.pi * hertz * at) for loud, hertz in tones)
    edge = np.minimum(np.minimum(at, at[::-1]) / EDGE_SECONDS, 1.0)
    return bytes((both * edge * 32767).astype("<i2").tobytes()) + silence(GAP_SECONDS, rate)
