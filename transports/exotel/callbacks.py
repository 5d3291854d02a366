"""Exotel's status reports, in whichever of three encodings they come.

They are unsigned: whoever takes one checks its token first, and asks Call Details before believing that a call is over.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from urllib.parse import parse_qsl

import orjson

from transports.carrier import CarrierState, CarrierStatus
from transports.exotel.status import LONGEST_FIELD, OVER, part, sid, text, v1_status, v3_status

LONGEST_REPORT = 16_384
"""Bytes; one with two legs has about 1,000."""
MOST_FIELDS = 100
LONGEST_HEAD = 256
"""Characters of a header that are looked at."""

_BOUNDARY = re.compile(r'\bboundary="?([!-:<-~]{1,70}?)"?\s*(?:;|$)', re.I)
_NAME = re.compile(rb'\bform-data;[^\r\n]*?\bname="([^"\r\n]{1,100})"', re.I)


class Event(StrEnum):
    RINGING = "ringing"
    ANSWERED = "answered"
    TERMINAL = "terminal"


@dataclass(frozen=True, slots=True)
class StatusReport:
    """One delivery. Exotel repeats them and keeps no order."""

    event: Event
    status: CarrierStatus
    custom: str = field(default="", repr=False)
    """What was given as CustomField; empty where it is not told."""

    @property
    def carrier_call(self) -> str:
        return self.status.carrier_call


class ReportError(ValueError):
    """A body that is no report. `kind` is a short fixed word for a metric."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


def read_report(content_type: str, body: bytes) -> StatusReport:
    """Raises ReportError."""
    if len(body) > LONGEST_REPORT:
        raise ReportError("too_long")
    fields = _fields(content_type, body)
    if details := part(fields, "call_details") or part(part(fields, "response"), "call_details"):
        return _v3(details)
    told = text(fields, "EventType").lower()
    status = v1_status(_sid(fields, "CallSid"), fields, answered=told == Event.ANSWERED)
    if status is None:
        raise ReportError("bad_status")
    event = _event(status.state)
    if told == Event.TERMINAL and event is not Event.TERMINAL:
        raise ReportError("not_terminal")
    return StatusReport(event, status, text(fields, "CustomField"))


def _v3(details: Mapping[str, Any]) -> StatusReport:
    status = v3_status(_sid(details, "sid"), details)
    if status is None:
        raise ReportError("bad_status")
    return StatusReport(_event(status.state), status, text(details, "custom_field"))


def _event(state: CarrierState) -> Event:
    """A late report of the answer may hold the call's end: what it says of the call counts, not what it is called."""
    if state in OVER:
        return Event.TERMINAL
    return Event.ANSWERED if state is CarrierState.IN_PROGRESS else Event.RINGING


def _sid(fields: Mapping[str, Any], name: str) -> str:
    found = sid(fields.get(name))
    if not found:
        raise ReportError("no_call_sid")
    return found


def _fields(content_type: str, body: bytes) -> Mapping[str, Any]:
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        return _nested(_multipart(content_type, body))
    if kind == "application/json" or body.lstrip()[:1] == b"{":
        try:
            fields = orjson.loads(body)
        except orjson.JSONDecodeError:
            raise ReportError("bad_json") from None
        if not isinstance(fields, dict):
            raise ReportError("not_an_object")
        return fields
    try:
        return _nested(dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS)))
    except ValueError:  # of which UnicodeDecodeError is one
        raise ReportError("bad_form") from None


def _multipart(content_type: str, body: bytes) -> dict[str, str]:
    """The fields of a form without files; a parser of whole mails takes ten times as long."""
    boundary = _BOUNDARY.search(content_type[:LONGEST_HEAD])
    if boundary is None:
        raise ReportError("bad_multipart")
    parts = (b"\r\n" + body).split(b"\r\n--" + boundary[1].encode(), MOST_FIELDS + 1)[1:]
    if not parts or not parts[-1].startswith(b"--"):
        raise ReportError("bad_multipart")
    fields: dict[str, str] = {}
    for each in parts[:-1]:
        head, _, value = each.partition(b"\r\n\r\n")
        if name := _NAME.search(head[:LONGEST_HEAD]):
            fields[name[1].decode(errors="replace")] = value.decode(errors="replace")
    return fields


def _nested(form: dict[str, str]) -> dict[str, Any]:
    """`Legs[0][Status]` → the list that JSON has. Exotel does not document how it writes legs in a form."""
    legs: dict[int, dict[str, str]] = {}
    for name, value in form.items():
        if found := re.fullmatch(r"Legs\[(\d)]\[(\w+)]", name):
            legs.setdefault(int(found[1]), {})[found[2]] = value[:LONGEST_FIELD]
    return {**form, "Legs": [legs[at] for at in sorted(legs)]}
