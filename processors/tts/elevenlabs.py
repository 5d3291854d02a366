"""ElevenLabs' voices over its multi-context socket: one connection for the call, a context for each reply.

The wire: elevenlabs.io/docs, "Multi-context websocket".
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager, suppress
from typing import Any, Literal, Self

from aiohttp import ClientSession
from pydantic import BaseModel, Field, SecretStr, model_validator

from pipeline.tasks import alongside
from processors.elevenlabs_account import BASE_URL, connected
from processors.json_socket import JsonSocket
from processors.ports import ProviderError, Sound, TextToSpeech
from processors.sentences import phrases
from processors.tts.alignment import Aligned
from processors.tts.contexts import Context, Contexts

_PAUSES = (0.2, 2.0, 10.0)
"""Seconds before a connection that broke is opened again, the last of them from then on."""
_LASTING = 20.0
"""Seconds after which a connection has been a good one, whatever came of it."""
_V2_5 = "ar bg cs da de el en es fi fil fr hi hr hu id it ja ko ms nl no pl pt ro ru sk sv ta tr uk vi zh"
_LANGUAGES = {model: frozenset(_V2_5.split()) for model in ("eleven_flash_v2_5", "eleven_turbo_v2_5")}
"""What these models may be told; any other language is refused. The rest of the socket's models are told none."""


class Options(BaseModel, extra="forbid"):
    api_key: SecretStr = Field(SecretStr(""), description="Empty: the organisation's account with ElevenLabs is used")
    base_url: str = Field(BASE_URL, description="Or a regional host, for data residency")
    voice: str = Field(pattern=r"^[A-Za-z0-9]{1,64}$", description="The voice's id")
    model: str = Field("eleven_flash_v2_5", min_length=1, max_length=64)
    language: str = Field("", description="BCP 47 tag; empty: the model hears it from the text")
    rate: Literal[8000, 16000, 22050, 24000] = 16000
    speed: float | None = Field(None, ge=0.7, le=1.2)
    stability: float | None = Field(None, ge=0, le=1)
    similarity_boost: float | None = Field(None, ge=0, le=1)
    style: float | None = Field(None, ge=0, le=1)
    use_speaker_boost: bool | None = None
    normalize: Literal["auto", "on", "off"] = Field("auto", description="Whether figures are read out as words")
    connect_timeout_seconds: float = Field(3, gt=0, le=30)
    sound_timeout_seconds: float = Field(5, gt=0, le=30, description="From a phrase to its first sound")

    @model_validator(mode="after")
    def _spoken(self) -> Self:
        spoken = _LANGUAGES.get(self.model)
        if self.language and spoken is None:
            raise ValueError(f"language: {self.model} hears it from the text; leave it out")
        if self.language and spoken is not None and _tongue(self.language) not in spoken:
            raise ValueError(f"language: {self.model} speaks {', '.join(sorted(spoken))}")
        return self


class ElevenLabsTts:
    def __init__(self, options: Options, http: ClientSession) -> None:
        self.rate: int = options.rate
        self._options = options
        self._http = http
        self._kept: Contexts | None = None
        self._opened = asyncio.Event()
        """Not set while the connection to be kept is being opened: it is there sooner than another would be."""
        self._opened.set()

    async def stay_connected(self) -> None:
        """Keeps one connection for all replies, until it is cancelled, or the service refuses us for good."""
        now, failures = asyncio.get_running_loop().time, 0
        while True:
            began = now()
            self._opened.clear()
            try:
                async with self._connection() as socket:
                    self._kept = Contexts(socket)
                    self._opened.set()
                    await self._kept.run()
            except ProviderError as error:  # a reply that has none opens its own, and says what is wrong with that
                if not error.retriable:
                    return
            finally:
                self._kept = None
                self._opened.set()
            failures = failures + 1 if now() - began < _LASTING else 1
            await asyncio.sleep(_PAUSES[min(failures, len(_PAUSES)) - 1])

    async def speak(self, text: AsyncIterable[str]) -> AsyncGenerator[Sound, None]:
        async with self._contexts() as contexts, contexts.context() as context:
            aligned = Aligned(self.rate)
            async with alongside(self._say(text, context, aligned)):
                while (message := await context.next()) is not None:
                    for sound in aligned.sounds(message):
                        yield sound
                    context.deadline.within(self._options.sound_timeout_seconds if aligned.waiting else None)
            for sound in aligned.rest():
                yield sound

    async def _say(self, text: AsyncIterable[str], context: Context, aligned: Aligned) -> None:
        patience = self._options.sound_timeout_seconds
        try:
            async with aclosing(phrases(text)) as given:
                async for phrase in given:
                    if not any(character.isalnum() for character in phrase):
                        continue
                    if not context.begun:
                        await context.begin(self._settings())
                    aligned.expect(phrase)
                    context.deadline.within(patience)
                    await context.say(phrase)
        except BaseException:
            context.stop()  # whoever waits for its sound is told why once it stops waiting
            raise
        if context.begun:
            aligned.ends = True
            context.deadline.within(patience)
            await context.finish()
        else:
            context.stop()

    @asynccontextmanager
    async def _contexts(self) -> AsyncIterator[Contexts]:
        """The connection that is kept; one for this reply alone where there is none, or it is full."""
        await self._opened.wait()
        if self._kept is not None and self._kept.takes_more:
            yield self._kept
            return
        async with self._connection() as socket:
            contexts = Contexts(socket)
            async with alongside(_reading(contexts)):
                yield contexts

    def _connection(self) -> AbstractAsyncContextManager[JsonSocket]:
        options = self._options
        path, seconds = f"/v1/text-to-speech/{options.voice}/multi-stream-input", options.connect_timeout_seconds
        return connected(self._http, options.base_url, path, _query(options), options.api_key, seconds=seconds)

    def _settings(self) -> dict[str, Any]:
        chosen = {"stability", "similarity_boost", "style", "use_speaker_boost", "speed"}
        return self._options.model_dump(include=chosen, exclude_none=True)


def create(options: Options, http: ClientSession) -> TextToSpeech:
    return ElevenLabsTts(options, http)


def _query(options: Options) -> list[tuple[str, str]]:
    query = {
        "model_id": options.model,
        "output_format": f"pcm_{options.rate}",
        "auto_mode": "true",  # what we send are phrases, each to be spoken as it comes
        "sync_alignment": "true",
        "apply_text_normalization": options.normalize,
    }
    if options.language:
        query["language_code"] = _tongue(options.language)
    return list(query.items())


async def _reading(contexts: Contexts) -> None:
    with suppress(ProviderError):  # its contexts raise it
        await contexts.run()


def _tongue(language: str) -> str:
    return language.partition("-")[0].lower()
