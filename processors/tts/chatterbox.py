"""A cloned voice that speaks on this machine: Chatterbox, of a recording that was made ready beforehand."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, AsyncIterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from pathlib import Path

import numpy as np
from aiohttp import ClientSession
from pydantic import BaseModel, Field, field_validator

from processors.ports import ProviderError, Sound, TextToSpeech
from processors.sentences import phrases
from processors.voices import chatterbox
from processors.voices.chatterbox import LANGUAGES, Condition, WeightsError

PROVIDER = "chatterbox"
THREADS = ThreadPoolExecutor(1, thread_name_prefix=PROVIDER)
"""One: a phrase takes all cores, or the GPU."""


class Options(BaseModel, extra="forbid"):
    voice: str = Field(min_length=1, max_length=1000, description="Path of the voice's file, as deploying made it")
    weights: str = Field("", max_length=1000, description="Folder of the model; empty: the one the voice was made with")
    language: str = Field("en", description="BCP 47 tag")

    @field_validator("language")
    @classmethod
    def _spoken(cls, language: str) -> str:
        if language.lower().partition("-")[0] not in LANGUAGES:
            raise ValueError(f"Chatterbox speaks {', '.join(sorted(LANGUAGES))}")
        return language


class ChatterboxTts:
    rate: int = chatterbox.RATE

    def __init__(self, options: Options) -> None:
        self._options = options
        self._language = options.language.lower().partition("-")[0]

    async def speak(self, text: AsyncIterable[str]) -> AsyncGenerator[Sound, None]:
        loop, enough = asyncio.get_running_loop(), threading.Event()
        try:
            async with aclosing(phrases(text)) as given:
                async for phrase in given:
                    if any(character.isalnum() for character in phrase):
                        yield Sound(await loop.run_in_executor(THREADS, self._said, phrase, enough), phrase)
        except WeightsError as error:
            raise ProviderError(PROVIDER, str(error), status=503, retriable=False) from None
        finally:
            enough.set()  # the thread stops at its next step

    def _said(self, phrase: str, enough: threading.Event) -> bytes:
        voice = Condition.read(Path(self._options.voice))
        model = chatterbox.load(Path(self._options.weights or voice.weights))
        sound = model.say(phrase, self._language, voice, enough)
        return (np.clip(sound, -1, 1) * 32767).astype("<i2").tobytes()


def create(options: Options, http: ClientSession) -> TextToSpeech:
    return ChatterboxTts(options)
