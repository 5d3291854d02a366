"""Handing a live call to a human agent, whether one is there, and what came of it."""

from __future__ import annotations

from control_api.queues.shapes import (
    Availability,
    AvailabilityQuery,
    TransferBody,
    TransferInitiated,
    TransferShown,
    TransfersList,
)
from control_api.records import calls
from control_api.web.asked import NOT_LIVE, Asked
from control_api.web.errors import RefusedError, conflict, not_found
from dialer import hand_over
from dialer.duty import free
from storage.records import CallStatus

contract = calls.contract.again()

NOBODY = "No agents available in target queue"
NO_FLOW = "The call runs through no flow of its carrier, and cannot be transferred"


@contract.get("/agent-availability", limit="30/minute", errors=(404,))
async def availability(asked: Asked, query: AvailabilityQuery) -> Availability:
    """Say whether a human agent of a queue could be given a call now."""
    async with asked.read() as work:
        queue = await work.queues.by_name(query.target)
        if queue is None:
            raise not_found("Queue")
        members = await work.members.of([queue.id])
        taken = await work.transfers.places_taken({member.phone for member in members})
        waiting = await work.transfers.waiting([queue.id])
    return Availability(
        target=queue.name,
        available=bool(free(queue, members, taken, asked.now)),
        queue_depth=waiting[queue.id],
        checked_at=asked.now,
    )


@contract.post("/{call_uuid}/transfer", status=200, limit="10/minute", errors=(409, 503))
async def transfer(asked: Asked, call_uuid: str, body: TransferBody) -> TransferInitiated:
    """Hand a live call to a human agent of a queue. What came of it is told by the call's transfers."""
    wish = hand_over.Wish(body.target, body.agent_brief, "api", body.context)
    try:
        async with asked.begin() as work:
            call = await work.calls.get(call_uuid)
            if call is None:
                raise not_found("Call")
            if call.status is not CallStatus.IN_PROGRESS:
                raise conflict(NOT_LIVE)
            begun = await hand_over.begin(work, call, wish, asked.now)
    except hand_over.UnknownQueueError:
        raise not_found("Queue") from None
    except hand_over.NoFlowError:
        raise conflict(NO_FLOW) from None
    except hand_over.NotInProgressError:
        raise conflict(NOT_LIVE) from None
    except hand_over.NobodyThereError:
        raise RefusedError(503, NOBODY) from None
    try:
        await asked.services.commands(call, {"do": "transfer", "target": begun.target, "transfer": begun.id})
    except RefusedError:
        async with asked.begin() as work:
            goes_on = await hand_over.not_begun(work, begun.id, asked.now)
        if goes_on:  # else the call has obeyed, and its process was only slow to say so
            raise
    return TransferInitiated(call_uuid=call_uuid, target=begun.target)


@contract.get("/{call_uuid}/transfers")
async def every(asked: Asked, call_uuid: str) -> TransfersList:
    """List the transfers of a call, oldest first, and what came of each."""
    async with asked.read() as work:
        if await work.calls.get(call_uuid) is None:
            raise not_found("Call")
        found = await work.transfers.of(call_uuid)
    return TransfersList(transfers=[TransferShown.of(one) for one in found], total=len(found))
