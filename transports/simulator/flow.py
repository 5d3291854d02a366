"""The carrier's flow around a Voicebot applet: what it does when the bot has put the line down, as Exotel documents it.

A Passthru applet asks whether the call is to be transferred. If so, a Connect applet asks whom to dial, again and again
while it is told to, and tells what came of each. If nobody takes the call, a Voicebot applet opens its line once more.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

from aiohttp import ClientSession
from yarl import URL

from transports.simulator.exotel_wire import CallFacts

RING, CONVERSATION = 3.0, 20.0
"""Seconds for which a human agent's phone rings before they do something, and for which they talk then."""
MOST_TRIES = 20

STATUSES: Mapping[str, str] = {
    "0002": "no-answer",
    "0003": "busy",
    "0005": "failed",
    "0007": "rejected",
    "0008": "canceled",
}
"""By the last four digits of a human agent's number: all others answer. At 0008 the caller hangs up meanwhile."""
CALLER_GONE = "canceled"


class Next(Enum):
    """What becomes of the call."""

    HANG_UP = auto()
    VOICEBOT = auto()
    TALKED = auto()
    """With a human agent, and it is over."""


@dataclass(frozen=True, slots=True)
class Applets:
    """Where they ask."""

    passthru: str = field(repr=False)
    connect: str = field(repr=False)
    base: str = ""
    """Scheme and host of all URLs, in place of those that they name; empty: as they are."""

    def at(self, url: str) -> URL:
        parsed = URL(url)
        return URL(self.base).join(parsed.relative()) if self.base else parsed


class SimulatedFlow:
    """Of one call. `speed` is as of the line; at 0 nobody waits."""

    def __init__(self, applets: Applets, facts: CallFacts, http: ClientSession, *, speed: float = 1.0) -> None:
        self._applets, self._facts, self._http, self._speed = applets, facts, http, speed
        self.dialled: list[str] = []
        """Numbers, in their order."""
        self.whispers: list[str] = []
        """What was read out to those who were dialled."""

    async def after_the_bot(self) -> Next:
        """Raises aiohttp.ClientError if the server cannot be asked."""
        about = {**self._about(), "Stream[StreamSID]": self._facts.stream_sid, "Stream[DisconnectedBy]": "bot"}
        url = self._applets.at(self._applets.passthru).update_query(about)
        async with self._http.get(url, allow_redirects=False) as reply:
            if reply.status != 200:
                return Next.HANG_UP
        for _ in range(MOST_TRIES):
            answer = await self._whom()
            numbers = answer.get("destination", {}).get("numbers", [])
            if not numbers:
                return Next.VOICEBOT
            status = await self._dial(numbers[0], answer)
            if status in ("completed", CALLER_GONE):
                return Next.TALKED if status == "completed" else Next.HANG_UP
            if not answer["fetch_after_attempt"]:
                return Next.VOICEBOT
        return Next.VOICEBOT

    async def _whom(self) -> dict[str, Any]:
        url = self._applets.at(self._applets.connect).update_query(self._about())
        async with self._http.get(url, headers={"Exotel-Version": "1.0"}) as reply:
            answer: dict[str, Any] = await reply.json() if reply.status == 200 else {}
            return answer

    async def _dial(self, number: str, answer: Mapping[str, Any]) -> str:
        """What came of it, in Exotel's words."""
        self.dialled.append(number)
        events = self._applets.at(answer["dial_passthru_event_url"])
        await self._tell(events, number, "ringing")
        status = STATUSES.get(number[-4:], "in-progress")
        await self._pass(answer["max_ringing_duration"] if status == "no-answer" else RING)
        await self._tell(events, number, status)
        if status != "in-progress":
            return status
        self.whispers.append(answer.get("start_call_playback", {}).get("value", ""))
        await self._pass(CONVERSATION)
        await self._tell(events, number, "completed")
        return "completed"

    async def _tell(self, url: URL, number: str, status: str) -> None:
        form = {**self._about(), "DialWhomNumber": number, "DialCallStatus": status}
        async with self._http.post(url, data=form) as reply:
            await reply.read()

    async def _pass(self, seconds: float) -> None:
        await asyncio.sleep(seconds / self._speed if self._speed else 0)

    def _about(self) -> dict[str, str]:
        facts = self._facts
        return {
            "CallSid": facts.call_sid,
            "CallFrom": facts.from_number,
            "CallTo": facts.to_number,
            "CallType": "call-attempt",
            "EndTime": "1970-01-01 05:30:00",
        }
