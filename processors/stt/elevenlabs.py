"""ElevenLabs' realtime recogniser (Scribe): partial texts while the caller speaks, the final one when told of the end.

The wire: elevenlabs.io/docs, "Realtime speech to text".
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import AsyncGenerator, AsyncIterable, Iterator, Mapping
from contextlib import aclosing
from typing import Annotated, Any, Literal

from aiohttp import ClientSession
from pydantic import BaseModel, Field, SecretStr

from pipeline.frames import Transcript
from processors.elevenlabs_account import BASE_URL, connected, known, trouble
from processors.ports import ListenFrame, SpeechToText
from processors.stt.streaming import streaming
from processors.stt.stretches import Stretches

_KEEP_ALIVE = 5.0
"""Seconds without sound after which some silence is sent: the service closes a session in which nothing happens."""
_SHORT = {
    "eng": "en",
    "hin": "hi",
    "ben": "bn",
    "guj": "gu",
    "kan": "kn",
    "mal": "ml",
    "mar": "mr",
    "ori": "or",
    "ory": "or",
    "pan": "pa",
    "tam": "ta",
    "tel": "te",
}
"""Scribe may name a language by ISO 639-3; a BCP 47 tag has the two letters where there are any."""


class Options(BaseModel, extra="forbid"):
    api_key: SecretStr = Field(SecretStr(""), description="Empty: the organisation's account with ElevenLabs is used")
    base_url: str = Field(BASE_URL, description="Or a regional host, for data residency")
    model: str = Field("scribe_v2_realtime", min_length=1)
    language: str = Field(
        "", description="BCP 47 tag of what is spoken, or hi-en and the like for both; empty: it is detected"
    )
    rate: Literal[8000, 16000] = Field(16000, description="Hertz; a telephone brings no more than 8000")
    keyterms: list[Annotated[str, Field(min_length=1, max_length=20)]] = Field(
        [], max_length=50, description="Words that are likely to be said"
    )
    connect_timeout_seconds: float = Field(3, gt=0, le=30)
    final_timeout_seconds: float = Field(4, gt=0, le=30, description="From the end of speech to its final text")


class ElevenLabsStt:
    def __init__(self, options: Options, http: ClientSession) -> None:
        self.rate: int = options.rate
        self._options = options
        self._http = http

    async def transcribe(self, heard: AsyncIterable[ListenFrame]) -> AsyncGenerator[Transcript, None]:
        options = self._options
        async with (
            connected(
                self._http,
                options.base_url,
                "/v1/speech-to-text/realtime",
                _query(options),
                options.api_key,
                seconds=options.connect_timeout_seconds,
            ) as socket,
            aclosing(
                streaming(
                    socket,
                    _Scribe(options),
                    heard,
                    Stretches(options.rate, _KEEP_ALIVE),
                    begin_seconds=options.connect_timeout_seconds,
                    final_seconds=options.final_timeout_seconds,
                )
            ) as transcripts,
        ):
            async for transcript in transcripts:
                yield transcript


def create(options: Options, http: ClientSession) -> SpeechToText:
    return ElevenLabsStt(options, http)


class _Scribe:
    def __init__(self, options: Options) -> None:
        self._rate = options.rate
        self._language = options.language
        # Where the language is detected every text is told twice, and only the second names it.
        self._committed = "committed_transcript" if options.language else "committed_transcript_with_timestamps"
        self._settled = ""
        """What the service committed of its own accord: speech may be longer than it waits."""
        self._due = 0

    def sound(self, pcm: bytes) -> Mapping[str, Any]:
        return self._chunk(pcm, commit=False)

    def end(self) -> Mapping[str, Any]:
        self._due += 1
        return self._chunk(b"", commit=True)

    def read(self, message: Mapping[str, Any]) -> Iterator[Transcript]:
        kind = str(message.get("message_type"))
        text = f"{self._settled} {message.get('text') or ''}".strip()
        language = self._language or _tag(message.get("language_code"))
        if kind == "partial_transcript" and text:
            yield Transcript(text, final=False, language=language)
        elif kind == self._committed or (kind == "commit_throttled" and self._due):  # too little sound for a word
            final = self._due > 0
            self._settled = "" if final else text
            self._due -= final
            if final or text:
                yield Transcript(text, final, language)
        elif known(kind):
            raise trouble(kind)

    def _chunk(self, pcm: bytes, *, commit: bool) -> Mapping[str, Any]:
        return {
            "message_type": "input_audio_chunk",
            "audio_base_64": b64encode(pcm).decode(),
            "commit": commit,
            "sample_rate": self._rate,
        }


def _query(options: Options) -> list[tuple[str, str]]:
    first, _, second = options.language.partition("-")
    language = [("language_code", first.lower())] if first else [("include_language_detection", "true")]
    if len(second) == 2 and second.islower():
        language.append(("secondary_languages", second))
    return [
        ("model_id", options.model),
        ("audio_format", f"pcm_{options.rate}"),
        ("commit_strategy", "manual"),
        *language,
        *(("keyterms", term) for term in options.keyterms),
    ]


def _tag(code: object) -> str:
    return _SHORT.get(code, code) if isinstance(code, str) else ""
