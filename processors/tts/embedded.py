"""A voice that needs no key and no network: espeak-ng in ten languages, Pico for English where it is installed."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, AsyncIterable
from contextlib import aclosing
from dataclasses import dataclass
from functools import cache
from typing import Literal

from aiohttp import ClientSession
from pydantic import BaseModel, Field, field_validator

from processors.ports import ProviderError, Sound, TextToSpeech
from processors.sentences import phrases
from processors.speakable import speakable
from processors.voices import pico
from processors.voices.engine import THREADS, Engine
from processors.voices.espeak import LANGUAGES, Espeak
from processors.voices.level import Shaper, Trim, gain_for, gap_after
from processors.voices.pico import Pico

VoiceName = Literal["auto", "pico", "espeak", "espeak+m3", "espeak+m7", "espeak+f2", "espeak+f5"]


class Options(BaseModel, extra="forbid"):
    voice: VoiceName = "auto"
    """`auto` takes Pico for English where it is installed, and espeak otherwise."""
    language: str = "en-IN"
    """BCP 47 tag; English or one of nine Indian languages."""
    speed: float = Field(default=1.0, ge=0.5, le=2.0)

    @field_validator("language")
    @classmethod
    def _spoken(cls, language: str) -> str:
        if language.lower().partition("-")[0] not in LANGUAGES:
            raise ValueError(f"the embedded voice speaks {', '.join(LANGUAGES)}")
        return language


@dataclass(frozen=True, slots=True)
class _Voice:
    engine: Engine
    gain: float


class EmbeddedTts:
    def __init__(self, options: Options) -> None:
        self._language = options.language
        self._key = _key(options)
        self.rate = Pico.rate if self._key[0] == "pico" else Espeak.rate

    async def speak(self, text: AsyncIterable[str]) -> AsyncGenerator[Sound, None]:
        before = ""
        async with aclosing(phrases(text)) as given:
            async for phrase in given:
                if not (said := speakable(phrase, self._language)):
                    continue
                if before:
                    yield Sound(gap_after(before, self.rate))
                before = label = phrase
                async with aclosing(self._say(said)) as pieces:
                    async for pcm in pieces:
                        yield Sound(pcm, label)
                        label = ""

    async def warm(self) -> None:
        """Loads the voice, so that the first call does not wait for it: some 20 ms."""
        await asyncio.get_running_loop().run_in_executor(THREADS, _loaded, *self._key)

    async def _say(self, said: str) -> AsyncGenerator[bytes, None]:
        loop = asyncio.get_running_loop()
        pieces: asyncio.Queue[bytes | None] = asyncio.Queue()
        enough = threading.Event()

        def take(pcm: bytes) -> bool:
            if enough.is_set():
                return False
            if pcm:
                loop.call_soon_threadsafe(pieces.put_nowait, pcm)
            return True

        def make() -> None:
            if enough.is_set():
                return
            voice, trim = _loaded(*self._key), Trim(self.rate)
            shaper = Shaper(voice.engine.presence, voice.gain)
            voice.engine.say(said, lambda raw: take(trim.push(shaper.push(raw))))
            take(trim.flush())

        making = loop.run_in_executor(THREADS, make)
        making.add_done_callback(lambda _done: pieces.put_nowait(None))
        try:
            while (pcm := await pieces.get()) is not None:
                yield pcm
            await making
        except (OSError, RuntimeError, ValueError, ImportError) as error:
            raise ProviderError.of("embedded", error) from error
        finally:
            enough.set()


def create(options: Options, http: ClientSession) -> TextToSpeech:
    return EmbeddedTts(options)


def _key(options: Options) -> tuple[str, str, float]:
    """Engine, its own name of the voice, speed."""
    tongue, _, region = options.language.lower().partition("-")
    if options.voice == "pico" or (options.voice == "auto" and tongue == "en" and pico.INSTALLED):
        return "pico", "en-GB" if region == "gb" else "en-US", options.speed
    variant = options.voice.partition("+")[2]
    accent = tongue if tongue != "en" else "en-us" if region == "us" else "en-gb-x-rp"
    return "espeak", f"{accent}+{variant}" if variant else accent, options.speed


@cache
def _loaded(engine: str, voice: str, speed: float) -> _Voice:
    """Runs in a thread. Levels the voice by a sample that every language can read."""
    made: Engine = Pico(voice, pace=round(100 * speed)) if engine == "pico" else Espeak(voice, pace=speed)
    sample: list[bytes] = []
    shaper = Shaper(made.presence)

    def take(pcm: bytes) -> bool:
        sample.append(shaper.push(pcm))
        return True

    made.say("1, 2, 3, 4, 5, 6, 7, 8, 9.", take)
    return _Voice(made, gain_for(b"".join(sample), made.rate))
