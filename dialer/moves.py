"""What can be done to a flow, from which state, and what state that leads to: people do it, and so does the clock.

Each move is one guarded change in the caller's unit of work, with the event that tells of it. A flow is passed as it
was read there; its state is looked at again in the moment of the change. Who holds a flow has
held its run before.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from dialer.ledger import Ledger
from dialer.low_credits import is_low
from storage.database import UnitOfWork
from storage.dialing import ContactState, ProgressKind
from storage.ids import FLOW, new_id
from storage.records import Flow, FlowKind, FlowStatus

DRAFT, SCHEDULED, ACTIVE = FlowStatus.DRAFT, FlowStatus.SCHEDULED, FlowStatus.ACTIVE
PAUSED, COMPLETED, CANCELLED = FlowStatus.PAUSED, FlowStatus.COMPLETED, FlowStatus.CANCELLED
OF_A_LINE = frozenset({DRAFT, ACTIVE, PAUSED})
"""States that an inbound flow has."""

NAMES = {FlowKind.OUTBOUND: "A campaign", FlowKind.INBOUND: "An inbound flow"}
NAME_LENGTH = 200
TAKEN = "phone_number is taken: by another active inbound flow on this account_sid, or by another organisation"
COPY = " (copy)"
LOW = "Credits are below the threshold: add credits first"


class MoveRefusedError(Exception):
    """The flow's state, or another flow, stands against it. Its text is a sentence for whoever asked."""


class NotReadyError(Exception):
    """The flow lacks what it needs. Its text is a sentence that names the field."""


@dataclass(frozen=True, slots=True)
class Action:
    """A row of the table."""

    verb: str
    done: str
    """Its participle."""
    only_from: frozenset[FlowStatus]
    to: FlowStatus | None = None
    """None: the state stays."""

    def allowed(self, flow: Flow) -> bool:
        fits = flow.kind is FlowKind.OUTBOUND or self.to is None or self.to in OF_A_LINE
        return fits and flow.status in self.only_from


LAUNCH = Action("launch", "launched", frozenset({DRAFT, SCHEDULED, PAUSED}), ACTIVE)
SCHEDULE = Action("schedule", "scheduled", frozenset({DRAFT}), SCHEDULED)
UNSCHEDULE = Action("unschedule", "unscheduled", frozenset({SCHEDULED}), DRAFT)
PAUSE = Action("pause", "paused", frozenset({ACTIVE}), PAUSED)
STOP = Action("stop", "stopped", frozenset({ACTIVE}), PAUSED)
RESUME = Action("resume", "resumed", frozenset({PAUSED}), ACTIVE)
TOGGLE = Action("toggle", "toggled", frozenset({ACTIVE, PAUSED}))
CANCEL = Action("cancel", "cancelled", frozenset({PAUSED, SCHEDULED}), CANCELLED)
COMPLETE = Action("complete", "completed", frozenset({ACTIVE}), COMPLETED)
EDIT = Action("edit", "changed", frozenset({DRAFT, SCHEDULED, PAUSED}))
DUPLICATE = Action("duplicate", "duplicated", frozenset(FlowStatus) - {ACTIVE})

ENDED = {
    (CANCEL, SCHEDULED): "campaign.scheduled.ended-by-user",
    (CANCEL, PAUSED): "campaign.in-progress.ended-by-user",
    (COMPLETE, ACTIVE): "campaign.ended.success",
}
"""`ended_reason`, in Vapi's words."""


def check(flow: Flow, action: Action) -> None:
    """Raises MoveRefusedError if the flow's state does not allow it."""
    if not action.allowed(flow):
        raise MoveRefusedError(f"{NAMES[flow.kind]} that is {flow.status} cannot be {action.done}")


async def launch(work: UnitOfWork, flow: Flow, now: datetime) -> None:
    """Marks it active; whoever dials takes it from there.

    An inbound flow calls nobody, and no event tells of it. Raises MoveRefusedError or NotReadyError.
    """
    await _activate(work, flow, LAUNCH, now)
    if flow.kind is FlowKind.OUTBOUND:
        await _tell(work, "campaign.launched", flow)


async def resume(work: UnitOfWork, flow: Flow, now: datetime) -> None:
    """Goes on where it was paused. Raises MoveRefusedError or NotReadyError."""
    await _activate(work, flow, RESUME, now)


async def pause(work: UnitOfWork, flow: Flow, now: datetime, *, because: str = "") -> None:
    """Calls in progress go on. `because` is a sentence, if it is no person's wish. Raises MoveRefusedError."""
    await _move(work, flow, PAUSE, now, pause_reason=because)


async def stop(work: UnitOfWork, flow: Flow, now: datetime) -> None:
    """As `pause`, with the event."""
    await _move(work, flow, STOP, now)
    if flow.kind is FlowKind.OUTBOUND:
        await _tell(work, "campaign.stopped", flow)


async def toggle(work: UnitOfWork, flow: Flow, now: datetime) -> None:
    """An active one pauses, a paused one goes on. Raises MoveRefusedError or NotReadyError."""
    check(flow, TOGGLE)
    await (pause if flow.status is ACTIVE else resume)(work, flow, now)


