"""Decides whom a campaign calls now, and writes the intent down before any carrier is asked."""

from __future__ import annotations

import hashlib
import secrets
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from dialer.accounts import accounts, caller_ids
from dialer.caller_ids import COOL_WINDOW, Line, choose
from dialer.ledger import Ledger
from dialer.moves import is_low
from dialer.pacing import Load, room
from dialer.ports import Accounts
from dialer.screen import Person, Screen
from dialer.timing import Timing
from dialer.windows import Schedule, is_open
from dialer.zones import Place, zones_of
from storage.assets import Customer
from storage.database import UnitOfWork
from storage.dialing import Attempt, AttemptState, Contact, ContactState, Run, Skip
from storage.ids import CALL, new_id
from storage.records import Flow, FlowStatus

BATCH = 50
"""Calls decided upon in one transaction."""
BUSY_WAIT = timedelta(seconds=60)
"""Until somebody is looked at again who is on the line with another campaign."""
SAMPLE = 50
"""Calls of a number that tell whether it mostly fails."""


@dataclass(frozen=True, slots=True)
class Decided:
    """A call that is to be placed now."""

    attempt: Attempt
    token: str = field(repr=False)
    schedule: Schedule
    place: Place


@dataclass(frozen=True, slots=True)
class Decision:
    calls: Sequence[Decided]
    looked_at: int = 0
    """Contacts that were due: some may not have been called."""


NOTHING = Decision(())


