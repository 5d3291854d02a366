"""A call's way to a human agent and back. Each step is one transaction of the call's organisation.

The order of locks is: the organisation's transfers, the transfer, the call. A report of a step that is past changes
nothing. The place of a human agent is taken in the transaction that looks for one: nobody has one call too many.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from dialer.accounts import EXOTEL
from dialer.duty import free
from storage.database import UnitOfWork
from storage.ids import TRANSFER, new_id
from storage.records import Call, CallStatus, CallType
from storage.transfer_records import ON_ITS_WAY, Member, Queue, Transfer, TransferState

LONGEST_CONVERSATION = timedelta(hours=1)
"""With a human agent."""
OBEYING = timedelta(minutes=1)
"""From the wish to the call's obeying it. It takes a millisecond: after that whoever asked is gone."""
TELLING = timedelta(minutes=2)
"""From the call's obeying to the carrier's question whom to dial: the caller is told meanwhile."""
PICKING_UP = timedelta(minutes=2)
"""From an attempt that failed to the carrier's coming back with the caller."""
SLACK = timedelta(minutes=1)
"""By which reports may be late."""
LONGEST_TRANSFER = LONGEST_CONVERSATION + timedelta(minutes=20)
"""From the end of a call's own line to the end of whatever came of it."""
ASKED_AGAIN = timedelta(seconds=5)
"""A question that comes so soon after another is the same one: whoever was dialled cannot have been given up yet."""


class UnknownQueueError(Exception):
    """There is no queue of that name."""


class NobodyThereError(Exception):
    """Nobody in the queue can be given a call."""


class NotInProgressError(Exception):
    """The call is over, not yet answered, or being transferred."""


class NoFlowError(Exception):
    """The carrier has connected the call to us alone, and would end it once our line is down."""


@dataclass(frozen=True, slots=True)
class Wish:
    """To have a call handed over."""

    target: str
    brief: str = field(repr=False)
    asked_by: str
    """`api` or `agent`."""
    context: Mapping[str, Any] = field(default_factory=dict, repr=False)


async def begin(work: UnitOfWork, call: Call, wish: Wish, at: datetime) -> Transfer:
    """Takes a human agent's place, until the call has `obeyed`, or for a minute if it never does.

    Raises one of the errors above: the transaction is not to be committed then.
    """
    if not await _has_flow(work, call):
        raise NoFlowError
    await work.transfers.alone()
    if not await work.calls.moved(call.id, CallStatus.TRANSFERRING):  # first: its own transfer may hold the last place
        raise NotInProgressError
    queue = await work.queues.by_name(wish.target)
    if queue is None:
        raise UnknownQueueError
    found = await _free(work, queue, at)
    if not found:
        raise NobodyThereError
    member = found[0]
    transfer = Transfer(
        new_id(TRANSFER),
        call.organisation_id,
        call.id,
        call.carrier_call or "",
        queue.id,
        queue.name,
        wish.brief,
        wish.context,
        wish.asked_by,
        TransferState.INITIATED,
        at,
        at,
        at + OBEYING,
        member.id,
        member.name,
        member.phone,
    )
    await work.transfers.add(transfer)
    await work.members.chosen(member.id, at)
    return transfer


async def obeyed(work: UnitOfWork, transfer_id: str, at: datetime) -> bool:
    """The call is about to be handed over: the world is told. False if it must not be, as the transfer was given up."""
    transfer = await work.transfers.held(transfer_id)
    if transfer is None or not is_unobeyed(transfer):
        return False
    call = await work.calls.get(transfer.call_id)
    if call is None or call.status is not CallStatus.TRANSFERRING:
        return False
    await _save(work, replace(transfer, look_at=max(at, transfer.created_at) + TELLING), at)
    body = {"target": transfer.target, "agent_brief": transfer.brief, "context": transfer.context}
    await work.announce("call.transferred", {"call": call.id, "transfer": transfer.id, **body})
    return True


def is_unobeyed(transfer: Transfer) -> bool:
    """The call may yet obey it: nobody has looked for anything else in the meantime."""
    return transfer.ended_at is None and transfer.look_at == transfer.created_at + OBEYING


async def _has_flow(work: UnitOfWork, call: Call) -> bool:
    """Whether something of the carrier's follows when our line goes down. Calls that came in have come through it."""
    if not call.carrier_call:
        return False
    if call.call_type is not CallType.OUTBOUND or call.carrier != EXOTEL:
        return True
    account = await work.integrations.get(EXOTEL)
    return account is not None and bool(account.settings.get("app_id"))


async def not_begun(work: UnitOfWork, transfer_id: str, at: datetime) -> bool:
    """The call could not be told: it goes on as if nothing had been asked. False if it has obeyed after all."""
    transfer = await work.transfers.held(transfer_id)
    if transfer is None or transfer.ended_at is not None:
        return True
    if not is_unobeyed(transfer):
        return False
    await _save(work, replace(transfer, state=TransferState.FAILED, ended_at=at, look_at=None), at)
    await work.calls.moved(transfer.call_id, CallStatus.IN_PROGRESS)
    return True


async def lost(work: UnitOfWork, transfers: Sequence[Transfer], at: datetime) -> None:
    """Their calls were on a process that is no more. The transfers must be held."""
    for transfer in transfers:
        await _save(work, replace(transfer, state=TransferState.FAILED, ended_at=at, look_at=None), at)


@dataclass(frozen=True, slots=True)
class Offer:
    """Whom the carrier is to dial for a call."""

    transfer: Transfer
    queue: Queue


