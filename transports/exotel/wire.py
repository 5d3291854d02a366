"""Exotel's Voicebot messages, without sockets: text → events, and sound, marks and clears → text.

Exotel's pages and samples differ in details, so reading is tolerant: numbers may be strings, keys snake_case or
camelCase, and every field but `event` may be missing. `bit_rate` is bits on one page and kbit/s on another: unused.
"""

from __future__ import annotations

import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import orjson

from pipeline.audio import Codec, encode

RATES = (8000, 16000, 24000)
LONGEST_FIELD = 256
"""Characters of an id, a number or a custom parameter that are kept."""

OutboundShape = Literal["extended", "minimal"]


class WireError(Exception):
    """A message that cannot be read. `kind` is one of a short list, fit for a metric's label."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


@dataclass(frozen=True, slots=True)
class Connected:
    """The socket is up; `start` follows."""


@dataclass(slots=True)  # not frozen: fifty a second for each call
class Start:
    """The caller is on the line."""

    stream_sid: str
    call_sid: str
    account_sid: str
    codec: Codec
    rate: int | None
    """None where the carrier does not say one of the three that it offers."""
    from_number: str = field(repr=False)
    to_number: str = field(repr=False)
    custom: Mapping[str, str] = field(repr=False)


@dataclass(slots=True)  # fifty a second for each call, like AudioIn
class Media:
    """The caller's sound."""

    payload: bytes = field(repr=False)
    """In the stream's codec; not always whole samples."""
    chunk: int
    """Counts up from 1; 0 where the carrier does not count."""


@dataclass(frozen=True, slots=True)
class Dtmf:
    digit: str


@dataclass(frozen=True, slots=True)
class Mark:
    """What we sent before the mark of this name has been played."""

    name: str


@dataclass(frozen=True, slots=True)
class Stop:
    """Nothing more will come. `reason` is `callended`, `stopped`, or empty."""

    reason: str


@dataclass(frozen=True, slots=True)
class Cleared:
    """The far end dropped what it had not played. Not in Exotel's documents, but some bridges send it."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """An event that is none of the above."""


Event = Connected | Start | Media | Dtmf | Mark | Stop | Cleared | Unknown


def parse(text: str | bytes) -> Event:
    """One message. Raises WireError."""
    try:
        message = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise WireError("bad_json") from None
    if type(message) is not dict:
        raise WireError("not_an_object")
    event = message.get("event")
    if event == "media":
        return _media(message)
    read = _READERS.get(event) if isinstance(event, str) else None
    if read is None:
        if not isinstance(event, str):
            raise WireError("no_event")
        return Unknown()
    return read(message)


def read_rate(value: object) -> int | None:
    """A sample rate as text or number, if it is one that Exotel offers."""
    return _RATE_NAMES.get(str(value))


class Writer:
    """Messages for one stream, ready to be sent.

    `extended` writes both spellings of the stream's id and counts messages, as Exotel's own senders do: some of its
    streams end early without. `minimal` is what its documents ask for.
    """

    def __init__(self, stream_sid: str, codec: Codec = "pcm16", shape: OutboundShape = "extended") -> None:
        sid = orjson.dumps(stream_sid)
        self._codec = codec
        self._extended = shape == "extended"
        self._ids = b'"stream_sid":' + sid + (b',"streamSid":' + sid if self._extended else b"")
        self._sound = b'{"event":"media",' + self._ids + b',"media":{"payload":"'
        self._counted = (
            b'{"event":"media",%s,"sequence_number":"%%d","media":{"chunk":"%%d","timestamp":"%%d",'
            b'"sequenceNumber":"%%d","payload":"'
        ) % self._ids.replace(b"%", b"%%")
        self._clear = b'{"event":"clear",' + self._ids + b"}"
        self._sent = 0

    def media(self, pcm: bytes, at: float) -> bytes:
        """`at` is seconds from the stream's start."""
        payload = binascii.b2a_base64(encode(pcm, self._codec), newline=False)
        if not self._extended:
            return b'%s%s"}}' % (self._sound, payload)
        self._sent = count = self._sent + 1
        return b'%s%s"}}' % (self._counted % (count, count, int(at * 1000), count), payload)

    def mark(self, name: str) -> bytes:
        return b'{"event":"mark",%s,"mark":{"name":%s}}' % (self._ids, orjson.dumps(name))

    def clear(self) -> bytes:
        return self._clear


def _media(message: dict[str, Any]) -> Media:
    media = message.get("media")
    if type(media) is not dict:
        raise WireError("no_media")
    try:
        payload = binascii.a2b_base64(media["payload"], strict_mode=True)
    except KeyError:
        raise WireError("no_media") from None
    except (ValueError, TypeError):  # binascii.Error is a ValueError, and so is text outside ASCII
        raise WireError("bad_base64") from None
    try:
        return Media(payload, int(media["chunk"]))
    except (KeyError, ValueError, TypeError, OverflowError):
        return Media(payload, 0)


def _start(message: dict[str, Any]) -> Start:
    start = _part(message, "start")
    shape = _part(start, "media_format", "mediaFormat")
    custom = _part(start, "custom_parameters", "customParameters")
    return Start(
        stream_sid=_text(start, "stream_sid", "streamSid") or _text(message, "stream_sid", "streamSid"),
        call_sid=_text(start, "call_sid", "callSid"),
        account_sid=_text(start, "account_sid", "accountSid"),
        codec=_codec(_text(shape, "encoding").lower()),
        rate=read_rate(shape.get("sample_rate", shape.get("sampleRate"))),
        from_number=_text(start, "from"),
        to_number=_text(start, "to"),
        custom={key[:LONGEST_FIELD]: _text(custom, key) for key in custom},
    )


def _dtmf(message: dict[str, Any]) -> Dtmf:
    return Dtmf(_text(_part(message, "dtmf"), "digit"))


def _mark(message: dict[str, Any]) -> Mark:
    return Mark(_text(_part(message, "mark"), "name"))


def _stop(message: dict[str, Any]) -> Stop:
    return Stop(_text(_part(message, "stop"), "reason"))


def _codec(encoding: str) -> Codec:
    if any(name in encoding for name in ("mulaw", "ulaw", "pcmu")):
        return "mulaw"
    return "alaw" if "alaw" in encoding or "pcma" in encoding else "pcm16"


def _part(message: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """The first of these that is an object, else an empty one."""
    for name in names:
        part = message.get(name)
        if isinstance(part, dict):
            return part
    return {}


def _text(message: Mapping[str, Any], *names: str) -> str:
    """The first of these that is text or a number, without U+0000, which no database takes."""
    for name in names:
        value = message.get(name)
        if isinstance(value, str | int | float) and not isinstance(value, bool):
            return str(value).replace("\0", "")[:LONGEST_FIELD]
    return ""


_RATE_NAMES = {str(rate): rate for rate in RATES}
_READERS: dict[str, Callable[[dict[str, Any]], Event]] = {
    "connected": lambda _: Connected(),
    "start": _start,
    "dtmf": _dtmf,
    "mark": _mark,
    "stop": _stop,
    "clear": lambda _: Cleared(),
}