class Claims:
    def __init__(self, *, node: str, timing: Timing, simulator: bool | None) -> None:
        self._node, self._timing, self._simulator = node, timing, simulator

    async def of_campaign(
        self, work: UnitOfWork, flow_id: str, now: datetime, *, process_room: int, held: Collection[str] = ()
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
        connected = await accounts(work, simulator=self._simulator)
        lines = await self._lines(work, flow, run.used, connected, now)
        lines = [line for line in lines if line.provider not in held]
        limit = await self._room(work, flow, run.in_flight, lines, connected, process_room)
        choices = choose(
            lines,
            min(limit, BATCH),
            per_minute=flow.rate_limit_per_number,
            distribution=flow.distribution,
            last=run.last_line,
        )
        if not choices:
            return NOTHING
        schedule = Schedule.of(flow)
        due = await work.contacts.due(flow_id, _open_now(run, schedule, now), now, len(choices))
        if not due:
            return NOTHING
        ledger = Ledger(run)
        fit = await self._fit(work, flow, schedule, due, ledger, now)
        calls = [
            self._decided(flow, contact, place, line, schedule, now)
            for (contact, place), line in zip(fit, choices, strict=False)
        ]
        for (contact, _), call in zip(fit, calls, strict=True):
            ledger.moved(contact, ContactState.DIALING, now, due_at=None, attempts=call.attempt.number)
        if calls:
            await work.attempts.add([call.attempt for call in calls])
            used = Counter(run.used) + Counter(call.attempt.line for call in calls)
            ledger.run = replace(
                ledger.run,
                used=dict(used),
                last_line=calls[-1].attempt.line,
                attempted=ledger.run.attempted + sum(not contact.attempts for contact, _ in fit),
            )
        await ledger.write(work)
        return Decision(calls, len(due))

    async def is_due(self, work: UnitOfWork, flow: Flow, now: datetime) -> bool:
        """Whether it is worth a transaction that others wait for: somebody is due who may be called now."""
        run = await work.runs.get(flow.id)
        if run is None or not run.waiting or run.in_flight >= flow.max_parallel_calls:
            return False
        return bool(await work.contacts.due(flow.id, _open_now(run, Schedule.of(flow), now), now, 1))

    async def of_single(self, work: UnitOfWork, waiting: Attempt, now: datetime) -> Decided | None:
        """A single call that waited. None if another node has taken it. Raises NoLineError."""
        flow = await work.flows.get(waiting.flow_id)
        if flow is None:
            return None
        connected = await accounts(work, simulator=self._simulator)
        lines = await self._lines(work, flow, {}, connected, now)
        chosen = choose(lines, 1, per_minute=flow.rate_limit_per_number, distribution=flow.distribution, last=None)
        if not chosen:
            return None
        token = secrets.token_urlsafe(24)
        attempt = replace(waiting, **self._intent(chosen[0], token, now))
        if not await work.attempts.take(attempt):
            return None
        customer = await work.customers.get(waiting.customer_id)
        place = zones_of(waiting.phone, customer.timezone if customer is not None else None, None)
        return Decided(attempt, token, Schedule(), place)

    def _decided(
        self, flow: Flow, contact: Contact, place: Place, line: Line, schedule: Schedule, now: datetime
    ) -> Decided:
        token = secrets.token_urlsafe(24)
        attempt = Attempt(
            new_id(CALL),
            flow.organisation_id,
            flow.id,
            contact.customer_id,
            contact.phone,
            number=contact.attempts + 1,
            contact=contact.number,
            **self._intent(line, token, now),
        )
        return Decided(attempt, token, schedule, place)

    def _intent(self, line: Line, token: str, now: datetime) -> dict[str, Any]:
        return {
            "caller_id": line.number,
            "line": line.id,
            "provider": line.provider,
            "state": AttemptState.INTENDED,
            "node": self._node,
            "decided_at": now,
            "deadline": now + self._timing.lease,
            "look_at": now + self._timing.doubt,
            "token": hashlib.sha256(token.encode()).hexdigest(),
        }

    async def _lines(
        self, work: UnitOfWork, flow: Flow, used: Mapping[str, int], connected: Accounts, now: datetime
    ) -> list[Line]:
        callers = {caller.line: caller for caller in await caller_ids(work, flow, connected)}
        loads = await work.attempts.loads(list(callers), now=now, since=now - COOL_WINDOW, sample=SAMPLE)
        return [
            Line(line, caller.number, caller.provider, load.recent, used.get(line, 0), load.ended, load.failed)
            for line, caller in callers.items()
            for load in (loads[line],)
        ]

    async def _room(
        self,
        work: UnitOfWork,
        flow: Flow,
        campaign_calls: int,
        lines: Sequence[Line],
        connected: Accounts,
        process_room: int,
    ) -> int:
        organisation = await work.organisations.get(flow.organisation_id)
        assert organisation is not None
        rates = {connected[line.provider].per_minute for line in lines}
        per_minute = min((rate for rate in rates if rate is not None), default=None)
        return room(
            Load(
                campaign_limit=flow.max_parallel_calls,
                campaign_calls=campaign_calls,
                organisation_limit=organisation.max_parallel_calls,
                organisation_calls=await work.attempts.in_flight(),
                process_room=process_room,
                account_per_minute=per_minute,
                account_recent=sum(line.recent for line in lines),
            )
        )

    async def _fit(
        self, work: UnitOfWork, flow: Flow, schedule: Schedule, due: Sequence[Contact], ledger: Ledger, now: datetime
    ) -> list[tuple[Contact, Place]]:
        """Those of the due who may be called this moment. The others are skipped, or told to wait."""
        customers = {
            customer.id: customer for customer in await work.customers.by_ids([one.customer_id for one in due])
        }
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
                place = self._place(customer, contact, schedule)
                person = Person(contact.phone, place, contact.phone in opted_out, last_dials.get(contact.phone))
                skip = screen.verdict(person, own=flow.id if contact.attempts else "")
            if skip is not None:
                ledger.moved(contact, ContactState.SKIPPED, now, due_at=None, reason=skip)
            elif contact.phone in on_the_line:
                ledger.moved(contact, contact.state, now, due_at=now + BUSY_WAIT)
            elif is_open(schedule, place, now):
                fit.append((contact, place))
            else:  # the customer's zone was changed since they were taken in
                ledger.moved(contact, contact.state, now, place=ledger.place(place))
        return fit

    def _place(self, customer: Customer, contact: Contact, schedule: Schedule) -> Place:
        return zones_of(contact.phone, customer.timezone, schedule.fallback)


def _open_now(run: Run, schedule: Schedule, now: datetime) -> list[int]:
    """Places of the run whose people may be called."""
    return [number for number, key in enumerate(run.places) if is_open(schedule, Place.parse(key), now)]
