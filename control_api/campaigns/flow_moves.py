"""What is done to flows: launched, paused, cancelled. Which state allows what stands in `dialer.moves`."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Literal

from pydantic import Field

from control_api.assistant.field import readable
from control_api.campaigns.flow_fields import must_make_sense
from control_api.campaigns.flow_shapes import FlowShown, Moment
from control_api.campaigns.flow_warnings import warnings_of
from control_api.campaigns.starting import must_be_able_to_call
from control_api.web.asked import Asked
from control_api.web.contract import Contract
from control_api.web.errors import bad, conflict, not_found
from control_api.web.shapes import Body, Shown
from dialer import moves
from dialer.accounts import NoLineError
from dialer.ledger import Ledger
from storage.database import UnitOfWork
from storage.dialing import ContactState
from storage.records import Flow, FlowKind, FlowStatus, Scope

contract = Contract("Flows", "/flows", v1="/campaigns", read=Scope.CAMPAIGNS_READ, write=Scope.CAMPAIGNS_WRITE)

Move = Callable[[UnitOfWork, Flow, datetime], Awaitable[object]]

TO: dict[FlowStatus, Move] = {
    FlowStatus.DRAFT: moves.unschedule,
    FlowStatus.PAUSED: moves.pause,
    FlowStatus.CANCELLED: moves.cancel,
}
"""What a change of `status` means, besides those that need more to be said."""


class Launched(Shown):
    status: Literal["launched"] = "launched"
    flow_uuid: str = Field(alias="campaign_id")
    customers_queued: int = Field(alias="contacts_queued")


class Stopped(Shown):
    status: Literal["stopped"] = "stopped"
    flow_uuid: str = Field(alias="campaign_id")


class Start(Body):
    start_at: Moment | None = Field(None, description="null: the flow's own")


@contextmanager
def told_to_who_asked() -> Iterator[None]:
    """What stands against a move."""
    try:
        yield
    except moves.MoveRefusedError as error:
        raise conflict(str(error)) from None
    except (moves.NotReadyError, NoLineError) as error:
        raise bad(str(error)) from None


@asynccontextmanager
async def changing(asked: Asked, flow_uuid: str) -> AsyncIterator[tuple[UnitOfWork, Flow]]:
    """The flow, which nobody else changes meanwhile, nor its run. What stands against a move is told to who asked."""
    with told_to_who_asked():
        async with asked.begin() as work:
            await work.runs.held(flow_uuid)
            flow = await work.flows.held(flow_uuid)
            if flow is None:
                raise not_found("Flow")
            yield work, flow


async def shown(asked: Asked, flow_uuid: str) -> FlowShown:
    """As it is now."""
    async with asked.read() as work:
        flow = await work.flows.get(flow_uuid)
        if flow is None:
            raise not_found("Flow")
        return FlowShown.of(readable(asked, flow), await warnings_of(asked, work, flow))


@contract.post("/{flow_uuid}/launch", status=200, limit="5/minute", errors=(400, 409))
async def launch(asked: Asked, flow_uuid: str) -> Launched:
    """Launch a campaign: its customers are called from now on. An inbound flow takes calls from now on."""
    queued = await _queued(asked, flow_uuid)
    async with changing(asked, flow_uuid) as (work, flow):
        await moves.launch(work, flow, asked.now)
        await must_be_able_to_call(asked, work, flow)
    asked.services.wake()
    return Launched(flow_uuid=flow_uuid, customers_queued=queued)


@contract.post("/{flow_uuid}/stop", status=200, limit="5/minute", errors=(409,))
async def stop(asked: Asked, flow_uuid: str) -> Stopped:
    """Stop a campaign. Calls in progress go on."""
    await _done(asked, flow_uuid, moves.stop)
    return Stopped(flow_uuid=flow_uuid)


@contract.post("/{flow_uuid}/toggle", status=200, errors=(400, 409))
async def toggle(asked: Asked, flow_uuid: str) -> FlowShown:
    """Switch between active and paused."""
    async with changing(asked, flow_uuid) as (work, flow):
        await moves.toggle(work, flow, asked.now)
        if flow.status is FlowStatus.PAUSED:
            await must_be_able_to_call(asked, work, flow)
    asked.services.wake()
    return await shown(asked, flow_uuid)


@contract.post("/{flow_uuid}/schedule", status=200, errors=(400, 409))
async def schedule(asked: Asked, flow_uuid: str, body: Start) -> FlowShown:
    """Have a draft launched at a time."""
    async with changing(asked, flow_uuid) as (work, flow):
        await moves.schedule(work, flow, asked.now, start_at=body.start_at)
        must_make_sense(replace(flow, start_at=body.start_at or flow.start_at))
        await must_be_able_to_call(asked, work, flow)
    return await shown(asked, flow_uuid)


@contract.post("/{flow_uuid}/unschedule", status=200, errors=(409,))
async def unschedule(asked: Asked, flow_uuid: str) -> FlowShown:
    """Make a scheduled campaign a draft again."""
    await _done(asked, flow_uuid, moves.unschedule)
    return await shown(asked, flow_uuid)


@contract.post("/{flow_uuid}/pause", status=200, errors=(409,))
async def pause(asked: Asked, flow_uuid: str) -> FlowShown:
    """Pause an active flow. Calls in progress go on."""
    await _done(asked, flow_uuid, moves.pause)
    return await shown(asked, flow_uuid)


@contract.post("/{flow_uuid}/resume", status=200, errors=(400, 409))
async def resume(asked: Asked, flow_uuid: str) -> FlowShown:
    """Go on with a paused flow."""
    async with changing(asked, flow_uuid) as (work, flow):
        await moves.resume(work, flow, asked.now)
        await must_be_able_to_call(asked, work, flow)
    asked.services.wake()
    return await shown(asked, flow_uuid)


@contract.post("/{flow_uuid}/cancel", status=200, errors=(409,))
async def cancel(asked: Asked, flow_uuid: str) -> FlowShown:
    """Cancel a paused or scheduled campaign for good."""
    await _done(asked, flow_uuid, moves.cancel)
    return await shown(asked, flow_uuid)


@contract.post("/{flow_uuid}/duplicate", errors=(409,))
async def duplicate(asked: Asked, flow_uuid: str) -> FlowShown:
    """Make a draft of the same."""
    async with changing(asked, flow_uuid) as (work, flow):
        copy = moves.duplicate(flow, asked.now)
        await work.flows.add(copy)
    return await shown(asked, copy.id)


async def move_to(asked: Asked, work: UnitOfWork, flow: Flow, status: FlowStatus) -> None:
    """Whatever leads there. Raises MoveRefusedError, NotReadyError, NoLineError or RefusedError."""
    now = asked.now
    match status:
        case flow.status:
            return
        case FlowStatus.ACTIVE if flow.status is FlowStatus.PAUSED:
            await moves.resume(work, flow, now)
            await must_be_able_to_call(asked, work, flow)
        case FlowStatus.ACTIVE if flow.kind is FlowKind.OUTBOUND:
            raise bad("status becomes active by launching the campaign")
        case FlowStatus.ACTIVE:
            await moves.launch(work, flow, now)
        case FlowStatus.SCHEDULED:
            await moves.schedule(work, flow, now)
            await must_be_able_to_call(asked, work, flow)
        case FlowStatus.COMPLETED:
            raise bad("status becomes completed by itself, when every customer has been called")
        case _:
            await TO[status](work, flow, now)


async def forget_untried(work: UnitOfWork, flow: Flow) -> None:
    """Others are to be called from now on: who still waits for a first call is taken out of the campaign."""
    run = await work.runs.held(flow.id)
    if run is not None:
        ledger = Ledger(run)
        ledger.counted(Counter({ContactState.PENDING: await work.contacts.drop_untried(flow.id)}))
        await ledger.write(work)


async def _queued(asked: Asked, flow_uuid: str) -> int:
    """Whom a launch would call, who wait from an earlier one among them.

    To count many takes too long for a writer, whom others wait for.
    """
    async with asked.read() as work:
        flow = await work.flows.get(flow_uuid)
        if flow is None or flow.kind is FlowKind.INBOUND:
            return 0
        run = await work.runs.get(flow_uuid)
        return await work.flows.queued(flow, asked.now) + (run.waiting if run is not None else 0)


async def _done(asked: Asked, flow_uuid: str, move: Move) -> None:
    async with changing(asked, flow_uuid) as (work, flow):
        await move(work, flow, asked.now)
