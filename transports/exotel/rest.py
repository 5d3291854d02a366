"""Exotel's REST API, version 1, as text: the form that places a call, and what the answers say."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from urllib.parse import urlencode

import orjson

from transports.carrier import CarrierError, CarrierStatus, Dial, Trouble
from transports.exotel.account import ExotelAccount
from transports.exotel.status import LONGEST_CALL, part, sid, text, v1_status

IST = timezone(timedelta(hours=5, minutes=30), "IST")
"""Exotel writes the account's local time, without an offset."""
LONGEST_CUSTOM_FIELD = 128
LONGEST_STREAM_URL = 599
RETRY_AFTER = 60.0
"""Seconds to wait after a 429 that does not say how long: the limit counts by the minute."""
LONGEST_RETRY_AFTER = 300.0
PAGE = 100
"""Calls on one page of a list, which is Exotel's most."""

_NOT_THIS_NUMBER = re.compile(
    r"\bn?dnc\b|\bdnd\b|do[ -]not[ -](call|disturb)|\bopted[ -]?out\b|\bnumber\b.*\bregulat|\bregulat.*\bnumber\b",
    re.I | re.S,
)
_ABOUT_FROM = re.compile(r"\bfrom\b", re.I)
_BALANCE = re.compile(r"\bbalance\b|\bcredits?\b|\brecharge\b", re.I)
_OF_EVERY_CALL = re.compile(
    r"caller ?id|exophone|url\b|app ?id|applet|\bflow\b|stream|callback|custom ?field|time ?(limit|out)|call ?type",
    re.I,
)


class UnreadableError(ValueError):
    """An answer that is not what Exotel documents. Its text names what is missing, and holds nothing of the answer."""


def connect_form(account: ExotelAccount, call: Dial, *, status_url: str, stream_url: str) -> bytes:
    """The body of a request that places a call. Raises CarrierError if Exotel would not take it from any call."""
    if not 0 < len(call.call) <= LONGEST_CUSTOM_FIELD:
        raise CarrierError(Trouble.ACCOUNT, f"CustomField takes 1 to {LONGEST_CUSTOM_FIELD} characters")
    fields = [("From", call.to_number), ("CallerId", call.from_number)]
    if account.mode == "flow":
        fields += [("Url", account.flow), ("TimeOut", str(call.ring_seconds))]
    else:  # in which TimeOut is not documented
        if not stream_url.startswith(("ws://", "wss://")) or len(stream_url) > LONGEST_STREAM_URL:
            raise CarrierError(Trouble.ACCOUNT, f"StreamUrl takes a ws URL of at most {LONGEST_STREAM_URL} characters")
        fields += [("StreamUrl", stream_url), ("StreamType", "bidirectional")]
    fields += [
        ("CallType", "trans"),
        ("TimeLimit", str(min(call.max_seconds, LONGEST_CALL))),
        ("CustomField", call.call),
        ("StatusCallback", status_url),
        ("StatusCallbackEvents[]", "terminal"),
        ("StatusCallbackEvents[]", "answered"),
        ("StatusCallbackContentType", "application/json"),
    ]
    return urlencode(fields).encode()


def read_placed(body: bytes) -> str:
    """The id of a call that was accepted. Raises UnreadableError."""
    return _sid(_call(body))


def read_details(body: bytes) -> CarrierStatus:
    """Raises UnreadableError."""
    call = _call(body)
    status = v1_status(_sid(call), call)
    if status is None:
        raise UnreadableError("no status of a call")
    return status


@dataclass(frozen=True, slots=True)
class ListedCall:
    """A line of the list of calls."""

    carrier_call: str
    customer: str = field(repr=False)
    exophones: tuple[str, ...] = field(repr=False)
    """Either of these is the number that called."""
    created: datetime | None
    """To the second, cut."""
    custom: str | None
    """None where the list does not tell it."""


def read_page(body: bytes) -> tuple[Sequence[ListedCall], str]:
    """The calls of a page, and the URL or path of the next, empty on the last. Raises UnreadableError."""
    page = _object(body)
    calls, metadata = page.get("Calls"), page.get("Metadata")
    if not isinstance(calls, list) or not isinstance(metadata, dict):
        raise UnreadableError("no list of calls")
    following = metadata.get("NextPageUri") or ""
    if not isinstance(following, str):
        raise UnreadableError("no next page's address")
    return [_listed(call) for call in calls], following


