"""Tries to reach somebody, from the decision to what came of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from sqlalchemy import ColumnElement, and_, func, literal_column, or_, select, union_all, update

from storage.dialing import LOST, NODE_LOST, Attempt, AttemptState
from storage.dialing_tables import attempts, do_not_call
from storage.ids import CALL, first_id
from storage.many import update_many
from storage.records import FlowStatus, Outcome
from storage.tables import flows
from storage.tenancy import Tenancy

CHANGES = (
    "state",
    "look_at",
    "carrier_call",
    "machine",
    "ended_at",
    "outcome",
    "reason",
    "talk_seconds",
    "cost",
)
MINUTE = timedelta(minutes=1)
LONGEST_QUEUE = timedelta(minutes=5)
"""No call is decided upon later than that after it got its id."""


@dataclass(frozen=True, slots=True)
class LineLoad:
    """What was lately done on one of the numbers that calls are made from."""

    recent: int = 0
    """Calls within the last minute."""
    ended: int = 0
    """Of its latest calls."""
    failed: int = 0


@dataclass(frozen=True, slots=True)
class Ended:
    """Where an attempt stands among those that are over."""

    at: datetime
    id: str

    @classmethod
    def of(cls, attempt: Attempt) -> Self:
        if attempt.ended_at is None:
            raise ValueError("an attempt that is not over")
        return cls(attempt.ended_at, attempt.id)


class Attempts:
    def __init__(self, tenancy: Tenancy) -> None:
        self._tenancy = tenancy

    async def alone(self) -> None:
        """Nobody else decides upon calls of this organisation until the end of the transaction."""
        await self._tenancy.alone(attempts)

    async def add(self, fresh: Sequence[Attempt]) -> None:
        """At least one."""
        await self._tenancy.add_many(attempts, fresh)

    async def get(self, call_id: str) -> Attempt | None:
        row = await self._tenancy.row(select(attempts).where(attempts.c.id == call_id, self._mine))
        return None if row is None else Attempt(**row)

    async def by_ids(self, ids: Collection[str]) -> dict[str, Attempt]:
        rows = await self._tenancy.rows(select(attempts).where(self._tenancy.named(attempts.c.id, ids)))
        return {row["id"]: Attempt(**row) for row in rows}

    async def flows_of(self, ids: Collection[str]) -> list[str]:
        """Ids of the campaigns that they belong to."""
        its = select(attempts.c.flow_id).distinct().where(self._tenancy.named(attempts.c.id, ids))
        return [row["flow_id"] for row in await self._tenancy.rows(its)]

    async def held(self, ids: Collection[str]) -> dict[str, Attempt]:
        """As `by_ids`, and nobody else changes them until the end of the transaction. Hold their runs before."""
        its = select(attempts).where(self._tenancy.named(attempts.c.id, ids)).order_by(attempts.c.id)
        return {row["id"]: Attempt(**row) for row in await self._tenancy.rows(its.with_for_update())}

    async def save(self, changed: Sequence[Attempt]) -> None:
        """What calling changes in them. They must be held: whose they are was asked then."""
        rows = [{name: getattr(one, name) for name in ("id", *CHANGES)} for one in changed]
        await update_many(self._tenancy.connection, attempts, "id", rows)

    async def look_again(self, call_id: str, at: datetime) -> None:
        its = attempts.c.id == call_id, attempts.c.ended_at.is_(None), self._mine
        await self._tenancy.change(update(attempts).where(*its).values(look_at=at))

    async def recent(self, provider: str, *, now: datetime) -> int:
        """Calls of the organisation by a carrier within the last minute."""
        its = (
            attempts.c.id > first_id(CALL, now - LONGEST_QUEUE),  # ids grow with time: only the newest are read
            attempts.c.decided_at > now - MINUTE,
            attempts.c.provider == provider,
            attempts.c.state != AttemptState.QUEUED,
            self._mine,
        )
        return await self._tenancy.count(select(attempts.c.id).where(*its))

    async def machine(self, call_id: str) -> None:
        """The carrier heard one answer."""
        its = attempts.c.id == call_id, attempts.c.ended_at.is_(None), self._mine
        await self._tenancy.change(update(attempts).where(*its).values(machine=True))

    async def may_be_placed(self, ids: Collection[str]) -> frozenset[str]:
        """Those that nothing has come between: the campaign is still active, and the person has not opted out."""
        opted_out = select(do_not_call.c.phone).where(
            do_not_call.c.organisation_id == attempts.c.organisation_id, do_not_call.c.phone == attempts.c.phone
        )
        going_on = select(flows.c.id).where(flows.c.id == attempts.c.flow_id, flows.c.status == FlowStatus.ACTIVE)
        its = (
            self._tenancy.named(attempts.c.id, ids),
            attempts.c.state == AttemptState.INTENDED,
            attempts.c.contact.is_(None) | going_on.exists(),
            ~opted_out.exists(),
        )
        return frozenset(row["id"] for row in await self._tenancy.rows(select(attempts.c.id).where(*its)))

    async def in_flight(self) -> int:
        """Of the organisation."""
        going_on = attempts.c.ended_at.is_(None), attempts.c.state != AttemptState.QUEUED, self._mine
        return await self._tenancy.count(select(attempts.c.id).where(*going_on))

    async def open_phones(self, phones: Collection[str]) -> frozenset[str]:
        """Those that are being called, or are about to be."""
        its = self._tenancy.among(attempts.c.phone, phones), attempts.c.ended_at.is_(None), self._mine
        return frozenset(row["phone"] for row in await self._tenancy.rows(select(attempts.c.phone).where(*its)))

    async def on_the_line(self, carrier_call: str, numbers: Sequence[str], *, since: datetime) -> Attempt | None:
        """The one that a carrier has by this id; or one without, decided upon `since` then, between these numbers."""
        if not carrier_call:
            return None
        one, other = numbers
        theirs = or_(
            and_(attempts.c.phone == one, attempts.c.caller_id == other),
            and_(attempts.c.phone == other, attempts.c.caller_id == one),
        )
        fresh = and_(attempts.c.carrier_call == "", attempts.c.decided_at > since)
        its = or_(attempts.c.carrier_call == carrier_call, and_(fresh, theirs))
        going_on = attempts.c.ended_at.is_(None), attempts.c.state != AttemptState.QUEUED, self._mine
        row = await self._tenancy.row(
            select(attempts).where(its, *going_on).order_by(attempts.c.carrier_call.desc(), attempts.c.id.desc())
        )
        return None if row is None else Attempt(**row)

    async def queued(self, each: int) -> list[Attempt]:
        """Single calls that wait: the oldest of each organisation."""
        waiting = attempts.c.state == literal_column(f"'{AttemptState.QUEUED}'")  # as the index is defined
        whose = select(attempts.c.organisation_id).where(waiting, self._mine).distinct()
        found: list[Attempt] = []
        for row in await self._tenancy.rows(whose):
            its = attempts.c.organisation_id == row["organisation_id"], waiting
            oldest = select(attempts).where(*its).order_by(attempts.c.id).limit(each)
            found += [Attempt(**attempt) for attempt in await self._tenancy.rows(oldest)]
        return found

    async def take(self, queued: Attempt) -> bool:
        """Makes the decision of a single call that waited. False if somebody else has."""
        its = attempts.c.id == queued.id, attempts.c.state == AttemptState.QUEUED, self._mine
        names = ("state", "node", "decided_at", "deadline", "look_at", "token", "caller_id", "line", "provider")
        taken = update(attempts).where(*its).values({name: getattr(queued, name) for name in names})
        return await self._tenancy.change(taken) == 1

    async def loads(
        self, lines: Collection[str], *, now: datetime, since: datetime, sample: int
    ) -> dict[str, LineLoad]:
        """By line. `ended` are the newest `sample` of those decided upon from `since` on."""
        if not lines:
            return {}
        decided = attempts.c.state != AttemptState.QUEUED
        recent = (
            select(attempts.c.line, func.count().label("calls"))
            .where(
                self._tenancy.among(attempts.c.line, lines), attempts.c.decided_at > now - MINUTE, decided, self._mine
            )
            .group_by(attempts.c.line)
        )
        calls = {row["line"]: row["calls"] for row in await self._tenancy.rows(recent)}
        newest = [
            select(attempts.c.line, attempts.c.outcome)
            .where(attempts.c.line == line, attempts.c.decided_at >= since, self._mine)
            .order_by(attempts.c.decided_at.desc())
            .limit(sample)
            .subquery(f"line_{place}")
            for place, line in enumerate(lines)
        ]
        together = union_all(*(select(*part.c) for part in newest)).subquery()
        ended = Counter[str]()
        failed = Counter[str]()
        for row in await self._tenancy.rows(select(together).where(together.c.outcome.is_not(None))):
            ended[row["line"]] += 1
            failed[row["line"]] += row["outcome"] is Outcome.FAILED
        return {line: LineLoad(calls.get(line, 0), ended[line], failed[line]) for line in lines}

    async def outcomes(self, flow_id: str, *, since: datetime, most: int) -> list[Outcome]:
        """Of the newest attempts of a campaign that ended after `since`.

        But for those that nobody knows of, and those that a dead process had: their carrier is not to blame.
        """
        its = (
            attempts.c.flow_id == flow_id,
            attempts.c.ended_at > since,
            attempts.c.outcome.is_not(None),
            attempts.c.reason.not_in((LOST, NODE_LOST)),
            self._mine,
        )
        newest = select(attempts.c.outcome).where(*its).order_by(attempts.c.ended_at.desc()).limit(most)
        return [row["outcome"] for row in await self._tenancy.rows(newest)]

    async def to_look_after(self, now: datetime, limit: int, *, again_at: datetime) -> list[Attempt]:
        """Those of which nothing was heard in time. Others get them from `again_at` on, whatever came of it here."""
        late = select(attempts).where(attempts.c.look_at <= now, self._mine).order_by(attempts.c.look_at).limit(limit)
        rows = await self._tenancy.rows(late.with_for_update(skip_locked=True))
        found = [Attempt(**row) for row in rows]
        if found:
            ids = [one.id for one in found]
            await self._tenancy.change(
                update(attempts).where(self._tenancy.named(attempts.c.id, ids)).values(look_at=again_at)
            )
        return found

    async def of_contacts(self, numbers: Collection[int]) -> dict[int, list[Attempt]]:
        """By contact, oldest first."""
        its = self._tenancy.among(attempts.c.contact, numbers), self._mine
        found: dict[int, list[Attempt]] = {}
        for row in await self._tenancy.rows(select(attempts).where(*its).order_by(attempts.c.id)):
            found.setdefault(row["contact"], []).append(Attempt(**row))
        return found

    async def ended(self, flow_id: str, after: Ended | None, limit: int) -> list[Attempt]:
        """In the order in which they ended, from the one behind `after` on."""
        its = [attempts.c.flow_id == flow_id, attempts.c.ended_at.is_not(None), self._mine]
        if after is not None:
            its += [attempts.c.ended_at >= after.at, (attempts.c.ended_at > after.at) | (attempts.c.id > after.id)]
        order = attempts.c.ended_at, attempts.c.id
        rows = await self._tenancy.rows(select(attempts).where(*its).order_by(*order).limit(limit))
        return [Attempt(**row) for row in rows]

    @property
    def _mine(self) -> ColumnElement[bool]:
        return self._tenancy.mine(attempts)
