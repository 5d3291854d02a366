"""The languages of the source by its codes, what they are called, and who among the providers speaks and hears them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

NAMES: Mapping[str, str] = {
    "en": "English",
    "hi": "Hindi",
    "hi-en": "Hindi mixed with English",
    "ta": "Tamil",
    "te": "Telugu",
    "kn": "Kannada",
    "mr": "Marathi",
    "bn": "Bengali",
    "gu": "Gujarati",
    "ml": "Malayalam",
    "pa": "Punjabi",
}
"""All eleven that a contact may prefer. Each stands for the language as it is spoken in India."""
MIXED = "hi-en"
_ALL = frozenset(("en", "hi", "ta", "te", "kn", "mr", "bn", "gu", "ml", "pa"))
_OPENAI = frozenset(("en", "hi", "kn", "mr", "ta"))
SPOKEN: Mapping[str, frozenset[str]] = {
    "embedded": _ALL,
    "sarvam": _ALL,
    "elevenlabs": frozenset(("en", "hi", "ta")),
    "openai": _OPENAI,
}
"""By the voices' provider, as its documents say. ElevenLabs: of the models that its socket has."""
HEARD: Mapping[str, frozenset[str]] = {
    "embedded": frozenset(("en",)),
    "sarvam": _ALL,
    "elevenlabs": _ALL,
    "openai": _OPENAI,
}
"""By the recognisers' provider."""
DETECTED = ("", "unknown", "auto")
"""What a recogniser's `language` says where it is to find out."""


def tongue(code: str) -> str:
    """The language itself: of `hi-IN`, `hi` and `hi-en` it is `hi`."""
    return code.lower().partition("-")[0]


def tag(code: str) -> str:
    """A code of the source as a BCP 47 tag; a mixed one stays as it is, as any that is a tag already."""
    return f"{code}-IN" if code in NAMES and code != MIXED else code


def name(code: str) -> str:
    """In English, for a language model; the code itself where it is none of ours."""
    return NAMES.get(code.lower(), NAMES.get(tongue(code), code))


def mixes(code: str) -> bool:
    return code.lower() == MIXED


def speaks(provider: str, options: Mapping[str, Any], code: str) -> bool:
    """Whether this voice can be used for it. One that was told a language speaks that one."""
    return _can(SPOKEN, provider, options, code)


def hears(provider: str, options: Mapping[str, Any], code: str) -> bool:
    """Whether this recogniser can be used for it. One that was told a language understands that one."""
    return _can(HEARD, provider, options, code)


def _can(known: Mapping[str, frozenset[str]], provider: str, options: Mapping[str, Any], code: str) -> bool:
    told = str(options.get("language") or "")
    if told not in DETECTED:
        return tongue(told) == tongue(code)
    return tongue(code) in known.get(provider, ())
