"""The live calls of this process: answers them, and lets them finish when the server stops."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace

from pipeline.frames import Frame, Say
from pipeline.transport import Incoming, Transport
from processors.lines import lines_for
from server import outgoing
from server.assembly import Workshop
from server.briefing import briefing
from server.call import LiveCall, Office
from server.phones import e164

_log = logging.getLogger(__name__)

GOODBYE_SECONDS = 20.0
"""What a call has left once it was told that the server stops."""


class Switchboard:
    def __init__(self, office: Office, workshop: Workshop, *, max_calls: int, country: str) -> None:
        """`country` is what numbers without a country code are of, as `IN`."""
        self._office, self._workshop, self._max_calls, self._country = office, workshop, max_calls, country
        self._live: dict[str, LiveCall | None] = {}
        """None: its flow is being looked for."""
        self._nobody = asyncio.Event()
        self._nobody.set()
        self.draining = False

    def __len__(self) -> int:
        return len(self._live)

    def __contains__(self, call: str) -> bool:
        """Whether it is on the line here."""
        return call in self._live

    @property
    def room(self) -> int:
        """How many more calls can be carried; none while it drains."""
        return 0 if self.draining else self._max_calls - len(self._live)

    def admit(self) -> str | None:
        """Why no call can be taken now; None if one can."""
        if self.draining:
            return "The server is going down."
        if len(self._live) >= self._max_calls:
            return "All lines are busy."
        return None

    async def answer(self, transport: Transport, incoming: Incoming) -> None:
        """One call to its end; a stranger's is put down. Raises what crashed it."""
        if self.admit() is not None:  # admitted a moment ago, and another one was faster
            await transport.close()
            return
        self._nobody.clear()
        minted = incoming.call
        self._live[minted] = None
        try:
            incoming, call = await self._call(self._in_full(incoming))
            if call is None:
                _log.warning("a call found no flow", extra={"call": incoming.call, "carrier": incoming.carrier})
                await transport.close()
                return
            del self._live[minted]
            self._live[incoming.call] = call
            await call.run(transport)
        finally:
            self._live.pop(minted, None)
            self._live.pop(incoming.call, None)
            if not self._live:
                self._nobody.set()

    async def _call(self, incoming: Incoming) -> tuple[Incoming, LiveCall | None]:
        """One that the dialer has placed goes by the id that it has had from the beginning."""
        attempt = await outgoing.placed(self._office.database, incoming)
        if attempt is None and outgoing.REFERENCE in incoming.custom:
            return incoming, None
        if attempt is not None:
            if attempt.id in self._live:
                return incoming, None  # its line is here already: whoever comes second is not it
            custom = outgoing.variables(incoming.custom)
            numbers = {"from_number": attempt.caller_id, "to_number": attempt.phone}
            incoming = replace(incoming, call=attempt.id, carrier=attempt.provider, custom=custom, **numbers)
        brief = await briefing(self._office.database, self._office.seal, incoming, attempt)
        return incoming, None if brief is None else LiveCall(self._office, self._workshop, brief, incoming)

    def _in_full(self, incoming: Incoming) -> Incoming:
        """Lines and customers are found by E.164; a carrier may leave the country out."""
        caller, line = (e164(number, self._country) for number in (incoming.from_number, incoming.to_number))
        return replace(incoming, from_number=caller, to_number=line)

    def command(self, call: str, frame: Frame) -> bool:
        """False if the call is not live here."""
        live = self._live.get(call)
        if live is not None:
            live.command(frame)
        return live is not None

    async def drain(self, seconds: float) -> None:
        """Takes no new call and waits for the live ones; those that outlast `seconds` are told goodbye, then cut."""
        self.draining = True
        if await self._empty_within(seconds):
            return
        _log.info("calls are asked to end", extra={"calls": len(self)})
        for live in filter(None, self._live.values()):
            live.command(Say(lines_for(live.plan.language).ending, hangup="server_stopping"))
        if await self._empty_within(GOODBYE_SECONDS):
            return
        for live in filter(None, self._live.values()):
            live.cut()
        await self._nobody.wait()

    async def _empty_within(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                await self._nobody.wait()
        except TimeoutError:
            return False
        return True
