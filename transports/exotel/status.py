"""What Exotel's words for the state of a call mean. The same fields stand in its reports and in Call Details."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from transports.carrier import CarrierState, CarrierStatus

LONGEST_FIELD = 256
LONGEST_ADDRESS = 2048
LONGEST_CALL = 14_400
"""Seconds that Exotel lets any call last."""

OVER = frozenset(
    {
        CarrierState.COMPLETED,
        CarrierState.BUSY,
        CarrierState.NO_ANSWER,
        CarrierState.FAILED,
        CarrierState.CANCELED,
    }
)

_STATES = {
    "queued": CarrierState.QUEUED,
    "ringing": CarrierState.RINGING,
    "in-progress": CarrierState.IN_PROGRESS,
    "completed": CarrierState.COMPLETED,
    "failed": CarrierState.FAILED,
    "busy": CarrierState.BUSY,
    "no-answer": CarrierState.NO_ANSWER,
    "canceled": CarrierState.CANCELED,
    "cancelled": CarrierState.CANCELED,
}
_V3_STATES = {
    "completed": (CarrierState.COMPLETED, ""),
    "from_leg_unanswered": (CarrierState.NO_ANSWER, ""),
    "to_leg_unanswered": (CarrierState.NO_ANSWER, ""),
    "from_leg_cancelled": (CarrierState.CANCELED, ""),
    "from_leg_no_dial": (CarrierState.FAILED, "no_dial"),
    "to_leg_no_dial": (CarrierState.FAILED, "no_dial"),
}
_SOMEBODY = frozenset({"human", "machine", "notsure"})
_UP = frozenset({"in-progress", "answered", "completed"})


def v1_status(carrier_call: str, call: Mapping[str, Any], *, answered: bool = False) -> CarrierStatus | None:
    """None if its status is none that Exotel has. `answered`: we were told so otherwise.

    Exotel calls a call `in-progress` as soon as it has been accepted, so by itself the word says no more than that.
    """
    details = part(call, "Details")
    legs = [part(leg, "Leg") or leg for leg in _list(call.get("Legs")) or _list(details.get("Legs"))]
    by = [text(leg, "AnsweredBy").lower() for leg in (call, *legs)]
    talk = seconds(call.get("ConversationDuration", details.get("ConversationDuration")))
    state = _STATES.get(text(call, "Status").lower())
    if state is None:
        return None
    if state is CarrierState.IN_PROGRESS:
        spoke = talk or any(seconds(leg.get("OnCallDuration")) for leg in legs) or not _SOMEBODY.isdisjoint(by)
        first_leg = text(details, "Leg1Status").lower() or next((text(leg, "Status").lower() for leg in legs), "")
        if not (answered or spoke or first_leg in _UP):
            state = CarrierState.QUEUED
    if not talk and state is CarrierState.COMPLETED and len(legs) == 1:
        # A conversation is counted between two parties; a call to a bot may have but one.
        talk = seconds(legs[0].get("OnCallDuration", talk))
    return CarrierStatus(
        carrier_call,
        state,
        machine="machine" in by,
        talk_seconds=talk if state in OVER else None,
        recording=_address(call.get("RecordingUrl")),
    )


def v3_status(carrier_call: str, call: Mapping[str, Any]) -> CarrierStatus | None:
    """None if its status is none that Exotel has."""
    if text(call, "state") == "active":
        return CarrierStatus(carrier_call, CarrierState.RINGING)
    state, reason = _V3_STATES.get(text(call, "status"), (None, ""))
    if state is None:
        return None
    recordings = [_address(each.get("url")) for each in _list(call.get("recordings"))]
    return CarrierStatus(
        carrier_call,
        state,
        talk_seconds=seconds(call.get("total_talk_time")),
        reason=reason,
        recording=next(filter(None, recordings), ""),
    )


def sid(value: object) -> str:
    """A call's id, if it can be one, else empty."""
    return value if isinstance(value, str) and re.fullmatch(r"[A-Za-z0-9_-]{1,64}", value) else ""


def text(fields: Mapping[str, Any], name: str) -> str:
    """Empty if it is none. Without U+0000, which no database takes."""
    value = fields.get(name)
    return value.replace("\0", "")[:LONGEST_FIELD] if isinstance(value, str) else ""


def part(fields: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = fields.get(name)
    return value if isinstance(value, dict) else {}


def seconds(value: object) -> float | None:
    """From a number or its text; None if it is neither, or not to be believed."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) and 0 <= found <= 2 * LONGEST_CALL else None


def _address(value: object) -> str:
    """A URL, whole or not at all. Whether it leads to Exotel is asked before it is followed."""
    found = isinstance(value, str) and re.fullmatch(rf"https?://[!-~]{{1,{LONGEST_ADDRESS}}}", value)
    return value if isinstance(value, str) and found else ""


def _list(value: object) -> Sequence[Mapping[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
