"""Which dials the stand-in for Exotel takes, and what it answers to the others."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import orjson
from aiohttp import web
from yarl import URL

SID, API_KEY, API_TOKEN = "exampleaccount1", "apikey_fab", "apitoken_fab"
_FIELDS = frozenset(
    {
        "From",
        "CallerId",
        "Url",
        "StreamUrl",
        "StreamType",
        "CallType",
        "TimeLimit",
        "TimeOut",
        "CustomField",
        "Record",
        "RecordingChannels",
        "StatusCallback",
        "StatusCallbackEvents[]",
        "StatusCallbackContentType",
    }
)


@dataclass(frozen=True, slots=True)
class Fault:
    """What a request gets instead of its answer."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    placed: bool = False
    """The call is placed nevertheless."""
    cut: bool = False
    """No answer: the connection breaks."""


def refusing(
    status: int, message: str = "Refused", *, code: int | None = None, xml: bool = False, **headers: str
) -> Fault:
    """A `RestException`. In the names of headers `_` stands for a hyphen."""
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    if xml:
        number = "" if code is None else f"<Code>{code}</Code>"
        text = f"<RestException><Status>{status}</Status><Message>{message}</Message>{number}</RestException>"
        body = f'<?xml version="1.0"?><TwilioResponse>{text}</TwilioResponse>'.encode()
        return Fault(status, body, {"Content-Type": "application/xml"} | told)
    exception = {"Status": status, "Message": message} | ({} if code is None else {"Code": code})
    return Fault(status, orjson.dumps({"RestException": exception}), {"Content-Type": "application/json"} | told)


def acceptable(form: Mapping[str, Sequence[str]]) -> bool:
    one = {name: values[0] for name, values in form.items()}
    flow = re.fullmatch(rf"https?://my\.exotel\.com/{SID}/exoml/start_voice/\w+", one.get("Url", ""))
    stream = URL(one.get("StreamUrl", ""))
    direct = stream.scheme in ("ws", "wss") and len(one["StreamUrl"]) < 600 and one.get("StreamType") == "bidirectional"
    return (
        one.keys() <= _FIELDS
        and all(re.fullmatch(r"\+?[0-9]{7,15}", one.get(name, "")) for name in ("From", "CallerId"))
        and (bool(flow) != direct)
        and not (direct and "TimeOut" in one)
        and one.get("CallType", "trans") == "trans"
        and all(one.get(name, "1").isdecimal() for name in ("TimeLimit", "TimeOut"))
        and 0 < int(one.get("TimeLimit", 1)) <= 14_400
        and len(one.get("CustomField", "")) <= 128
        and URL(one.get("StatusCallback", "http:")).scheme in ("http", "https")
        and set(form.get("StatusCallbackEvents[]", ())) <= {"terminal", "answered", "ringing"}
    )


def answer(fault: Fault) -> web.Response:
    return web.Response(status=fault.status, body=fault.body, headers=fault.headers)


def cut(request: web.Request) -> web.Response:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()
