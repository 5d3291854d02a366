"""Queues: where calls that need a human agent go."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pydantic import BaseModel

from control_api.queues.shapes import QueueBody, QueueChange, QueueShown, QueuesPage
from control_api.web.asked import Asked
from control_api.web.contract import Contract
from control_api.web.errors import conflict, not_found
from control_api.web.shapes import Page, changes
from storage.ids import QUEUE, new_id
from storage.records import Scope
from storage.transfer_records import Queue

contract = Contract("Queues", "/queues", v1="/queues", read=Scope.CALLS_READ, write=Scope.CALLS_WRITE)

TAKEN = "A queue with this name already exists"


@contract.get("")
async def every(asked: Asked, query: Page) -> QueuesPage:
    """List queues, oldest first."""
    async with asked.read() as work:
        found, total = await work.queues.page(query.limit, query.offset)
    return QueuesPage(queues=[QueueShown.model_validate(queue) for queue in found], total=total)


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
    return QueueShown.model_validate(queue)


@contract.get("/{queue_uuid}")
async def get(asked: Asked, queue_uuid: str) -> QueueShown:
    """Get a queue."""
    async with asked.read() as work:
        queue = await work.queues.get(queue_uuid)
    if queue is None:
        raise not_found("Queue")
    return QueueShown.model_validate(queue)


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
    return QueueShown.model_validate(queue)


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
