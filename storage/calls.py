"""Calls, what was said in them, and where their time went."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select, update

from storage.analyses import Analyses
from storage.analysis_records import Judged
from storage.call_search import EVERY_CALL, CallFilter, found
from storage.called import count_calls
from storage.many import insert_many, update_many
from storage.records import LIVE, Call, CallStatus, CallType, Outcome, Turn, TurnLatency
from storage.statistics import Statistics
from storage.tables import calls, turn_latencies, turns
from storage.tenancy import Tenancy, values

BEFORE_ANSWER = frozenset({CallStatus.QUEUED, CallStatus.DIALING, CallStatus.RINGING})
COMES_FROM = {
    CallStatus.DIALING: frozenset({CallStatus.QUEUED}),
    CallStatus.RINGING: frozenset({CallStatus.QUEUED, CallStatus.DIALING}),
    CallStatus.IN_PROGRESS: frozenset({CallStatus.TRANSFERRING}),
    CallStatus.TRANSFERRING: frozenset({CallStatus.IN_PROGRESS}),
}
"""Where `moved` may come from. The answer and the end have methods of their own."""
NOTHING: Mapping[str, float] = {}
AT_THE_END = ("status", "ended_at", "outcome", "reason", "duration", "language", "recording")


@dataclass(frozen=True, slots=True)
class CallEnd:
    """How a call ended."""

    id: str
    at: datetime
    outcome: Outcome
    reason: str
    duration: float = 0.0
    """Seconds from the answer."""
    language: str | None = None
    recording: str | None = None
    """Path of what was recorded in fact."""
    is_recorder: bool = True
    """Whoever tells of it had it on the line, and knows what was recorded."""


class Calls:
    def __init__(self, tenancy: Tenancy) -> None:
        self._tenancy = tenancy

    async def open(self, call: Call) -> None:
        await self._tenancy.add(calls, call)

    async def open_unless(self, fresh: Sequence[Call]) -> None:
        """Those that nobody has opened yet."""
        if fresh:
            rows = [values(call) for call in fresh]
            await insert_many(self._tenancy.connection, calls, rows, lambda added: added.on_conflict_do_nothing())

    async def get(self, call_id: str) -> Call | None:
        row = await self._tenancy.row(select(calls).where(calls.c.id == call_id, self._tenancy.mine(calls)))
        return None if row is None else Call(**row)

    async def by_carrier(self, carrier: str, carrier_call: str) -> Call | None:
        """The newest, should a carrier ever use an id again."""
        row = await self._tenancy.row(
            select(calls)
            .where(calls.c.carrier == carrier, calls.c.carrier_call == carrier_call, self._tenancy.mine(calls))
            .order_by(calls.c.id.desc())
        )
        return None if row is None else Call(**row)

    async def newest(self, limit: int, offset: int = 0, wanted: CallFilter = EVERY_CALL) -> tuple[list[Call], int]:
        """A page of those that are wanted, newest first, and how many there are in all."""
        return await found(self._tenancy, wanted, limit, offset)

    async def of_customer(self, customer_id: str, limit: int) -> list[Call]:
        """Newest first."""
        its = select(calls).where(calls.c.customer_id == customer_id, self._tenancy.mine(calls))
        rows = await self._tenancy.rows(its.order_by(calls.c.started_at.desc(), calls.c.id.desc()).limit(limit))
        return [Call(**row) for row in rows]

    async def moved(self, call_id: str, to: CallStatus) -> bool:
        """False if the call was no longer where `to` is reached from: a late report, or a repeated one."""
        return await self._change(call_id, COMES_FROM[to], status=to)

    async def placed(self, call: Call) -> None:
        """A call that waited was accepted: by which carrier, from which number and process, was only decided then."""
        names = ("carrier", "carrier_call", "from_number", "node")
        decided = {name: getattr(call, name) for name in names}
        await self._change(call.id, frozenset({CallStatus.QUEUED}), status=CallStatus.DIALING, **decided)

    async def answered(self, call_id: str, *, at: datetime) -> bool:
        """False if it was answered before, or is over."""
        return await self._change(call_id, BEFORE_ANSWER, status=CallStatus.IN_PROGRESS, answered_at=at)

    async def taken(
        self, call_id: str, *, at: datetime, node: str, language: str, recording: str | None, carrier_call: str
    ) -> bool:
        """As `answered`, by a process that has it from now on."""
        to: dict[str, Any] = {"node": node, "language": language, "recording": recording}
        to |= {"carrier_call": carrier_call} if carrier_call else {}
        return await self._change(call_id, BEFORE_ANSWER, status=CallStatus.IN_PROGRESS, answered_at=at, **to)

    async def parked(self, call_id: str) -> bool:
        """Its socket is gone while it is being transferred: no process has it. False if it is over."""
        return await self._change(call_id, frozenset({CallStatus.TRANSFERRING}), node="")

    async def taken_back(self, call_id: str, *, node: str) -> bool:
        """A process has it again after a transfer that failed. False if one has it already, or it is over."""
        its = calls.c.id == call_id, calls.c.status == CallStatus.TRANSFERRING, calls.c.node == ""
        to = {"status": CallStatus.IN_PROGRESS, "node": node}
        return await self._tenancy.change(update(calls).where(*its, self._tenancy.mine(calls)).values(to)) == 1

    async def ended(
        self,
        call_id: str,
        *,
        at: datetime,
        outcome: Outcome,
        reason: str,
        duration: float = 0.0,
        language: str | None = None,
        recording: str | None = None,
    ) -> bool:
        """False if the call was over: the first report stands."""
        return bool(await self.ended_many([CallEnd(call_id, at, outcome, reason, duration, language, recording)]))

    async def ended_many(self, ends: Sequence[CallEnd]) -> list[Call]:
        """As `ended`; those that ended by it. They are counted in the same transaction."""
        if not ends:
            return []
        its = self._tenancy.named(calls.c.id, [end.id for end in ends])
        held = await self._tenancy.rows(select(calls).where(its).order_by(calls.c.id).with_for_update())
        live = {row["id"]: Call(**row) for row in held if row["status"] in LIVE}
        over = [
            replace(
                live[end.id],
                status=CallStatus.ENDED,
                ended_at=end.at,
                outcome=end.outcome,
                reason=end.reason,
                duration=end.duration,
                language=end.language or live[end.id].language,
                recording=end.recording if end.is_recorder else live[end.id].recording,
            )
            for end in ends
            if end.id in live
        ]
        await self._write_ends(over)
        return over

    async def abandoned(
        self,
        node: str,
        *,
        at: datetime,
        reason: str = "server stopped",
        answered: Outcome = Outcome.CONNECTED,
        recorded: Mapping[str, float] = NOTHING,
    ) -> list[Call]:
        """Ends what `node` left open when it crashed.

        `answered` is the outcome of calls that had been. `recorded`: by a call's id, the seconds of its recording.

        Run by the node itself, before it takes calls again, or by another that has found it dead.

        But for outgoing calls that nobody had answered: what became of them the carrier knows.

        A call that had been answered lasted until the last word that was written down, or as long as its recording;
        one that had not has failed. Recordings keep their path: whoever called mends them, or says that there is none
        (`unrecorded`).
        """
        left = await self._tenancy.rows(
            select(calls)
            .where(
                calls.c.node == node,
                calls.c.status.in_(LIVE),
                or_(calls.c.call_type != CallType.OUTBOUND, calls.c.answered_at.is_not(None)),
                self._tenancy.mine(calls),
            )
            .order_by(calls.c.id)
            .with_for_update()  # it may only have been stopped, and end them itself this moment
        )
        over = []
        for call in (Call(**row) for row in left):
            ended = replace(
                call,
                status=CallStatus.ENDED,
                ended_at=at,
                outcome=Outcome.FAILED if call.answered_at is None else answered,
                reason=reason,
                duration=max(await self._last_word(call.id), recorded.get(call.id, 0.0)),
            )
            over.append(ended)
        await self._write_ends(over)
        return over

    async def change_details(
        self, call_id: str, change: Callable[[Mapping[str, Any]], Mapping[str, Any]]
    ) -> Mapping[str, Any] | None:
        """What its `key_details` have become; None if there is no such call. Who writes next waits for this one.

        What `change` raises leaves them as they were.
        """
        its = calls.c.id == call_id, self._tenancy.mine(calls)
        row = await self._tenancy.held(select(calls.c.key_details).where(*its))
        if row is None:
            return None
        changed = change(row["key_details"])
        await self._tenancy.change(update(calls).where(*its).values(key_details=changed))
        return changed

    async def judged(
        self, call_id: str, made: Judged, change: Callable[[Mapping[str, Any]], Mapping[str, Any]]
    ) -> bool:
        """What was made of a call that is over, `change` being as of `change_details`. False if there is none.

        Its sentiment is counted from now on in place of the one that was known before.
        """
        its = calls.c.id == call_id, calls.c.status == CallStatus.ENDED, self._tenancy.mine(calls)
        row = await self._tenancy.held(select(calls).where(*its))
        if row is None:
            return False
        before = Call(**row)
        known = {"summary": made.summary, "sentiment": made.sentiment, "language": made.language}
        to: dict[str, Any] = {name: value for name, value in known.items() if value is not None}
        after = replace(before, **to, key_details=change(before.key_details))
        await self._tenancy.change(update(calls).where(*its).values(key_details=after.key_details, **to))
        await Statistics(self._tenancy).moved(before, after)
        return True

    async def unrecorded(self, call_id: str) -> None:
        """There is no file where its recording was to be."""
        its = update(calls).where(calls.c.id == call_id, self._tenancy.mine(calls))
        await self._tenancy.change(its.values(recording=None))

    async def recorded_by_carrier(self, call_id: str, url: str) -> bool:
        """False if it is known already, or not to be heard."""
        its = calls.c.id == call_id, calls.c.carrier_recording.is_(None), self._tenancy.mine(calls)
        return await self._tenancy.change(update(calls).where(*its).values(carrier_recording=url)) == 1

    async def add_turns(self, said: Sequence[Turn]) -> None:
        """In one statement. Of a bound unit of work only; a turn of another organisation's call is refused."""
        await self._tenancy.adopt(turns, said)

    async def add_latencies(self, measured: Sequence[TurnLatency]) -> None:
        """As `add_turns`."""
        await self._tenancy.adopt(turn_latencies, measured)

    async def turns(self, call_id: str) -> list[Turn]:
        """In the order in which they were said."""
        columns = [column for column in turns.c if column.name != "organisation_id"]
        mine = self._tenancy.mine(turns)
        rows = await self._tenancy.rows(
            select(*columns).where(turns.c.call_id == call_id, mine).order_by(turns.c.position)
        )
        return [Turn(**row) for row in rows]

    async def latencies(self, call_id: str) -> list[TurnLatency]:
        columns = [column for column in turn_latencies.c if column.name != "organisation_id"]
        rows = await self._tenancy.rows(
            select(*columns)
            .where(turn_latencies.c.call_id == call_id, self._tenancy.mine(turn_latencies))
            .order_by(turn_latencies.c.position)
        )
        return [TurnLatency(**row) for row in rows]

    async def _write_ends(self, over: Sequence[Call]) -> None:
        """With what is counted of calls that are over, in the same transaction. They must be held."""
        if not over:
            return
        rows = [{name: getattr(call, name) for name in ("id", *AT_THE_END)} for call in over]
        await update_many(self._tenancy.connection, calls, "id", rows)
        await Statistics(self._tenancy).ended(over)
        await count_calls(self._tenancy, over)
        now = max(call.ended_at for call in over if call.ended_at is not None)
        await Analyses(self._tenancy).ask((call for call in over if call.outcome is Outcome.CONNECTED), at=now)

    async def _last_word(self, call_id: str) -> float:
        end = select(func.max(turns.c.at + turns.c.seconds)).where(
            turns.c.call_id == call_id, self._tenancy.mine(turns)
        )
        return await self._tenancy.connection.scalar(end) or 0.0

    async def _change(self, call_id: str, only_from: frozenset[CallStatus], **to: Any) -> bool:
        guarded = update(calls).where(calls.c.id == call_id, calls.c.status.in_(only_from), self._tenancy.mine(calls))
        return await self._tenancy.change(guarded.values(to)) == 1