async def offer(work: UnitOfWork, transfer_id: str, at: datetime) -> Offer | None:
    """The carrier asks whom to dial, for the first time or because somebody has not answered. None: nobody."""
    await work.transfers.alone()
    transfer = await work.transfers.held(transfer_id)
    if transfer is None or transfer.ended_at is not None or transfer.state not in ON_ITS_WAY:
        return None
    queue = await work.queues.get(transfer.queue_id)
    if queue is None:
        await _save(work, _over(transfer, TransferState.FAILED, at), at)
        return None
    if transfer.offered_at is not None and transfer.state is TransferState.OFFERED:
        if at - transfer.offered_at < ASKED_AGAIN:
            return Offer(transfer, queue)
        transfer = await _next(work, transfer, TransferState.NO_ANSWER, at)
        if transfer.ended_at is not None:
            await _save(work, transfer, at)
            return None
    others = await _others(work, queue, transfer, at)
    offered = replace(
        transfer,
        state=TransferState.OFFERED,
        offered_at=at,
        hunts=bool(others),
        look_at=at + timedelta(seconds=queue.ring_seconds) + LONGEST_CONVERSATION + SLACK,
    )
    await _save(work, offered, at)
    return Offer(offered, queue)


async def heard(
    work: UnitOfWork, transfer_id: str, number: int, state: TransferState, at: datetime, *, is_over: bool = False
) -> Transfer | None:
    """What the carrier says of the `number`th human agent. None if it is past, or nothing new.

    `is_over`: of one that was accepted: the conversation has ended.
    """
    await work.transfers.alone()
    transfer = await work.transfers.held(transfer_id)
    if transfer is None or transfer.ended_at is not None or number != transfer.number:
        return None
    match state:
        case TransferState.INITIATED | TransferState.OFFERED:
            return None
        case TransferState.ACCEPTED:
            if transfer.accepted_at is not None and not is_over:
                return None
            now = replace(
                transfer,
                state=TransferState.ACCEPTED,
                accepted_at=transfer.accepted_at or at,
                look_at=None if is_over else at + LONGEST_CONVERSATION + SLACK,
                ended_at=at if is_over else None,
            )
        case _ if transfer.accepted_at is not None:  # whatever it is called: they have talked, and do no more
            now = replace(transfer, ended_at=at, look_at=None)
        case TransferState.CALLER_LEFT:
            now = replace(transfer, state=state, ended_at=at, look_at=None)
        case _:
            now = await _next(work, transfer, state, at)
    await _save(work, now, at)
    return now


async def left(work: UnitOfWork, call_id: str, at: datetime) -> Transfer | None:
    """The caller is gone, or the carrier says that the call is over: its latest transfer, as it is from now on."""
    latest = await work.transfers.latest(call_id)
    transfer = await work.transfers.held(latest.id) if latest is not None else None
    if transfer is None:
        return None
    if transfer.ended_at is None:
        state = TransferState.CALLER_LEFT if transfer.accepted_at is None else TransferState.ACCEPTED
        transfer = replace(transfer, state=state, ended_at=at, look_at=None)
        await _save(work, transfer, at)
    elif transfer.look_at is not None:
        transfer = replace(transfer, look_at=None)
        await _save(work, transfer, at)
    return transfer


async def returned(work: UnitOfWork, call_id: str, node: str, at: datetime) -> Transfer | None:
    """The caller is back, and `node` has the call: what came of the transfer. None: nobody expects the call.

    A human agent of whom nothing was heard has not answered.
    """
    latest = await work.transfers.latest(call_id)
    transfer = await work.transfers.held(latest.id) if latest is not None else None
    if transfer is None or transfer.accepted_at is not None:
        return None
    if not await work.calls.taken_back(call_id, node=node):
        return None
    if transfer.ended_at is None:
        silent = TransferState.NO_ANSWER if transfer.state is TransferState.OFFERED else TransferState.FAILED
        transfer = replace(transfer, state=silent, ended_at=at)
    transfer = replace(transfer, look_at=None)
    await _save(work, transfer, at)
    return transfer


async def _next(work: UnitOfWork, transfer: Transfer, outcome: TransferState, at: datetime) -> Transfer:
    """With the next human agent, if the carrier asks again and one is there; else over with this outcome."""
    queue = await work.queues.get(transfer.queue_id)
    others = await _others(work, queue, transfer, at) if queue is not None and transfer.hunts else []
    if not others:
        return _over(transfer, outcome, at)
    member = others[0]
    await work.members.chosen(member.id, at)
    tried = {"member_id": transfer.member_id, "name": transfer.member_name, "outcome": outcome, "at": at.isoformat()}
    return replace(
        transfer,
        state=TransferState.INITIATED,
        look_at=at + TELLING,
        member_id=member.id,
        member_name=member.name,
        phone=member.phone,
        number=transfer.number + 1,
        tries=[*transfer.tries, tried],
    )


def _over(transfer: Transfer, outcome: TransferState, at: datetime) -> Transfer:
    return replace(transfer, state=outcome, ended_at=at, look_at=at + PICKING_UP)


async def _others(work: UnitOfWork, queue: Queue, transfer: Transfer, at: datetime) -> list[Member]:
    """Who may be dialled after the present one, while the caller still waits for that."""
    if at >= transfer.created_at + timedelta(seconds=queue.max_wait):
        return []
    return await _free(work, queue, at, but={transfer.member_id, *(one["member_id"] for one in transfer.tries)})


async def _free(work: UnitOfWork, queue: Queue, at: datetime, *, but: Collection[str] = ()) -> list[Member]:
    members = await work.members.of([queue.id])
    taken = await work.transfers.places_taken({member.phone for member in members})
    return free(queue, members, taken, at, but=but)


async def _save(work: UnitOfWork, transfer: Transfer, at: datetime) -> None:
    await work.transfers.save(transfer, now=at)
