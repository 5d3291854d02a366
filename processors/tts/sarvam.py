"""Sarvam's voices (Bulbul) of Indian languages, over their socket.

The wire: docs.sarvam.ai, "Streaming text to speech".
"""

from __future__ import annotations

import asyncio
from base64 import b64decode
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Mapping
from contextlib import aclosing, asynccontextmanager
from typing import Any, Literal, Self

from aiohttp import ClientSession
from pydantic import BaseModel, Field, SecretStr, field_validator, model_validator

from pipeline.audio import SAMPLE_BYTES
from processors.json_socket import JsonSocket
from processors.ports import ProviderError, Sound, TextToSpeech
from processors.sarvam_account import BASE_URL, PROVIDER, VOICED, connected, tongue, trouble
from processors.sentences import phrases
from processors.speakable import speakable
from processors.tts.spare_sockets import SpareSockets

_SPEAKERS = {"bulbul:v2": "anushka", "bulbul:v3": "shubh"}
"""By model, who speaks if nobody is named."""
_NOT_FOR = {"temperature": ("bulbul:v2",), "pitch": ("bulbul:v3",), "loudness": ("bulbul:v3",)}


class Options(BaseModel, extra="forbid"):
    api_key: SecretStr = Field(SecretStr(""), description="Empty: the organisation's account with Sarvam is used")
    base_url: str = BASE_URL
    model: Literal["bulbul:v3", "bulbul:v4-flash", "bulbul:v2"] = "bulbul:v3"
    speaker: str = Field(
        "", max_length=80, description="Empty: shubh of bulbul:v3, anushka of bulbul:v2; bulbul:v4-flash needs one"
    )
    language: str = Field("en-IN", description="BCP 47 tag; hi-en and the like are spoken as the first of the two")
    rate: Literal[8000, 16000, 22050, 24000] = Field(8000, description="Hertz; a telephone carries no more than 8000")
    pace: float = Field(1.0, ge=0.3, le=3, description="0.5 to 2, and 0.3 to 3 of bulbul:v2")
    temperature: float | None = Field(None, ge=0.01, le=1, description="How lively; not of bulbul:v2")
    pitch: float | None = Field(None, ge=-0.75, le=0.75, description="Not of bulbul:v3")
    loudness: float | None = Field(None, ge=0.3, le=3, description="Not of bulbul:v3")
    min_buffer_size: int = Field(50, ge=30, le=200, description="Characters after which the service begins to speak")
    max_chunk_length: int = Field(150, ge=50, le=500, description="Characters that it speaks at one go")
    language_key: Literal["target_language_code", "language_code"] = Field(
        "target_language_code", description="What the service calls the language: its documents know both names"
    )
    spare: bool = Field(True, description="Keep a second connection open, so that an interruption costs no time")
    connect_timeout_seconds: float = Field(3, gt=0, le=30)
    sound_timeout_seconds: float = Field(3, gt=0, le=30, description="To the first sound of a phrase, and to each next")

    @field_validator("language")
    @classmethod
    def _spoken(cls, language: str) -> str:
        if tongue(language) not in VOICED:
            raise ValueError(f"Sarvam's voices speak {', '.join(VOICED)}")
        return language

    @model_validator(mode="after")
    def _fits_the_model(self) -> Self:
        for option, models in _NOT_FOR.items():
            if getattr(self, option) is not None and self.model in models:
                raise ValueError(f"{option}: {self.model} takes none")
        if self.model != "bulbul:v2" and not 0.5 <= self.pace <= 2:
            raise ValueError(f"pace: {self.model} takes 0.5 to 2")
        if not self.known_speaker:
            raise ValueError(f"speaker: {self.model} needs one")
        return self

    @property
    def known_speaker(self) -> str:
        return self.speaker or _SPEAKERS.get(self.model, "")


class SarvamTts:
    def __init__(self, options: Options, http: ClientSession) -> None:
        self.rate: int = options.rate
        self._options, self._http = options, http
        self._sockets = SpareSockets(self._opened, {"type": "ping"})

    async def stay_connected(self) -> None:
        if self._options.spare:
            await self._sockets.keep()

    async def speak(self, text: AsyncIterable[str]) -> AsyncGenerator[Sound, None]:
        """One phrase at a time is with the service: its sounds do not say whose they are."""
        connection = await self._sockets.take()
        whole = False
        try:
            async with aclosing(phrases(text)) as given:
                async for phrase in given:
                    if not (said := speakable(phrase, self._options.language, figures=False)):
                        continue
                    label = phrase
                    while label:
                        try:
                            async with aclosing(self._said(connection.socket, said)) as pieces:
                                async for pcm in pieces:
                                    yield Sound(pcm, label)
                                    label = ""
                            break
                        except ProviderError:
                            if not label or not connection.rested or connection.socket.open:
                                raise
                        await connection.close()  # it was closed while it waited: nothing was said yet
                        connection = await self._sockets.fresh()
                    connection.rested = False
            whole = True
        finally:
            if not (whole and self._sockets.give_back(connection)):
                await connection.close()

    async def _said(self, socket: JsonSocket, said: str) -> AsyncGenerator[bytes, None]:
        await socket.send({"type": "text", "data": {"text": said}})
        await socket.send({"type": "flush"})
        rest = b""
        while True:
            try:
                async with asyncio.timeout(self._options.sound_timeout_seconds):
                    message = await socket.receive()
            except TimeoutError as error:
                raise ProviderError.of(PROVIDER, error) from None
            data = message.get("data")
            data = data if isinstance(data, dict) else {}
            match message.get("type"):
                case "audio":
                    pcm = rest + _decoded(data.get("audio"))
                    length = len(pcm) // SAMPLE_BYTES * SAMPLE_BYTES
                    rest = pcm[length:]
                    if length:
                        yield pcm[:length]
                case "event" if data.get("event_type") == "final":
                    return
                case "error":
                    raise trouble(data.get("code"))

    @asynccontextmanager
    async def _opened(self) -> AsyncIterator[JsonSocket]:
        """Ready to speak. Raises ProviderError."""
        options = self._options
        query = {"model": options.model, "send_completion_event": "true"}
        path, seconds = "/text-to-speech/ws", options.connect_timeout_seconds
        async with connected(self._http, options.base_url, path, query, options.api_key, seconds=seconds) as socket:
            await socket.send({"type": "config", "data": _config(options)})
            yield socket


def create(options: Options, http: ClientSession) -> TextToSpeech:
    return SarvamTts(options, http)


def _config(options: Options) -> Mapping[str, Any]:
    only_some = {name: value for name in _NOT_FOR if (value := getattr(options, name)) is not None}
    return {
        options.language_key: f"{tongue(options.language)}-IN",
        "speaker": options.known_speaker,
        "model": options.model,
        "speech_sample_rate": options.rate,
        "output_audio_codec": "linear16",
        "pace": options.pace,
        "min_buffer_size": options.min_buffer_size,
        "max_chunk_length": options.max_chunk_length,
        **only_some,
    }


def _decoded(audio: object) -> bytes:
    try:
        return b64decode(audio, validate=True) if isinstance(audio, str) else b""
    except ValueError as error:
        raise ProviderError.of(PROVIDER, error) from None
