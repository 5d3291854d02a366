"""OpenAI's voices, and those of any server that offers `audio/speech` as it does: a request for each phrase.

The wire: platform.openai.com/docs, "Create speech".
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable
from contextlib import aclosing, suppress
from dataclasses import dataclass
from typing import Any

import orjson
from aiohttp import ClientError, ClientResponse, ClientSession, ClientTimeout
from pydantic import BaseModel, Field, SecretStr

from pipeline.audio import SAMPLE_BYTES
from pipeline.mailbox import Mailbox
from pipeline.tasks import alongside
from processors.ports import ProviderError, Sound, TextToSpeech
from processors.sentences import phrases

PROVIDER = "openai"
_RATE = 24000
"""Hertz of its `pcm`."""
_SOUND = ("audio/", "application/octet-stream")
_AHEAD = 2
"""Phrases asked for at once: the next one's first sound is there when this one ends."""
_ANSWER = 10_000
"""Bytes of an error that are read."""


class Options(BaseModel, extra="forbid"):
    api_key: SecretStr = Field(SecretStr(""), description="Empty for a local server that asks for none")
    base_url: str = "https://api.openai.com/v1"
    model: str = Field("gpt-4o-mini-tts", min_length=1)
    voice: str = Field("marin", min_length=1, max_length=64)
    instructions: str = Field("", max_length=4096, description="How to speak; not for tts-1 and tts-1-hd")
    speed: float = Field(1.0, ge=0.25, le=4.0)
    connect_timeout_seconds: float = Field(3, gt=0, le=30)
    sound_timeout_seconds: float = Field(5, gt=0, le=30, description="To a phrase's first sound, and to the next")


class OpenAiTts:
    rate = _RATE

    def __init__(self, options: Options, http: ClientSession) -> None:
        self._options = options
        self._http = http

    async def stay_connected(self) -> None:
        """Opens a connection, which the session keeps for the first phrase. Asks for nothing."""
        seconds = self._options.connect_timeout_seconds
        with suppress(ClientError, OSError, TimeoutError, ValueError):  # the first phrase meets them, and tells
            async with self._http.head(self._url, timeout=ClientTimeout(total=seconds)):
                pass

    @property
    def _url(self) -> str:
        return f"{self._options.base_url.rstrip('/')}/audio/speech"

    async def speak(self, text: AsyncIterable[str]) -> AsyncGenerator[Sound, None]:
        asked: Mailbox[_Phrase] = Mailbox(_AHEAD)
        room = asyncio.Semaphore(_AHEAD)
        try:
            async with alongside(self._ask(text, asked, room)):
                async for phrase in asked:
                    label = phrase.text
                    try:
                        async with aclosing(self._sound(phrase.answer)) as pieces:
                            async for pcm in pieces:
                                yield Sound(pcm, label)
                                label = ""
                    finally:
                        await phrase.close()
                    if label:
                        raise ProviderError(PROVIDER, "answered no sound")
                    room.release()
        finally:
            asked.close()
            async for phrase in asked:
                await phrase.close()

    async def _ask(self, text: AsyncIterable[str], asked: Mailbox[_Phrase], room: asyncio.Semaphore) -> None:
        try:
            async with aclosing(phrases(text)) as given:
                async for phrase in given:
                    if any(character.isalnum() for character in phrase):
                        await room.acquire()
                        asked.put(_Phrase(phrase, asyncio.ensure_future(self._post(phrase.strip()))))
        finally:
            asked.close()

    async def _post(self, phrase: str) -> ClientResponse:
        options = self._options
        key = options.api_key.get_secret_value()
        async with asyncio.timeout(options.sound_timeout_seconds):
            return await self._http.post(
                self._url,
                json=_body(options, phrase),
                headers={"Authorization": f"Bearer {key}"} if key else {},
                timeout=ClientTimeout(total=None, connect=options.connect_timeout_seconds),
            )

    async def _sound(self, answer: asyncio.Task[ClientResponse]) -> AsyncGenerator[bytes, None]:
        patience = self._options.sound_timeout_seconds
        try:
            response = await answer
            if response.status >= 400:
                raise await _refusal(response, patience)
            if not response.content_type.startswith(_SOUND):
                raise ProviderError(PROVIDER, "answered no sound")
            half = b""
            while True:
                async with asyncio.timeout(patience):
                    pcm = half + await response.content.readany()
                whole = len(pcm) // SAMPLE_BYTES * SAMPLE_BYTES
                if whole:
                    yield pcm[:whole]
                elif response.content.at_eof():
                    return
                half = pcm[whole:]
        except (ClientError, OSError, TimeoutError, ValueError) as error:
            raise ProviderError.of(PROVIDER, error) from None  # the cause holds our headers and the words


@dataclass(frozen=True, slots=True, eq=False)
class _Phrase:
    text: str
    answer: asyncio.Task[ClientResponse]

    async def close(self) -> None:
        """Read to its end, its connection serves the next request; else it is closed."""
        self.answer.cancel()
        (response,) = await asyncio.gather(self.answer, return_exceptions=True)
        if isinstance(response, ClientResponse):
            response.close()


def create(options: Options, http: ClientSession) -> TextToSpeech:
    return OpenAiTts(options, http)


def _body(options: Options, phrase: str) -> dict[str, Any]:
    body: dict[str, Any] = {
        "model": options.model,
        "voice": options.voice,
        "input": phrase,
        "response_format": "pcm",
    }
    if options.speed != 1.0:
        body["speed"] = options.speed
    if options.instructions:
        body["instructions"] = options.instructions
    return body


async def _refusal(response: ClientResponse, seconds: float) -> ProviderError:
    """An account without credit answers 429 as one that asks too often does."""
    async with asyncio.timeout(seconds):
        answer = await response.content.read(_ANSWER)
    try:
        code = orjson.loads(answer)["error"]["code"]
    except (ValueError, KeyError, TypeError):
        code = None
    if code == "insufficient_quota":
        return ProviderError(PROVIDER, "has no credit left", status=response.status, retriable=False)
    status = response.status
    retriable = status in (408, 409, 425, 429) or status >= 500
    return ProviderError(PROVIDER, f"answered {status}", status=status, retriable=retriable)
