"""OpenAI's realtime transcription: a session that only listens, and a text for each stretch of speech.

The wire: platform.openai.com/docs, "Realtime transcription".
"""

from __future__ import annotations

from base64 import b64encode
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterable, Iterator, Mapping
from contextlib import aclosing
from itertools import count
from typing import Any, Literal, Self
from urllib.parse import urlencode

from aiohttp import ClientSession
from pydantic import BaseModel, Field, SecretStr, model_validator

from pipeline.frames import Transcript
from processors.json_socket import json_socket
from processors.ports import ListenFrame, ProviderError, SpeechToText
from processors.stt.streaming import streaming
from processors.stt.stretches import Stretches

PROVIDER = "openai"
_RATE = 24000
"""Hertz; the only rate at which a transcription session takes PCM."""
_NO_PROMPT = "gpt-realtime-whisper"
_SEVERAL = ("gpt-transcribe", "gpt-live-transcribe")
"""Those that may be told two languages; for two, the others are told none."""
_REFUSED = {
    "invalid_api_key": 401,
    "insufficient_quota": 402,
    "model_not_found": 404,
    "invalid_value": 400,
    "unknown_parameter": 400,
    "missing_required_parameter": 400,
}
_TRANSIENT = {"rate_limit_exceeded": 429, "server_error": 500, "session_expired": 0}
_TRANSCRIPTION = "conversation.item.input_audio_transcription."
COMPLETED = f"{_TRANSCRIPTION}completed"


class Options(BaseModel, extra="forbid"):
    api_key: SecretStr = Field(SecretStr(""), description="Empty for a local server that asks for none")
    base_url: str = "https://api.openai.com/v1"
    model: str = Field("gpt-realtime-whisper", min_length=1)
    language: str = Field(
        "", description="BCP 47 tag of what is spoken, or hi-en and the like for both; empty: it is detected"
    )
    prompt: str = Field("", max_length=2000, description="What the speech is likely to be about")
    noise_reduction: Literal["near_field", "far_field"] | None = None
    delay: Literal["minimal", "low", "medium", "high", "xhigh"] | None = Field(
        None, description="gpt-realtime-whisper only: longer hears better, and answers later"
    )
    connect_timeout_seconds: float = Field(3, gt=0, le=30)
    final_timeout_seconds: float = Field(5, gt=0, le=30, description="From the end of speech to its final text")

    @model_validator(mode="after")
    def _fits_the_model(self) -> Self:
        if self.prompt and self.model == _NO_PROMPT:
            raise ValueError(f"prompt: {_NO_PROMPT} takes none")
        if self.delay and self.model != _NO_PROMPT:
            raise ValueError(f"delay: only {_NO_PROMPT} takes one")
        return self


class OpenAiStt:
    rate = _RATE

    def __init__(self, options: Options, http: ClientSession) -> None:
        self._options = options
        self._http = http

    async def transcribe(self, heard: AsyncIterable[ListenFrame]) -> AsyncGenerator[Transcript, None]:
        options = self._options
        key = options.api_key.get_secret_value()
        async with json_socket(
            PROVIDER,
            self._http,
            f"{options.base_url.rstrip('/')}/realtime?{urlencode({'intent': 'transcription'})}",
            headers={"Authorization": f"Bearer {key}"} if key else {},
            seconds=options.connect_timeout_seconds,
        ) as socket:
            session = {"type": "transcription", "audio": {"input": listening(options)}}
            await socket.send({"type": "session.update", "session": session})
            async with aclosing(
                streaming(
                    socket,
                    Transcription(options.language),
                    heard,
                    Stretches(_RATE),
                    begin_seconds=options.connect_timeout_seconds,
                    final_seconds=options.final_timeout_seconds,
                )
            ) as transcripts:
                async for transcript in transcripts:
                    yield transcript


def create(options: Options, http: ClientSession) -> SpeechToText:
    return OpenAiStt(options, http)


class Transcription:
    """What the service tells of the caller's words, each text in its turn."""

    def __init__(self, language: str) -> None:
        self._language = language
        self._items: deque[str] = deque()
        """Stretches that are being worked on, in the order in which they were spoken: texts come in any."""
        self._partial: dict[str, str] = {}
        self._final: dict[str, Transcript] = {}
        self._empty = count()

    def sound(self, pcm: bytes) -> Mapping[str, Any]:
        return {"type": "input_audio_buffer.append", "audio": b64encode(pcm).decode()}

    def end(self) -> Mapping[str, Any]:
        return {"type": "input_audio_buffer.commit"}

    def read(self, message: Mapping[str, Any]) -> Iterator[Transcript]:
        kind, item = str(message.get("type")), str(message.get("item_id"))
        if kind == "input_audio_buffer.committed":
            self._items.append(item)
        elif kind == f"{_TRANSCRIPTION}delta":
            text = self._partial[item] = self._partial.get(item, "") + str(message.get("delta") or "")
            if text.strip() and self._items in (deque(), deque((item,))):
                yield Transcript(text.strip(), final=False, language=self._language)
        elif kind == COMPLETED:
            if item not in self._items:
                self._items.append(item)
            yield from self._done(item, str(message.get("transcript") or "").strip(), _detected(message))
        elif kind == "error" or kind == f"{_TRANSCRIPTION}failed":
            error = message.get("error")
            code = str(error.get("code")) if isinstance(error, Mapping) else ""
            if code != "input_audio_buffer_commit_empty":  # too little sound for a word
                raise trouble(code)
            self._items.append(empty := f"empty {next(self._empty)}")
            yield from self._done(empty, "", "")

    def _done(self, item: str, text: str, detected: str) -> Iterator[Transcript]:
        self._partial.pop(item, None)
        self._final[item] = Transcript(text, final=True, language=self._language or detected)
        while self._items and self._items[0] in self._final:
            yield self._final.pop(self._items.popleft())


def listening(options: Options) -> dict[str, Any]:
    """The `audio.input` of a session."""
    transcription: dict[str, Any] = {"model": options.model}
    first, _, second = options.language.partition("-")
    if len(second) == 2 and second.islower():
        if options.model in _SEVERAL:
            transcription["languages"] = [first, second]
    elif first:
        transcription["language"] = first.lower()
    if options.prompt:
        transcription["prompt"] = options.prompt
    if options.delay:
        transcription["delay"] = options.delay
    heard: dict[str, Any] = {
        "format": {"type": "audio/pcm", "rate": _RATE},
        "transcription": transcription,
        "turn_detection": None,  # ours says where speech ends
    }
    if options.noise_reduction:
        heard["noise_reduction"] = {"type": options.noise_reduction}
    return heard


def trouble(code: str) -> ProviderError:
    """Only codes that we know are told: what else stands there may hold anything."""
    status = _REFUSED.get(code) or _TRANSIENT.get(code) or 0
    known = code in _REFUSED or code in _TRANSIENT
    return ProviderError(
        PROVIDER, f"reported {code}" if known else "reported an error", status=status, retriable=code not in _REFUSED
    )


def _detected(message: Mapping[str, Any]) -> str:
    languages = message.get("languages")
    first = languages[0] if isinstance(languages, list) and languages else None
    code = first.get("code") if isinstance(first, Mapping) else None
    return code if isinstance(code, str) else ""
