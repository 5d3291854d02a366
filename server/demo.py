"""What the demo line of a fresh server says."""

from __future__ import annotations

from typing import Any

LANGUAGE = "en-IN"
VOICE: dict[str, Any] = {"provider": "nextneural", "model": "embedded", "speaker": "auto", "language_code": LANGUAGE}


def plan(greeting: str) -> dict[str, Any]:
    """The call plan of the front desk: every stage embedded, no key needed."""
    return {
        "language": LANGUAGE,
        "greeting": greeting,
        "stt": {"provider": "embedded", "options": {}},
        "llm": {"provider": "embedded", "options": {"script": "front_desk"}},
        "tts": {"provider": "embedded", "options": {"language": LANGUAGE}},
    }
