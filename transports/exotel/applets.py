"""What the applets of an Exotel flow ask over HTTP, and what the Connect applet is told.

Exotel documents a GET with the call's data in the query, and on other pages a POST, as a form or as JSON: all are read,
whatever the case of their names. Every field may be missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from urllib.parse import parse_qsl

import orjson

from transports.exotel.status import LONGEST_FIELD

LONGEST_BODY = 16_384
MOST_FIELDS = 100


class AppletError(ValueError):
    """A body that cannot be read. Its text is a short fixed word for a log."""


class DialState(StrEnum):
    """What has become of a number that the Connect applet dialled."""

    DIALLED = "dialled"
    ANSWERED = "answered"
    OVER = "over"
    """The conversation has ended."""
    DECLINED = "declined"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    CALLER_LEFT = "caller_left"
    FAILED = "failed"


_BY_STATUS = {
    "queued": DialState.DIALLED,
    "initiated": DialState.DIALLED,
    "dialing": DialState.DIALLED,
    "ringing": DialState.DIALLED,
    "answered": DialState.ANSWERED,
    "in-progress": DialState.ANSWERED,
    "connected": DialState.ANSWERED,
    "completed": DialState.OVER,
    "busy": DialState.BUSY,
    "declined": DialState.DECLINED,
    "rejected": DialState.DECLINED,
    "no-answer": DialState.NO_ANSWER,
    "noanswer": DialState.NO_ANSWER,
    "unanswered": DialState.NO_ANSWER,
    "canceled": DialState.CALLER_LEFT,
    "cancelled": DialState.CALLER_LEFT,
    "client-hangup": DialState.CALLER_LEFT,
    "failed": DialState.FAILED,
}
_BY_EVENT = {"dial": DialState.DIALLED, "answered": DialState.ANSWERED, "answer": DialState.ANSWERED}


def read_fields(query: Iterable[tuple[str, str]], content_type: str, body: bytes) -> dict[str, str]:
    """By their names in small letters; a body's fields win. Raises AppletError."""
    found: dict[str, Any] = dict(query)
    if len(body) > LONGEST_BODY:
        raise AppletError("too_long")
    if body.strip():
        found |= _of_body(content_type, body)
    return {
        name.lower(): str(value)[:LONGEST_FIELD].strip().strip('"')
        for name, value in found.items()
        if isinstance(value, str | int | float)
    }


def _of_body(content_type: str, body: bytes) -> dict[str, Any]:
    if "json" in content_type or body.lstrip()[:1] == b"{":
        try:
            fields = orjson.loads(body)
        except orjson.JSONDecodeError:
            raise AppletError("bad_json") from None
        if not isinstance(fields, dict):
            raise AppletError("not_an_object")
        return fields
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS))
    except ValueError:  # of which UnicodeDecodeError is one
        raise AppletError("bad_form") from None


def dial_state(fields: Mapping[str, str]) -> DialState | None:
    """None if nothing of it is understood. Names as of `read_fields`."""
    if fields.get("calltype", "").lower() == "client-hangup":
        return DialState.CALLER_LEFT
    for name in ("dialcallstatus", "dialstatus", "status", "callstatus"):
        told = fields.get(name, "").lower().replace("_", "-").replace(" ", "-")
        if told in _BY_STATUS:
            return _BY_STATUS[told]
    return _BY_EVENT.get(fields.get("eventtype", "").lower())


@dataclass(frozen=True, slots=True)
class Connection:
    """Whom the Connect applet is to dial, and how."""

    number: str = field(repr=False)
    """E.164."""
    caller_id: str = field(repr=False)
    """Ours, that the callee sees."""
    ring_seconds: int
    talk_seconds: int
    is_recorded: bool
    whisper: str = field(repr=False)
    """Read out to the callee alone before the two hear each other; empty: nothing."""
    events_url: str = field(repr=False)
    asks_again: bool
    """The applet asks for another number if this one does not answer."""

    def told(self) -> dict[str, Any]:
        answer: dict[str, Any] = {
            "fetch_after_attempt": self.asks_again,
            "destination": {"numbers": [self.number]},
            "outgoing_phone_number": self.caller_id,
            "record": self.is_recorded,
            "max_ringing_duration": self.ring_seconds,
            "max_conversation_duration": self.talk_seconds,
            "music_on_hold": {"type": "operator_tone"},
            "parallel_ringing": {"activate": False},
            "dial_passthru_event_url": self.events_url,
        }
        if self.is_recorded:
            answer["recording_channels"] = "dual"
        if self.whisper:
            answer["start_call_playback"] = {"playback_to": "callee", "type": "text", "value": self.whisper}
        return answer


NOBODY: Mapping[str, Any] = {"fetch_after_attempt": False, "destination": {"numbers": []}}
"""For an applet that asks again when nobody is left."""
