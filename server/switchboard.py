"""The live calls of this process: answers them, and lets them finish when the server stops."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from pipeline.frames import Frame, Say
from pipeline.transport import Incoming, Transport
from processors.lines import lines_for
from server import outgoing, returns
from server.assembly import Workshop
from server.briefing import Briefing, briefing
from server.call import LiveCall
from server.office import Office
from server.patience import Patience
from server.phones import e164
from storage.database import DatabaseUnavailableError
from storage.dialing import Attempt
from storage.records import Call, CallType

_log = logging.getLogger(__name__)

RINGING_SECONDS = 0.2
"""Between two looks at whether somebody has answered, while the server stops."""
GOODBYE_SECONDS = 20.0
"""What a call has left once it was told that the server stops."""


class Switchboard:
    def __init__(
        self,
        office: Office,
        workshop: Workshop,
        *,
        max_calls: int,
        country: str,
        ringing: Callable[[], int] = lambda: 0,
    ) -> None:
        """`country` is what numbers without a country code are of, as `IN`.

        `ringing` says how many calls were placed here that nobody has answered yet.
        """
        self._ringing = ringing
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
        if self.draining and not self._ringing():
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
        mine = {incoming.call}
        self._live[incoming.call] = None
        try:
            incoming, patience = self._in_full(incoming), Patience(incoming.call)
            placed: Attempt | None = None
            if not incoming.flow:  # whoever names the flow comes through no carrier
                known = await patience.tried(partial(returns.transferred, self._office.database, incoming))
                if known is not None:
                    await self._go_on(transport, incoming, known, patience)
                    return
                placed = await patience.tried(partial(outgoing.placed, self._office.database, incoming))
            if placed is not None and placed.id not in self._live:
                self._live[placed.id] = self._live.pop(incoming.call)
                mine = {placed.id}
                incoming = _of(placed, incoming)
            elif placed is not None or (outgoing.REFERENCE in incoming.custom and not incoming.flow) or self.draining:
                await transport.close()  # it is here already, or is not what it says, or comes too late
                return
            brief = await patience.tried(partial(briefing, self._office.database, self._office.seal, incoming, placed))
            if brief is None:
                _log.warning("a call found no flow", extra={"call": incoming.call, "carrier": incoming.carrier})
                await transport.close()
                return
            call = LiveCall(self._office, self._workshop, brief, incoming, patience)
            self._live[incoming.call] = call
            await call.run(transport)
        except DatabaseUnavailableError as away:
            told = {"call": incoming.call, "error": str(away)}
            _log.warning("a call could not be taken without the database", extra=told)
            await transport.close()
        finally:
            for one in mine:
                self._live.pop(one, None)
            if not self._live:
                self._nobody.set()

    async def _go_on(self, transport: Transport, incoming: Incoming, known: Call, patience: Patience) -> None:
        """A caller comes back whom no human agent has taken. Whom nobody expects is put down."""
        database = self._office.database
        custom = outgoing.variables(incoming.custom)
        about = replace(incoming, call=known.id, carrier=known.carrier, custom=custom)

        async def looked_up() -> Briefing | None:
            placed = None
            if known.call_type is CallType.OUTBOUND:
                async with database.read() as work:
                    placed = await work.attempts.get(known.id)
            return await briefing(database, self._office.seal, about, placed)

        brief = await patience.tried(looked_up)
        if brief is None or brief.flow.organisation_id != known.organisation_id:
            await transport.close()
            return
        taken_back = partial(returns.taken_back, database, known, self._office.node, self.__contains__)
        back = await patience.tried(taken_back)
        if back is None:
            await transport.close()
            return
        call = LiveCall(self._office, self._workshop, brief.after(back), about, patience)
        self._live[known.id] = call
        del self._live[incoming.call]  # it is one call, and takes one place
        try:
            await call.run(transport)
        finally:
            del self._live[known.id]

    def _in_full(self, incoming: Incoming) -> Incoming:
        """Lines and customers are found by E.164; a carrier may leave the country out."""
        caller, line = (e164(number, self._country) for number in (incoming.from_number, incoming.to_number))
        return replace(incoming, from_number=caller, to_number=line)

    def live(self, call: str) -> LiveCall | None:
        """One that is on the line here and whose line is not down."""
        live = self._live.get(call)
        return live if live is not None and live.is_up else None

    def messages_of(self, call: str) -> frozenset[str] | None:
        """What the page of a call that is on the line here asks to be told, by Vapi's names; None: everything."""
        live = self._live.get(call)
        return None if live is None else live.plan.client_messages

    def command(self, call: str, frame: Frame) -> bool:
        """False if the call is not live here."""
        live = self._live.get(call)
        if live is not None:
            live.command(frame)
        return live is not None

    async def drain(self, seconds: float) -> None:
        """Takes no new call and waits for the live ones; those that outlast `seconds` are told goodbye, then cut.

        Whoever is being called at that moment may still answer.
        """
        self.draining = True
        if await self._empty_within(seconds):
            return
        _log.info("calls are asked to end", extra={"calls": len(self)})
        for live in filter(None, self._live.values()):
            live.command(Say(lines_for(live.plan.language).ending, hangup="server_stopping"))
        if await self._empty_within(GOODBYE_SECONDS):
            return
        self.cut()
        await self._nobody.wait()

    def cut(self) -> None:
        """Ends every call without a word."""
        for live in filter(None, self._live.values()):
            live.cut()

    async def _empty_within(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                while self._live or self._ringing():
                    await self._nobody.wait()
                    if self._ringing():
                        await asyncio.sleep(RINGING_SECONDS)
        except TimeoutError:
            return False
        return True


def _of(placed: Attempt, incoming: Incoming) -> Incoming:
    """A call that the dialer has placed goes by the id that it has had from the beginning."""
    return replace(
        incoming,
        call=placed.id,
        carrier=placed.provider,
        from_number=placed.caller_id,
        to_number=placed.phone,
        custom=outgoing.variables(incoming.custom),
    )
