"""Queues: where calls that need a human agent go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from pydantic import BaseModel

from control_api.queues.shapes import (
    QueueBody,
    QueueChange,
    QueueShown,
    QueuesPage,
    TransferShown,
    TransfersList,
)
from control_api.web.asked import Asked
from control_api.web.contract import Contract
from control_api.web.errors import conflict, not_found
from control_api.web.shapes import Page, changes
from dialer.duty import free, is_open
from storage.database import UnitOfWork
from storage.ids import QUEUE, new_id
from storage.records import Scope
from storage.transfer_records import Queue

contract = Contract("Queues", "/queues", v1="/queues", read=Scope.CALLS_READ, write=Scope.CALLS_WRITE)

TAKEN = "A queue with this name already exists"


@contract.get("")
async def every(asked: Asked, query: Page) -> QueuesPage:
    """List queues, oldest first, and who in them could be given a call now."""
    async with asked.read() as work:
        found, total = await work.queues.page(query.limit, query.offset)
        shown = await _shown(asked, work, found)
    return QueuesPage(queues=shown, total=total)


@contract.post("", errors=(409,))
async def create(asked: Asked, body: QueueBody) -> QueueShown:
    """Create a queue."""
    queue = Queue(
        new_id(QUEUE), asked.organisation, created_at=asked.now, updated_at=asked.now, **kept(body, body.model_dump())
    )
    async with asked.begin() as work:
        if not await work.queues.is_free(queue.name):
            raise conflict(TAKEN)
        await work.queues.add(queue)
        (shown,) = await _shown(asked, work, [queue])
    return shown


@contract.get("/{queue_uuid}")
async def get(asked: Asked, queue_uuid: str) -> QueueShown:
    """Get a queue."""
    async with asked.read() as work:
        queue = await work.queues.get(queue_uuid)
        if queue is None:
            raise not_found("Queue")
        (shown,) = await _shown(asked, work, [queue])
    return shown


@contract.get("/{queue_uuid}/transfers")
async def transfers(asked: Asked, queue_uuid: str, query: Page) -> TransfersList:
    """List the transfers to a queue, newest first, and what came of each."""
    async with asked.read() as work:
        if await work.queues.get(queue_uuid) is None:
            raise not_found("Queue")
        found, total = await work.transfers.to(queue_uuid, query.limit, query.offset)
    return TransfersList(transfers=[TransferShown.of(one) for one in found], total=total)


@contract.patch("/{queue_uuid}", errors=(409,))
async def change(asked: Asked, queue_uuid: str, body: QueueChange) -> QueueShown:
    """Change a queue. Calls that are on their way in it are not called back."""
    given = kept(body, changes(body))
    async with asked.begin() as work:
        queue = await work.queues.held(queue_uuid)
        if queue is None:
            raise not_found("Queue")
        queue = replace(queue, **given, updated_at=asked.now)
        if not await work.queues.is_free(queue.name, but=queue.id):
            raise conflict(TAKEN)
        await work.queues.save(queue, now=asked.now)
        (shown,) = await _shown(asked, work, [queue])
    return shown


@contract.delete("/{queue_uuid}")
async def delete(asked: Asked, queue_uuid: str) -> None:
    """Delete a queue and its members. Calls that are on their way in it get no other human agent."""
    async with asked.begin() as work:
        if not await work.queues.delete(queue_uuid):
            raise not_found("Queue")


def kept(body: BaseModel, given: dict[str, Any]) -> dict[str, Any]:
    """With hours as they are stored."""
    hours = getattr(body, "hours", None)
    if "hours" in given and hours is not None:
        return {**given, "hours": hours.model_dump(exclude_unset=True)}
    return given


async def _shown(asked: Asked, work: UnitOfWork, queues: Sequence[Queue]) -> list[QueueShown]:
    members = await work.members.of([queue.id for queue in queues])
    taken = await work.transfers.places_taken({member.phone for member in members})
    waiting = await work.transfers.waiting([queue.id for queue in queues])
    shown = []
    for queue in queues:
        its = [member for member in members if member.queue_id == queue.id]
        shown.append(
            QueueShown.of(
                queue,
                is_open=is_open(queue.hours, queue.timezone, asked.now),
                members=len(its),
                available=len(free(queue, its, taken, asked.now)),
                waiting=waiting[queue.id],
            )
        )
    return shown
