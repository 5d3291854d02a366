"""The providers and voices that there are, handed over as data: this package knows no sound."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

Stage = Literal["stt", "llm", "tts", "realtime"]
STAGES: tuple[Stage, ...] = ("stt", "llm", "tts", "realtime")

OWN = "nextneural"
"""The voice provider that this server is itself: the embedded voices and the organisations' deployed speakers."""
VOICE_PROVIDERS = (OWN, "sarvam", "elevenlabs")
"""Those that the documents name."""


@dataclass(frozen=True, slots=True)
class Provider:
    """One module that fits a stage."""

    stage: Stage
    name: str
    schema: Mapping[str, Any]
    """JSON schema of its options; what is secret is marked `writeOnly`."""
    needs_key: bool
    """It works only with credentials of the organisation's own."""


@dataclass(frozen=True, slots=True)
class Voice:
    """A voice that somebody can choose."""

    id: str
    provider: str
    """As flows and agents name it: `nextneural` is the server's own."""
    model: str
    speaker: str
    language_code: str
    language_name: str


class SampleError(Exception):
    """A voice could not be made to speak."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Filled in by whoever puts the server together.

    What is called here and not awaited may load the providers' modules the first time: for a thread.
    """

    voices: Sequence[Voice] = ()
    """Of the server's own: those that can be listened to."""
    voice_providers: Sequence[str] = VOICE_PROVIDERS
    """What an agent or a flow may name as the provider of its voice."""
    providers: Callable[[], Sequence[Provider]] = lambda: ()
    check_plan: Callable[[Mapping[str, Any]], str | None] = lambda config: None
    """What is wrong with a call plan in one sentence, or None. It names a field, and shows no value of an option."""
    secrets: Callable[[Stage, str], frozenset[str]] = lambda stage, name: frozenset()
    """Names of a provider's options that are secret."""
    sample: Callable[[Voice], Awaitable[Path]] | None = None
    """A WAV file in which one of `voices` says a few words, made when first asked for. Raises SampleError."""


def language_name(code: str) -> str:
    """In English, by BCP 47 tag; the tag itself where the language is not among those known."""
    return _LANGUAGES.get(code.lower().partition("-")[0], code)


_LANGUAGES = {
    "ar": "Arabic",
    "as": "Assamese",
    "bn": "Bengali",
    "de": "German",
    "en": "English",
    "es": "Spanish",
    "fr": "French",
    "gu": "Gujarati",
    "hi": "Hindi",
    "id": "Indonesian",
    "it": "Italian",
    "ja": "Japanese",
    "kn": "Kannada",
    "ko": "Korean",
    "ml": "Malayalam",
    "mr": "Marathi",
    "ne": "Nepali",
    "nl": "Dutch",
    "od": "Odia",
    "or": "Odia",
    "pa": "Punjabi",
    "pl": "Polish",
    "pt": "Portuguese",
    "ru": "Russian",
    "si": "Sinhala",
    "ta": "Tamil",
    "te": "Telugu",
    "tr": "Turkish",
    "ur": "Urdu",
    "zh": "Chinese",
}
