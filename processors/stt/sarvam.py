"""Sarvam's recognisers of Indian languages: the streaming one, and the realtime one that has partial texts.

The wire: docs.sarvam.ai, "Streaming speech to text" and "Realtime speech to text".
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, AsyncIterable
from contextlib import aclosing
from typing import Annotated, Literal, Self

from aiohttp import ClientSession
from pydantic import BaseModel, Field, SecretStr, field_validator, model_validator

from pipeline.frames import Transcript
from processors.ports import ListenFrame, SpeechToText
from processors.sarvam_account import BASE_URL, UNDERSTOOD, connected, tongue
from processors.stt import sarvam_sockets as sockets
from processors.stt.sarvam_session import Session

DETECTED = ("unknown", "auto")
MIXED = "-en"
"""Ends the code of a language that is mixed with English: `hi-en`."""
_MODELS = {"streaming": ("saaras:v4", "saaras:v3"), "realtime": ("saaras:v3-realtime", "saaras:v4")}
"""By socket, its default first."""

Mode = Literal["transcribe", "translate", "verbatim", "translit", "codemix"]


class Options(BaseModel, extra="forbid"):
    api_key: SecretStr = Field(SecretStr(""), description="Empty: the organisation's account with Sarvam is used")
    base_url: str = BASE_URL
    socket: Literal["streaming", "realtime"] = Field("streaming", description="realtime has partial texts")
    model: Literal["", "saaras:v4", "saaras:v3", "saaras:v3-realtime"] = Field(
        "", description="Empty: saaras:v4 of the streaming socket, saaras:v3-realtime of the realtime one"
    )
    language: str = Field(
        "unknown", description="BCP 47 tag; unknown: it is detected; hi-en and the like: mixed with English"
    )
    mode: Mode | None = Field(None, description="Null: codemix for a mixed language, else transcribe")
    rate: Literal[8000, 16000] = Field(16000, description="Hertz; a telephone brings no more than 8000")
    stream_type: Literal["fast", "balanced", "simulated"] = Field("fast", description="Of the realtime socket")
    keyterms: list[Annotated[str, Field(min_length=1, max_length=64)]] = Field(
        [], max_length=50, description="Words that are likely to be said; saaras:v4 only"
    )
    connect_timeout_seconds: float = Field(3, gt=0, le=30)
    final_timeout_seconds: float = Field(2, gt=0, le=30, description="From the end of speech to its final text")

    @field_validator("language")
    @classmethod
    def _understood(cls, language: str) -> str:
        if language not in DETECTED and tongue(language) not in UNDERSTOOD:
            raise ValueError(f"Sarvam understands {', '.join(UNDERSTOOD)}")
        return language

    @model_validator(mode="after")
    def _fits(self) -> Self:
        models = _MODELS[self.socket]
        if self.model and self.model not in models:
            raise ValueError(f"model: the {self.socket} socket has {' and '.join(models)}")
        if self.keyterms and self.known_model != "saaras:v4":
            raise ValueError("keyterms: only saaras:v4 takes any")
        return self

    @property
    def known_model(self) -> str:
        return self.model or _MODELS[self.socket][0]

    @property
    def known_mode(self) -> Mode:
        return self.mode or ("codemix" if self.language.lower().endswith(MIXED) else "transcribe")


class SarvamStt:
    def __init__(self, options: Options, http: ClientSession) -> None:
        self.rate: int = options.rate
        self._options = options
        self._http = http
        self._session: Session | None = None

    def listen_for(self, language: str) -> None:
        """The streaming socket is told with its next connection."""
        if self._options.language in DETECTED or tongue(language) not in UNDERSTOOD:
            return
        self._options = self._options.model_copy(update={"language": language})
        if self._session is not None:
            self._session.listen_for(_realtime_code(language))

    async def transcribe(self, heard: AsyncIterable[ListenFrame]) -> AsyncGenerator[Transcript, None]:
        """The socket is opened at once, so that it is there before the first word."""
        options = self._options
        wire = sockets.Realtime() if options.socket == "realtime" else sockets.Streaming(options.rate)
        opening = connected(
            self._http,
            options.base_url,
            wire.path,
            _query(options),
            options.api_key,
            seconds=options.connect_timeout_seconds,
        )
        async with opening as socket:
            session = self._session = Session(socket, wire, options.rate, options.final_timeout_seconds)
            async with aclosing(session.texts(heard, options.connect_timeout_seconds)) as texts:
                async for text in texts:
                    yield text


def create(options: Options, http: ClientSession) -> SpeechToText:
    return SarvamStt(options, http)


def _realtime_code(language: str) -> str:
    return "or-IN" if tongue(language) == "od" else f"{tongue(language)}-IN"


def _query(options: Options) -> dict[str, str]:
    code = tongue(options.language)
    terms = {"keyterms": json.dumps(options.keyterms, ensure_ascii=False)} if options.keyterms else {}
    common = {"model": options.known_model, "mode": options.known_mode, "sample_rate": str(options.rate), **terms}
    if options.socket == "realtime":
        return {
            "language_code": "auto" if options.language in DETECTED else _realtime_code(code),
            "stream_type": options.stream_type,
            "endpointing": "manual",  # ours says where speech begins and ends
            "encoding": "linear16",
            **common,
        }
    return {
        "language-code": "unknown" if options.language in DETECTED else f"{code}-IN",  # with a hyphen here alone
        "input_audio_codec": "pcm_s16le",
        "vad_signals": "true",
        "flush_signal": "true",
        **common,
    }
