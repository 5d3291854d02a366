"""What the demo line of a fresh server says."""

from __future__ import annotations

from typing import Any

from processors.script.script import shipped

LANGUAGE = "en-IN"
VOICE: dict[str, Any] = {"provider": "nextneural", "model": "embedded", "speaker": "auto", "language_code": LANGUAGE}


SCRIPT = "front_desk"


def plan() -> dict[str, Any]:
    """The call plan of the front desk: every stage embedded, no key needed."""
    script = shipped(SCRIPT)
    return {
        "language": LANGUAGE,
        "greeting": script.greeting,
        "variables": script.facts,
        "stt": {"provider": "embedded", "options": {}},
        "llm": {"provider": "embedded", "options": {"script": SCRIPT}},
    }
