"""The people whom the stand-in for Exotel calls, what becomes of each call, and how Exotel tells of it."""

from __future__ import annotations

import random
import secrets
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any, Literal
from urllib.parse import urlencode

import orjson
from aiohttp import ClientSession, WSMsgType
from yarl import URL

from transports.simulator.flow import Applets

IST = timezone(timedelta(hours=5, minutes=30))
NO_TIME = "1970-01-01 05:30:00"
BOUNDARY = "----fabboundary"
SLICE = 0.02
"""Seconds of sound in one message of the socket."""

Outcome = Literal["completed", "no-answer", "busy", "machine", "failed"]
Encoding = Literal["json", "form", "multipart", "none"]
BY_DIGITS: Mapping[str, Outcome] = {
    "0001": "completed",
    "0002": "no-answer",
    "0003": "busy",
    "0004": "machine",
    "0005": "failed",
}
MIX: Mapping[Outcome, float] = {"completed": 0.5, "no-answer": 0.25, "busy": 0.1, "machine": 0.1, "failed": 0.05}


@dataclass(frozen=True, slots=True)
class Manner:
    """How the exchange behaves. Times are in seconds, shares from 0 to 1."""

    ring: float = 0.02
    talk: float = 0.02
    accept_delay: tuple[float, float] = (0.0, 0.0)
    """Between which an answer to a dial is late."""
    placed_late: bool = False
    """The call is placed after that delay, not before."""
    lose_answers: float = 0.0
    """Share of dials whose call is placed, and whose connection is cut before the answer."""
    callbacks: Encoding = "json"
    extended: bool = True
    """Reports hold more than the four fields that are always there."""
    copies: int = 1
    """Of each report."""
    shuffled: bool = False
    """All of a call's reports come after its end, in any order."""
    missing: float = 0.0
    """Share of reports that never come."""
    late: float = 0.0
    """By how much reports are late."""
    lists_custom_field: bool = True
    opens_streams: bool = False
    """In the mode of the direct bot, the socket is opened for as long as one talks."""
    voicebot: str = ""
    """URL of the Voicebot applet in the flow that calls run through."""
    applets: Applets | None = None
    """Of the same flow, behind it: they ask what is to be done once the bot has put the line down."""
    requests_a_minute: int = 0
    """0: without limit."""
    mix: Mapping[Outcome, float] = field(default_factory=lambda: dict(MIX))
    """Of the numbers whose last four digits decide nothing."""
    seed: int = 0

    def outcome(self, number: str) -> Outcome:
        if (fixed := BY_DIGITS.get(number[-4:])) is not None:
            return fixed
        drawn = random.Random(f"{self.seed}:{number}").choices(list(self.mix), list(self.mix.values()))
        return drawn[0]