def between(earliest: datetime, latest: datetime) -> str:
    """A condition on `DateCreated`, both ends included."""
    return f"gte:{_ist(earliest)};lte:{_ist(latest)}"


def read_time(value: object) -> datetime | None:
    """Exotel's local time → UTC. None if it is no time, or the placeholder for none."""
    try:
        at = datetime.strptime(value, "%Y-%m-%d %H:%M:%S").replace(tzinfo=IST) if isinstance(value, str) else None
    except ValueError:
        return None
    return at.astimezone(UTC) if at is not None and at.year > 1970 else None


def number_forms(number: str) -> Sequence[str]:
    """How Exotel may have written down an E.164 number: so, or as one dials it within India."""
    return (number, "0" + number[3:]) if number.startswith("+91") else (number,)


def same_number(one: str, other: str) -> bool:
    """Whether two spellings of a number, with or without a country code, mean the same line."""
    short, long = sorted((re.sub(r"\D", "", each).lstrip("0") for each in (one, other)), key=len)
    return len(short) >= 7 and long.endswith(short)


def refusal(status: int, headers: Mapping[str, str], body: bytes) -> CarrierError:
    """What an answer to a dial other than 2xx means. Nothing that Exotel wrote gets into the error's text."""
    code, message = _exception(body)
    detail = f"Exotel answered {status}" + (f", code {code}" if code else "")
    match status:
        case 429:
            return CarrierError(Trouble.BUSY_LINE, detail, retry_after=retry_after(headers))
        case 400 | 403 | 422 if _BALANCE.search(message):
            return CarrierError(Trouble.BALANCE, detail)
        case 400 | 422 if _ABOUT_FROM.match(message) or not _OF_EVERY_CALL.search(message):
            # Also where Exotel does not say what is wrong: all else in the form is the same for every call, and what
            # is wrong with every call is found out by the first few of them.
            return CarrierError(Trouble.INVALID_NUMBER, detail)
        case 402:
            return CarrierError(Trouble.BALANCE, detail)
        case 403 if _NOT_THIS_NUMBER.search(message):
            return CarrierError(Trouble.REFUSED, detail)
        case 408 | 409:
            return CarrierError(Trouble.DOUBT, detail)
        case _ if 400 <= status < 500:
            return CarrierError(Trouble.ACCOUNT, detail)
    return CarrierError(Trouble.DOUBT, detail)


def retry_after(headers: Mapping[str, str]) -> float:
    """Seconds."""
    told = headers.get("Retry-After", "").strip()
    if not re.fullmatch(r"[0-9]{1,9}", told):
        return RETRY_AFTER
    return min(max(float(told), 1.0), LONGEST_RETRY_AFTER)


def _exception(body: bytes) -> tuple[str, str]:
    """Code and message of an error: JSON, else XML, else whatever text it is."""
    try:
        told = part(_object(body), "RestException")
        return re.sub(r"[^0-9]", "", str(told.get("Code", "")))[:6], text(told, "Message")
    except UnreadableError:
        # No parser of XML: two short elements are worth none of the risks of one.
        written = body[:4096].decode(errors="replace")
        code = re.search(r"<Code>\s*([0-9]{1,6})\s*</Code>", written)
        message = re.search(r"<Message>(.*?)</Message>", written, re.S)
        return code[1] if code else "", html.unescape(message[1]) if message else written


def _object(body: bytes) -> dict[str, Any]:
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise UnreadableError("no JSON") from None
    if not isinstance(found, dict):
        raise UnreadableError("no object")
    return found


def _call(body: bytes) -> Mapping[str, Any]:
    return part(_object(body), "Call")


def _sid(call: Mapping[str, Any]) -> str:
    found = sid(call.get("Sid"))
    if not found:
        raise UnreadableError("no Sid of a call")
    return found


def _listed(line: object) -> ListedCall:
    call = (part(line, "Call") or line) if isinstance(line, dict) else {}
    return ListedCall(
        carrier_call=_sid(call),
        customer=text(call, "From"),
        exophones=(text(call, "To"), text(call, "PhoneNumberSid")),
        created=read_time(call.get("DateCreated")),
        custom=text(call, "CustomField") or None,
    )


def _ist(at: datetime) -> str:
    return at.astimezone(IST).strftime("%Y-%m-%d %H:%M:%S")
