"""OpenAI's Realtime: one model that hears and speaks, behind the three ports of a call.

What it does of its own accord elsewhere is ours here: where speech ends, whose turn it is, what is said word for word.
"""

from __future__ import annotations

from functools import partial
from typing import Any, Literal
from urllib.parse import urlencode

from aiohttp import ClientSession
from pydantic import BaseModel, Field, SecretStr

from pipeline.audio import Codec
from processors.json_socket import json_socket
from processors.realtime.answer import PROVIDER
from processors.realtime.ear import Ear
from processors.realtime.hearsay import Hearsay
from processors.realtime.mind import Mind
from processors.realtime.session import Session
from processors.realtime.voice import Voice
from processors.speech_to_speech import SpeechToSpeech
from processors.stt import openai as stt

RECONNECT = 2.0
"""Seconds that an answer waits for a connection beside those that connecting may take: so long the call rests before
it opens a broken one again."""
_FORMATS = {"pcm16": "audio/pcm", "mulaw": "audio/pcmu", "alaw": "audio/pcma"}


class Options(BaseModel, extra="forbid"):
    api_key: SecretStr = Field(SecretStr(""), description="Empty for a local server that asks for none")
    base_url: str = "https://api.openai.com/v1"
    model: str = Field("gpt-realtime-2.1", min_length=1)
    voice: str = Field("marin", min_length=1, max_length=64)
    speed: float = Field(1.0, ge=0.25, le=1.5)
    codec: Codec = Field("pcm16", description="mulaw and alaw go at 8 kHz: a sixth of the bytes, for telephone lines")
    max_tokens: int | None = Field(None, ge=1, le=4096, description="For one answer, its sound included")
    reasoning: Literal["minimal", "low", "medium", "high", "xhigh"] | None = Field(
        None, description="How hard a model that reasons thinks; None: its own measure"
    )
    transcription_model: str = Field("gpt-realtime-whisper", min_length=1)
    language: str = Field("", description="BCP 47 tag of what is spoken; empty: it is detected")
    noise_reduction: Literal["near_field", "far_field"] | None = None
    sentence_model: str = Field("gpt-4o-mini-tts", min_length=1, description="Speaks what is said word for word")
    connect_timeout_seconds: float = Field(3, gt=0, le=30)
    final_timeout_seconds: float = Field(5, gt=0, le=30, description="From the end of speech to its text")
    first_sound_timeout_seconds: float = Field(5, gt=0, le=30, description="From the request to the answer's beginning")
    between_timeout_seconds: float = Field(4, gt=0, le=30, description="Between two pieces of an answer")

    @property
    def rate(self) -> int:
        return 24000 if self.codec == "pcm16" else 8000


def create(options: Options, http: ClientSession) -> SpeechToSpeech:
    """For one call."""
    key = options.api_key.get_secret_value()
    session = Session(
        options.rate,
        options.codec,
        connect=options.connect_timeout_seconds + RECONNECT,
        first=options.first_sound_timeout_seconds,
        between=options.between_timeout_seconds,
    )
    connect = partial(
        json_socket,
        PROVIDER,
        http,
        f"{options.base_url.rstrip('/')}/realtime?{urlencode({'model': options.model})}",
        headers={"Authorization": f"Bearer {key}"} if key else {},
        seconds=options.connect_timeout_seconds,
    )
    ear = Ear(
        session,
        connect,
        settings=_settings(options),
        codec=options.codec,
        language=options.language,
        rate=options.rate,
        begin_seconds=options.connect_timeout_seconds,
        final_seconds=options.final_timeout_seconds,
    )
    sentences = {
        "api_key": key,
        "base_url": options.base_url,
        "model": options.sentence_model,
        "voice": options.voice,
        "speed": options.speed,
    }
    return SpeechToSpeech(ear, Mind(session), Hearsay(session), partial(Voice, options.rate), sentences)


def _settings(options: Options) -> dict[str, Any]:
    form: dict[str, Any] = {"type": _FORMATS[options.codec]}
    if options.codec == "pcm16":
        form["rate"] = options.rate
    heard = stt.listening(
        stt.Options(
            model=options.transcription_model, language=options.language, noise_reduction=options.noise_reduction
        )
    )
    settings: dict[str, Any] = {
        "type": "realtime",
        "output_modalities": ["audio"],
        "audio": {
            "input": {**heard, "format": form},
            "output": {"format": form, "voice": options.voice, "speed": options.speed},
        },
    }
    if options.max_tokens is not None:
        settings["max_output_tokens"] = options.max_tokens
    if options.reasoning is not None:
        settings["reasoning"] = {"effort": options.reasoning}
    return settings
