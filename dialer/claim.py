"""Decides whom a campaign calls now, and writes the intent down before any carrier is asked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from dialer.accounts import NoLineError, accounts
from dialer.caller_ids import Line, choose
from dialer.intent import Decided, intent, new_token
from dialer.ledger import Ledger
from dialer.lines import lines_of, of_one_provider, room_for
from dialer.low_credits import is_low
from dialer.screen import Person, Screen
from dialer.timing import Timing
from dialer.windows import Schedule, is_open
from dialer.zones import Place, zones_of
from storage.database import UnitOfWork
from storage.dialing import ANYWHERE, Attempt, Contact, ContactState, Run, Skip
from storage.ids import CALL, new_id
from storage.records import Flow, FlowStatus

BATCH = 200
"""Calls decided upon in one transaction."""
PLACES = 20
"""Places that are looked through at once: a statement has an arm for each."""
BUSY_WAIT = timedelta(seconds=60)
"""Until somebody is looked at again who is on the line with another campaign."""


@dataclass(frozen=True, slots=True)
class Decision:
    calls: Sequence[Decided]
    looked_at: int = 0
    """Contacts that were due: some may not have been called."""


NOTHING = Decision(())


class Claims:
    def __init__(self, *, node: str, timing: Timing, simulator: bool | None) -> None:
        self._node, self._timing, self._simulator = node, timing, simulator
        self._turns: dict[str, int] = {}
        """Flow → which of its places come first the next time."""

    async def due_in(self, work: UnitOfWork, flow: Flow, run: Run, now: datetime) -> list[int]:
        """Some places in which somebody is due and may be called: none if it is not worth a transaction.

        They take turns, if there are many.
        """
        if not run.waiting or run.in_flight >= flow.max_parallel_calls:
            return []
        schedule = Schedule.of(flow)
        open_now = [number for number, key in enumerate(run.places) if is_open(schedule, Place.parse(key), now)]
        begin = self._turns.get(flow.id, 0) % max(len(open_now), 1)
        turns = [*open_now[begin:], *open_now[:begin]]
        for start in range(0, max(len(turns), 1), PLACES):
            some = [ANYWHERE, *turns[start : start + PLACES]]
            if await work.contacts.due(flow.id, some, now, 1):
                self._turns[flow.id] = begin + start + PLACES
                return some
        return []

    async def of_campaign(
        self,
        work: UnitOfWork,
        flow_id: str,
        now: datetime,
        *,
        places: Collection[int],
        process_room: int,
        held: Collection[str] = (),
    ) -> Decision:
        """Of a unit of work bound to the campaign's organisation. Carriers that are `held` are not asked now.

        Raises NoLineError.
        """
        await work.attempts.alone()
        run = await work.runs.held(flow_id)
        flow = await work.flows.get(flow_id)
        if run is None or flow is None or flow.status is not FlowStatus.ACTIVE or not run.waiting:
            return NOTHING
        if await is_low(work):
            return NOTHING
        await _must_have_agent(work, flow)
        connected = await accounts(work, simulator=self._simulator)
        lines = of_one_provider(await lines_of(work, flow, connected, now, run.used), run.provider)
        lines = [line for line in lines if line.provider not in held]
        room = await room_for(
            work,
            flow.organisation_id,
            lines,
            connected,
            now,
            limit=flow.max_parallel_calls,
            calls=run.in_flight,
            process_room=process_room,
        )
        choices = choose(
            lines,
            min(room, BATCH),
            per_minute=flow.rate_limit_per_number,
            distribution=flow.distribution,
            last=run.last_line,
        )
        if not choices:
            return NOTHING
        return await self._called(work, flow, run, places, choices, now)

    async def _called(
        self, work: UnitOfWork, flow: Flow, run: Run, places: Collection[int], choices: Sequence[Line], now: datetime
    ) -> Decision:
        schedule = Schedule.of(flow)
        due = await work.contacts.due(flow.id, places, now, len(choices))
        if not due:
            return NOTHING
        ledger = Ledger(run)
        fit = await _fit(work, flow, schedule, due, ledger, now)
        calls = []
        for (contact, place), line in zip(fit, choices, strict=False):
            token = new_token()
            attempt = Attempt(
                new_id(CALL),
                flow.organisation_id,
                flow.id,
                contact.customer_id,
                contact.phone,
                number=contact.attempts + 1,
                contact=contact.number,
                **intent(line, token, node=self._node, now=now, timing=self._timing),
            )
            calls.append(Decided(attempt, token, schedule, place))
            more = {"due_at": None, "attempts": attempt.number, "place": ledger.place(place)}
            ledger.moved(contact, ContactState.DIALING, now, **more)
        if calls:
            await work.attempts.add([call.attempt for call in calls])
            ledger.run = replace(
                ledger.run,
                used=dict(Counter(run.used) + Counter(call.attempt.line for call in calls)),
                last_line=calls[-1].attempt.line,
                provider=calls[-1].attempt.provider,
                attempted=ledger.run.attempted + sum(call.attempt.number == 1 for call in calls),
            )
        await ledger.write(work)
        return Decision(calls, len(due))


async def _must_have_agent(work: UnitOfWork, flow: Flow) -> None:
    agent = await work.agents.get(flow.agent_id) if flow.agent_id is not None else None
    if agent is None or not agent.is_active:
        raise NoLineError("its voice agent was deleted")


async def _fit(
    work: UnitOfWork, flow: Flow, schedule: Schedule, due: Sequence[Contact], ledger: Ledger, now: datetime
) -> list[tuple[Contact, Place]]:
    """Those of the due who may be called this moment. The others are skipped, or told to wait."""
    customers = {customer.id: customer for customer in await work.customers.by_ids([one.customer_id for one in due])}
    phones = {contact.phone for contact in due}
    opted_out = await work.phones.opted_out(phones)
    last_dials = await work.phones.last_dials(phones)
    on_the_line = await work.attempts.open_phones(phones)
    screen = Screen(schedule, flow.dedupe_hours, now)
    fit = []
    for contact in due:
        customer = customers.get(contact.customer_id)
        skip: Skip | None = Skip.CUSTOMER_DELETED if customer is None else Skip.NUMBER_CHANGED
        if customer is not None and customer.phone == contact.phone:
            place = zones_of(contact.phone, customer.timezone, schedule.fallback)
            person = Person(contact.phone, place, contact.phone in opted_out, last_dials.get(contact.phone))
            skip = screen.still(person, own=flow.id if contact.attempts else "")
        if skip is not None:
            ledger.moved(contact, ContactState.SKIPPED, now, due_at=None, reason=skip)
        elif contact.phone in on_the_line:
            ledger.moved(contact, contact.state, now, due_at=now + BUSY_WAIT)
        elif is_open(schedule, place, now):
            fit.append((contact, place))
        else:  # the customer's zone, or the campaign's, was changed since they were taken in
            ledger.moved(contact, contact.state, now, place=ledger.place(place))
    return fit
