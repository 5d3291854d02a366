"""Members of a queue: the human agents, and whether calls may be handed to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from control_api.queues import queues
from control_api.queues.queues import kept
from control_api.queues.shapes import MemberBody, MemberChange, MemberShown, MembersPage
from control_api.web.asked import Asked
from control_api.web.errors import conflict, not_found
from control_api.web.shapes import Page, changes
from dialer.duty import free
from storage.database import UnitOfWork
from storage.ids import MEMBER, new_id
from storage.transfer_records import Member, Queue

contract = queues.contract.again()

TAKEN = "A member with this phone already exists in the queue"


@contract.get("/{queue_uuid}/members")
async def every(asked: Asked, queue_uuid: str, query: Page) -> MembersPage:
    """List the members of a queue, oldest first, and whether a call could be handed to them now."""
    async with asked.read() as work:
        queue = _there(await work.queues.get(queue_uuid))
        members = await work.members.of([queue_uuid])
        shown = await _shown(asked, work, queue, members[query.offset : query.offset + query.limit])
    return MembersPage(members=shown, total=len(members))


@contract.post("/{queue_uuid}/members", errors=(409,))
async def add(asked: Asked, queue_uuid: str, body: MemberBody) -> MemberShown:
    """Add a member to a queue."""
    given = kept(body, body.model_dump())
    async with asked.begin() as work:
        queue = _there(await work.queues.held(queue_uuid))
        member = Member(
            new_id(MEMBER), asked.organisation, queue.id, created_at=asked.now, updated_at=asked.now, **given
        )
        if not await work.members.is_free(queue.id, member.phone):
            raise conflict(TAKEN)
        await work.members.add(member)
        (shown,) = await _shown(asked, work, queue, [member])
    return shown


@contract.get("/{queue_uuid}/members/{member_uuid}")
async def get(asked: Asked, queue_uuid: str, member_uuid: str) -> MemberShown:
    """Get a member of a queue."""
    async with asked.read() as work:
        queue = _there(await work.queues.get(queue_uuid))
        (shown,) = await _shown(asked, work, queue, [_its(queue, await work.members.get(member_uuid))])
    return shown


@contract.patch("/{queue_uuid}/members/{member_uuid}", errors=(409,))
async def change(asked: Asked, queue_uuid: str, member_uuid: str, body: MemberChange) -> MemberShown:
    """Change a member of a queue, or switch it on or off. A call that is on its way to it is not called back."""
    given = kept(body, changes(body))
    async with asked.begin() as work:
        queue = _there(await work.queues.get(queue_uuid))
        member = _its(queue, await work.members.held(member_uuid))
        member = replace(member, **given, updated_at=asked.now)
        if not await work.members.is_free(queue.id, member.phone, but=member.id):
            raise conflict(TAKEN)
        await work.members.save(member, now=asked.now)
        (shown,) = await _shown(asked, work, queue, [member])
    return shown


@contract.delete("/{queue_uuid}/members/{member_uuid}")
async def remove(asked: Asked, queue_uuid: str, member_uuid: str) -> None:
    """Remove a member from a queue."""
    async with asked.begin() as work:
        queue = _there(await work.queues.get(queue_uuid))
        _its(queue, await work.members.get(member_uuid))
        await work.members.delete(member_uuid)


def _there(queue: Queue | None) -> Queue:
    if queue is None:
        raise not_found("Queue")
    return queue


def _its(queue: Queue, member: Member | None) -> Member:
    if member is None or member.queue_id != queue.id:
        raise not_found("Member")
    return member


async def _shown(asked: Asked, work: UnitOfWork, queue: Queue, members: Sequence[Member]) -> list[MemberShown]:
    taken = await work.transfers.places_taken({member.phone for member in members})
    available = {member.id for member in free(queue, members, taken, asked.now)}
    return [
        MemberShown.of(member, is_available=member.id in available, calls=taken[member.phone]) for member in members
    ]
