"""The words of our own pages: the call's story as it is, and a few requests."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson

from transports.webrtc.language import Asked, Json

LONGEST_TEXT = 2000
DIGITS = frozenset("0123456789*#ABCD")
MOST_DIGITS = 32


class Plain:
    """`{"type": "dtmf", "digits": "12#"}`, `{"type": "text", "text": "..."}`, `{"type": "end"}`, `{"type": "ping"}`."""

    def told(self, message: Json) -> Sequence[Json]:
        return (message,)

    def speaking(self, on: bool) -> Sequence[Json]:
        return ()

    def farewell(self) -> Sequence[Json]:
        return ()

    def asked(self, text: str) -> Asked:
        try:
            message = orjson.loads(text)
        except orjson.JSONDecodeError:
            return _wrong("The message is no JSON", "bad_json")
        match message:
            case {"type": "dtmf", "digits": str(digits)}:
                return Asked(digits=digits) if are_keys(digits) else _wrong(KEYS, "bad_digit")
            case {"type": "text", "text": str(words)}:
                return Asked(text=words.strip()) if is_sayable(words) else _wrong(TEXT, "bad_text")
            case {"type": "end"}:
                return Asked(leaves=True)
            case {"type": "ping"}:
                return Asked(answers=({**message, "type": "pong"},), pings=True)
        return _wrong("type must be dtmf, text, end or ping, with what belongs to it", "unknown_event")


KEYS = f"digits must be 1 to {MOST_DIGITS} of 0-9, *, #, A-D"
TEXT = f"text must have 1 to {LONGEST_TEXT} characters"


def are_keys(digits: str) -> bool:
    return 0 < len(digits) <= MOST_DIGITS and DIGITS.issuperset(digits)


def is_sayable(words: Any) -> bool:
    return isinstance(words, str) and len(words.strip()) > 0 and len(words) <= LONGEST_TEXT


def _wrong(sentence: str, kind: str) -> Asked:
    return Asked(answers=({"type": "error", "error": sentence},), trouble=kind)