@dataclass
class PlacedCall:
    """One call of the exchange's."""

    account: str
    customer: str
    """As Exotel writes it, `098…`."""
    exophone: str
    custom: str
    outcome: Outcome
    created: datetime
    status_url: str = ""
    events: frozenset[str] = frozenset()
    stream_url: str = ""
    status: str = "in-progress"
    answered: datetime | None = None
    ended: datetime | None = None
    sid: str = field(default_factory=lambda: secrets.token_hex(16))

    def answer(self, at: datetime) -> None:
        self.answered = at

    def end(self, at: datetime) -> None:
        self.ended = at
        self.status = "completed" if self.answered else self.outcome

    @property
    def talk_seconds(self) -> int:
        return round((self.ended - self.answered).total_seconds()) if self.ended and self.answered else 0

    @property
    def answered_by(self) -> str:
        if self.answered is None:
            return "NA"
        return "Machine" if self.outcome == "machine" else "HUMAN"

    def record(self) -> dict[str, Any]:
        """The `Call` of an answer."""
        return {
            "Sid": self.sid,
            "ParentCallSid": None,
            "DateCreated": ist(self.created),
            "DateUpdated": ist(self.ended or self.created),
            "AccountSid": self.account,
            "To": self.exophone,
            "From": self.customer,
            "PhoneNumberSid": self.exophone,
            "Status": self.status,
            "StartTime": ist(self.created),
            "EndTime": ist(self.ended) if self.ended else None,
            "Duration": str(round((self.ended - self.created).total_seconds())) if self.ended else None,
            "Price": "1.500" if self.ended else None,
            "Direction": "outbound-api",
            "AnsweredBy": None,
            "ForwardedFrom": None,
            "CallerName": None,
            "Uri": f"/v1/Accounts/{self.account}/Calls.json/{self.sid}",
            "RecordingUrl": None,
        }

    def details(self) -> dict[str, Any]:
        leg: dict[str, Any] = {"Id": 1, "OnCallDuration": self.talk_seconds}
        if self.answered:
            leg["AnsweredBy"] = self.answered_by  # needs a feature of the account
        return {
            "ConversationDuration": self.talk_seconds,
            "Leg1Status": self.status if self.ended or self.answered else None,
            "Leg2Status": None,
            "Legs": [{"Leg": leg}],
        }

    def report(self, event: str, *, extended: bool = True) -> dict[str, Any]:
        """What a status callback says of the call as it is now."""
        minimal = {
            "CallSid": self.sid,
            "DateUpdated": ist(self.ended or self.answered or self.created),
            "Status": self.status,
            "RecordingUrl": "",
        }
        if not extended:
            return minimal
        return minimal | {
            "EventType": event,
            "DateCreated": ist(self.created),
            "To": self.exophone,
            "From": self.customer,
            "PhoneNumberSid": self.exophone,
            "StartTime": ist(self.created),
            "EndTime": ist(self.ended) if self.ended else NO_TIME,
            "ConversationDuration": self.talk_seconds,
            "Direction": "outbound-api",
            "CustomField": self.custom,
            "Legs": [
                {
                    "OnCallDuration": self.talk_seconds,
                    "Status": self.status if self.ended else "",
                    "AnsweredBy": self.answered_by,
                }
            ],
        }


def ist(at: datetime) -> str:
    return at.astimezone(IST).strftime("%Y-%m-%d %H:%M:%S")


def national(number: str) -> str:
    """As Exotel writes down a number it was given."""
    return "0" + number[3:] if number.startswith("+91") else number


def encoded(report: Mapping[str, Any], encoding: Encoding) -> tuple[str, bytes]:
    """Content type and body of a status callback."""
    if encoding == "json":
        return "application/json", orjson.dumps(report)
    flat = [(name, str(value)) for name, value in report.items() if name != "Legs"]
    for at, leg in enumerate(report.get("Legs", ())):
        flat += [(f"Legs[{at}][{name}]", "" if value is None else str(value)) for name, value in leg.items()]
    if encoding == "form":
        return "application/x-www-form-urlencoded", urlencode(flat).encode()
    parts = [
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in flat
    ]
    return f"multipart/form-data; boundary={BOUNDARY}", ("".join(parts) + f"--{BOUNDARY}--\r\n").encode()


async def open_stream(http: ClientSession, call: PlacedCall, talk: float) -> bool:
    """The socket of an answered call: silence for `talk` seconds. Whether the bot has put the line down before."""
    silence = b64encode(bytes(320)).decode()
    start = {
        "stream_sid": f"stream{call.sid}",
        "call_sid": call.sid,
        "account_sid": call.account,
        "from": call.customer,
        "to": call.exophone,
        "custom_parameters": dict(URL(call.stream_url).query),
        "media_format": {"encoding": "audio/x-raw", "sample_rate": "8000", "bit_rate": "16"},
    }
    async with http.ws_connect(call.stream_url) as ws:
        await ws.send_json({"event": "connected"})
        await ws.send_json({"event": "start", "stream_sid": start["stream_sid"], "start": start})
        for chunk in range(1, max(round(talk / SLICE), 1) + 1):
            media = {"chunk": str(chunk), "timestamp": str(chunk * 20), "payload": silence}
            await ws.send_json({"event": "media", "stream_sid": start["stream_sid"], "media": media})
            try:
                while (await ws.receive(timeout=SLICE)).type is WSMsgType.TEXT:
                    pass
            except TimeoutError:
                continue
            return True
        await ws.send_json({"event": "stop", "stream_sid": start["stream_sid"], "stop": {"reason": "callended"}})
    return False
