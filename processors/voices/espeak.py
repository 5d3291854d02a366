"""espeak-ng, from the library that the `espeakng-loader` package carries: a hundred languages, plain to hear."""

from __future__ import annotations

import ctypes
import threading
from functools import cache

import espeakng_loader

from processors.voices.engine import Take

WORDS_PER_MINUTE = 160
LANGUAGES = ("en", "hi", "ta", "te", "kn", "mr", "bn", "gu", "ml", "pa")

# From espeak-ng's speak_lib.h.
_SYNCHRONOUS, _DONT_EXIT, _UTF8, _CHARACTERS, _OK = 2, 0x8000, 1, 1, 0
_RATE = 1
_PIECE_MS = 200
_ON_SOUND = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)


class Espeak:
    """One way of speaking. The library keeps one state for the whole process, so phrases are made one at a time."""

    rate = 22050
    presence = 0.7  # of words at 8 kHz, a recogniser misses 35 % without it and 30 % with it

    def __init__(self, voice: str, *, pace: float = 1.0) -> None:
        """`voice` is espeak's own name: a language, and after a plus sign a variant. Raises ValueError if unknown."""
        self._library = _library()
        self._voice = voice.encode()
        self._words_per_minute = round(WORDS_PER_MINUTE * pace)
        with self._library.lock:
            self._library.choose(self._voice)

    def say(self, text: str, take: Take) -> None:
        with self._library.lock:
            self._library.choose(self._voice)
            self._library.speak(text, self._words_per_minute, take)


class _Library:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self._espeak = ctypes.CDLL(espeakng_loader.get_library_path())
        data = espeakng_loader.get_data_path().encode()
        rate = self._espeak.espeak_Initialize(_SYNCHRONOUS, _PIECE_MS, data, _DONT_EXIT)
        if rate != Espeak.rate:
            raise RuntimeError("espeak-ng cannot read its data")
        self._take: Take = _nobody
        self._on_sound = _ON_SOUND(self._sound)  # kept: the library holds a bare pointer to it
        self._espeak.espeak_SetSynthCallback(self._on_sound)

    def choose(self, voice: bytes) -> None:
        if self._espeak.espeak_SetVoiceByName(voice) != _OK:
            raise ValueError(f"espeak-ng has no voice {voice.decode()!r}")

    def speak(self, text: str, words_per_minute: int, take: Take) -> None:
        self._espeak.espeak_SetParameter(_RATE, words_per_minute, 0)
        written = text.replace("\0", " ").encode("utf-8", "replace")
        self._take = take
        try:
            self._espeak.espeak_Synth(written, len(written) + 1, 0, _CHARACTERS, 0, _UTF8, None, None)
        finally:
            self._take = _nobody

    def _sound(self, samples: int | None, count: int, _events: int | None) -> int:
        """0: go on; 1: stop."""
        if not samples or not count:
            return 0
        return 0 if self._take(ctypes.string_at(samples, count * 2)) else 1


_LOADING = threading.Lock()
"""The library must not be initialised twice at once."""


def _library() -> _Library:
    with _LOADING:
        return _loaded_library()


@cache
def _loaded_library() -> _Library:
    return _Library()


def _nobody(_pcm: bytes) -> bool:
    return False