async def schedule(work: UnitOfWork, flow: Flow, now: datetime, *, start_at: datetime | None = None) -> None:
    """Whoever dials launches it then, or at the flow's own time. Raises MoveRefusedError or NotReadyError."""
    check(flow, SCHEDULE)
    start_at = start_at or flow.start_at
    await must_start(work, replace(flow, start_at=start_at), now)
    await _move(work, flow, SCHEDULE, now, start_at=start_at)


async def unschedule(work: UnitOfWork, flow: Flow, now: datetime) -> None:
    """Raises MoveRefusedError."""
    await _move(work, flow, UNSCHEDULE, now, start_at=None)


async def cancel(work: UnitOfWork, flow: Flow, now: datetime) -> None:
    """For good. Raises MoveRefusedError."""
    await _move(work, flow, CANCEL, now)


async def complete(work: UnitOfWork, flow: Flow, now: datetime) -> None:
    """The last customer has been dealt with. Raises MoveRefusedError."""
    await _move(work, flow, COMPLETE, now)
    await _tell(work, "campaign.completed", flow)


async def delete(work: UnitOfWork, flow: Flow, now: datetime) -> None:
    """An active campaign is stopped first. Its calls stay."""
    if flow.status is ACTIVE:
        await stop(work, flow, now)
    await work.flows.delete(flow.id)


def duplicate(flow: Flow, now: datetime) -> Flow:
    """A draft of the same, not kept yet. Raises MoveRefusedError."""
    check(flow, DUPLICATE)
    return replace(
        flow,
        id=new_id(FLOW),
        name=flow.name[: NAME_LENGTH - len(COPY)] + COPY,
        status=DRAFT,
        created_at=now,
        updated_at=now,
        start_at=None,
        end_at=None,
        ended_reason=None,
        is_demo=False,
        pause_reason="",
    )


async def must_start(work: UnitOfWork, flow: Flow, now: datetime) -> None:
    """Before a campaign is scheduled, and after a scheduled one was changed. Raises NotReadyError if it never would."""
    if flow.start_at is None:
        raise NotReadyError("start_at is required to schedule")
    if flow.start_at <= now:
        raise NotReadyError("start_at must be in the future")
    await _must_be_ready(work, flow, SCHEDULE)


async def must_have_line(work: UnitOfWork, flow: Flow) -> None:
    """Before an inbound flow is active. Raises MoveRefusedError if another one takes the same calls."""
    if not await work.flows.line_is_free(flow):
        raise MoveRefusedError(TAKEN)


async def _activate(work: UnitOfWork, flow: Flow, action: Action, now: datetime) -> None:
    check(flow, action)
    if flow.kind is FlowKind.INBOUND:
        await must_have_line(work, flow)
    else:
        await _must_be_ready(work, flow, action)
        if await is_low(work):
            raise MoveRefusedError(LOW)
        await _set_off(work, flow, now)
    await _move(work, flow, action, now, pause_reason="")


async def _set_off(work: UnitOfWork, flow: Flow, now: datetime) -> None:
    """Its customers are gone through: also those who came since, and who was left out before any call."""
    await work.runs.start(flow.id, flow.organisation_id, now=now, enrol_to=await work.contacts.last_customer())
    left_out = await work.contacts.drop_skipped(flow.id)
    if left_out:
        run = await work.runs.held(flow.id)
        assert run is not None
        ledger = Ledger(run)
        ledger.counted(Counter({ContactState.SKIPPED: left_out}))
        await ledger.write(work)


async def _must_be_ready(work: UnitOfWork, flow: Flow, action: Action) -> None:
    if flow.agent_id is None:
        raise NotReadyError(f"voice_agent_id is required to {action.verb}")
    agent = await work.agents.get(flow.agent_id)
    if agent is None or not agent.is_active:
        raise NotReadyError("voice_agent_id is of an agent that was deleted")
    if flow.contact_list_id is not None and await work.lists.get(flow.contact_list_id) is None:
        raise NotReadyError("contact_list_id is of a contact list that was deleted")


async def _move(work: UnitOfWork, flow: Flow, action: Action, now: datetime, **more: Any) -> None:
    check(flow, action)
    assert action.to is not None
    reason = ENDED.get((action, flow.status))
    if reason is not None:
        more["ended_reason"] = reason
    if await work.flows.move(flow.id, now=now, to=action.to, only_from={flow.status}, **more):
        await _note(work, flow, action.to, now, more.get("pause_reason", ""))
        return
    present = await work.flows.get(flow.id)
    raise MoveRefusedError(
        f"{NAMES[flow.kind]} that is {'gone' if present is None else present.status} cannot be {action.done}"
    )


async def _note(work: UnitOfWork, flow: Flow, status: FlowStatus, now: datetime, reason: str) -> None:
    """For whoever watches the campaign; one that was never launched is not watched."""
    run = await work.runs.held(flow.id)
    if run is not None:
        ledger = Ledger(run)
        ledger.note(now, ProgressKind.STATUS, status=status, reason=reason)
        await ledger.write(work)


async def _tell(work: UnitOfWork, topic: str, flow: Flow) -> None:
    await work.announce(topic, {"flow_uuid": flow.id, "name": flow.name}, organisation=flow.organisation_id)
