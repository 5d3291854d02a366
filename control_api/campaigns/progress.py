"""`GET /flows/{id}/progress`: a campaign as it goes on, as Server-Sent Events.

Each event bears the number of the run's last event that was told: who names it comes back to all that was missed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from time import monotonic

from aiohttp import web
from pydantic import Field

from control_api.campaigns import flow_moves
from control_api.campaigns.progress_stream import ProgressStream, ReaderGoneError
from control_api.people.event_stream import MEDIA
from control_api.web.asked import Asked
from control_api.web.errors import RefusedError, bad, not_found
from control_api.web.shapes import Body, Shown, Time
from dialer.waiting import Wait, WaitsFor, wait_of
from dialer.windows import Schedule
from dialer.zones import Place
from storage.dialing import COUNTED, ProgressEvent, ProgressKind, Run
from storage.records import CallStatus, Flow, FlowKind, FlowStatus, Outcome

contract = flow_moves.contract.again()

POLL_SECONDS = 1.0
EVENTS = 200
"""In one read."""
OVER = frozenset({FlowStatus.COMPLETED, FlowStatus.CANCELLED})
LARGEST = 2**53


class After(Body):
    last_event_id: int | None = Field(
        None, ge=0, le=LARGEST, description="as the header of that name, which counts more"
    )


class LastEvent(Body):
    last_event_id: int | None = Field(None, ge=0, le=LARGEST, description="id of the last event that was read")


class Counts(Shown):
    pending: int = 0
    dialing: int = 0
    in_call: int = 0
    retry: int = 0
    done: int = 0
    skipped: int = 0
    cancelled: int = 0


class Progress(Shown):
    flow_uuid: str = Field(alias="campaign_uuid")
    status: FlowStatus
    pause_reason: str
    counts: Counts = Field(description="contacts in each state")
    total: int = Field(description="contacts that were taken in")
    attempted: int = Field(description="of them, that were called at least once")
    in_flight: int = Field(description="calls that are going on")
    is_taking_in: bool = Field(description="more contacts are yet to come")
    waits_until: Time | None = Field(
        description="when the next call may be placed; null: now, or nobody waits, or the campaign is not active or "
        "scheduled"
    )
    waits_for: WaitsFor | None = Field(description="why none may be before: hours of the law count too")
    timezone: str | None = Field(description="of who may be called then")


class CallChange(Shown):
    call_uuid: str
    customer_uuid: str = Field(alias="contact_uuid")
    attempt: int
    status: CallStatus
    outcome: Outcome | None = None
    reason: str | None = None
    talk_seconds: float | None = None
    next_attempt_at: str | None = None


class StatusChange(Shown):
    status: FlowStatus
    reason: str


class Reset(Shown):
    """Some of what came after the event that was named is no longer kept: all that is known comes next."""

    flow_uuid: str = Field(alias="campaign_uuid")


MOST_STREAMS = 40
"""Of one organisation in this process: each asks the database every second."""
RETRY_SECONDS = 10


TOLD_AS: dict[ProgressKind, type[CallChange] | type[StatusChange]] = {
    ProgressKind.CALL: CallChange,
    ProgressKind.STATUS: StatusChange,
}


@dataclass(frozen=True, slots=True)
class Seen:
    """A campaign at one moment."""

    flow: Flow
    run: Run | None
    wait: Wait | None
    events: list[ProgressEvent]
    """After what has been told, oldest first: EVENTS of them at most."""

    @property
    def sequence(self) -> int:
        return self.run.sequence if self.run is not None else 0

    @property
    def is_over(self) -> bool:
        """No event will come any more."""
        resting = self.run is None or not (self.run.in_flight or self.run.waiting)
        return self.flow.status in OVER and resting

    def has_all_after(self, number: int) -> bool:
        """Whether all that came after an event is still kept."""
        if number >= self.sequence:
            return number == self.sequence
        return bool(self.events) and self.events[0].number == number + 1

    def progress(self) -> Progress:
        run, wait = self.run, self.wait
        return Progress(
            flow_uuid=self.flow.id,
            status=self.flow.status,
            pause_reason=self.flow.pause_reason,
            counts=Counts() if run is None else Counts(**{name: getattr(run, name) for name in COUNTED}),
            total=0 if run is None else run.contacts,
            attempted=0 if run is None else run.attempted,
            in_flight=0 if run is None else run.in_flight,
            is_taking_in=run is not None and run.enrol_after is not None and self.flow.status not in OVER,
            waits_until=None if wait is None else wait.until,
            waits_for=None if wait is None else wait.reason,
            timezone=None if wait is None else wait.timezone,
        )


@contract.get("/{flow_uuid}/progress", query_token=True, media=(MEDIA,), may_be_empty=True, errors=(400,))
async def progress(asked: Asked, flow_uuid: str, query: After, headers: LastEvent) -> web.StreamResponse:
    """Follow a campaign: events `progress`, `call` and `status`. 204 to who has read all of one that is over."""
    after = headers.last_event_id if headers.last_event_id is not None else query.last_event_id
    seen = await _seen(asked, flow_uuid, LARGEST if after is None else after)
    if seen is None:
        raise not_found("Flow")
    if seen.flow.kind is FlowKind.INBOUND:
        raise bad("kind is inbound: such a flow calls nobody")
    if after is not None and after == seen.sequence and seen.is_over:
        return web.Response(status=204)
    streams = asked.services.streams
    if streams[asked.organisation] >= MOST_STREAMS:
        raise RefusedError(429, f"At most {MOST_STREAMS} streams may be open at once", retry_after=RETRY_SECONDS)
    stream = ProgressStream(asked.request, by_alias=asked.vocabulary.by_alias)
    streams[asked.organisation] += 1
    try:
        await stream.begin()
        await _follow(asked, stream, seen, after)
    except ReaderGoneError:
        pass  # it comes again if it wants more
    finally:
        streams[asked.organisation] -= 1
    return stream.answer


async def _follow(asked: Asked, stream: ProgressStream, seen: Seen, after: int | None) -> None:
    ends = monotonic() + asked.services.longest_stream
    last = seen.sequence if after is None else after
    told: Progress | None = None
    while True:
        if not seen.has_all_after(last):
            last = seen.sequence
            await stream.send(last, "reset", Reset(flow_uuid=seen.flow.id))
        for event in seen.events:
            if event.number > last:
                last = event.number
                await stream.send(last, event.kind, TOLD_AS[event.kind].model_validate(event.body))
        present = seen.progress()
        if present != told and last >= seen.sequence:
            await stream.send(last, "progress", present)
            told = present
        if last >= seen.sequence and (seen.is_over or monotonic() >= ends):
            return
        await stream.live()
        if last >= seen.sequence:
            await asyncio.sleep(POLL_SECONDS)
        news = await _seen(asked, seen.flow.id, last)
        if news is None:
            return  # deleted: who comes again learns so
        seen = news


async def _seen(asked: Asked, flow_uuid: str, after: int) -> Seen | None:
    async with asked.read() as work:
        flow = await work.flows.get(flow_uuid)
        run = await work.runs.get(flow_uuid)
        events = await work.runs.told(flow_uuid, after, EVENTS) if run is not None and after < run.sequence else []
        waiting = flow is not None and flow.status is FlowStatus.ACTIVE and run is not None and run.waiting
        first_due = await work.contacts.first_due(flow_uuid, len(run.places)) if run is not None and waiting else {}
    if flow is None:
        return None
    return Seen(flow, run, await _wait(flow, run, first_due), events)


async def _wait(flow: Flow, run: Run | None, first_due: Mapping[int, datetime]) -> Wait | None:
    """What keeps its next call."""
    now = datetime.now(UTC)
    if flow.status is FlowStatus.SCHEDULED and flow.start_at is not None and flow.start_at > now:
        return Wait(flow.start_at, WaitsFor.START, flow.time_window["timezone"] if flow.time_window else "UTC")
    if run is None or not first_due:
        return None
    due = {Place.parse(run.places[place]): at for place, at in first_due.items()}
    return await asyncio.to_thread(wait_of, Schedule.of(flow), due, now)
