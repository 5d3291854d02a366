"""Deliveries of events to webhooks: taken by one process at a time, sent, and settled."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import ColumnElement, delete, func, or_, select, update

from storage.asset_tables import webhook_logs, webhooks
from storage.assets import Delivery, DeliveryState, Webhook
from storage.ids import LOG, first_id
from storage.many import update_many
from storage.tenancy import Tenancy

CHANGES = ("state", "due_at", "attempts", "response_status", "response_ms", "trouble")
SLICE = 20
"""Rows written at once: their bodies may be long transcripts."""
OVER = frozenset({DeliveryState.DONE, DeliveryState.FAILED})

_earlier = webhook_logs.alias("earlier")
_ITS_TURN = or_(
    webhook_logs.c.call_id.is_(None),
    webhook_logs.c.id
    == select(func.min(_earlier.c.id))
    .where(
        _earlier.c.webhook_id == webhook_logs.c.webhook_id,
        _earlier.c.call_id == webhook_logs.c.call_id,
        _earlier.c.due_at.is_not(None),
    )
    .scalar_subquery(),
)
"""Nothing that was told of its call before is still on the way.

Asked of one row after the other, in the order of the index: an anti-join would go through all that waits.
"""


@dataclass(frozen=True, slots=True)
class Backlog:
    """What is on the way."""

    deliveries: int
    due_since: datetime | None
    """When the first of it was due, or will be."""


@dataclass(frozen=True, slots=True)
class Told:
    """What one webhook was told of a call, without its words, and what became of it."""

    id: str
    webhook_id: str
    webhook: str
    """Its name."""
    event_type: str
    state: DeliveryState
    attempts: int
    response_status: int | None
    response_ms: int | None
    trouble: str | None
    triggered_at: datetime


class Deliveries:
    def __init__(self, tenancy: Tenancy) -> None:
        self._tenancy = tenancy

    async def add(self, fresh: Sequence[Delivery]) -> None:
        """Hold their webhooks before."""
        for start in range(0, len(fresh), SLICE):
            await self._tenancy.add_many(webhook_logs, fresh[start : start + SLICE])

    async def get(self, webhook_id: str, delivery_id: str) -> Delivery | None:
        row = await self._tenancy.row(select(webhook_logs).where(*self._one(webhook_id, delivery_id)))
        return None if row is None else Delivery(**row)

    async def page(
        self, webhook_id: str, states: Collection[DeliveryState], limit: int, offset: int = 0
    ) -> tuple[list[Delivery], int]:
        """Newest first, and how many there are in all. Of no states: of all."""
        its = [webhook_logs.c.webhook_id == webhook_id, self._mine]
        if states:
            its.append(webhook_logs.c.state.in_(states))
        found = select(webhook_logs).where(*its).order_by(webhook_logs.c.id.desc())
        rows = await self._tenancy.rows(found.limit(limit).offset(offset))
        return [Delivery(**row) for row in rows], await self._tenancy.count(select(webhook_logs.c.id).where(*its))

    async def of_call(self, call_id: str, limit: int) -> list[Told]:
        """Oldest first."""
        its = webhook_logs.c.call_id == call_id, webhooks.c.id == webhook_logs.c.webhook_id, self._mine
        columns = [webhook_logs.c[name] for name in Told.__slots__ if name != "webhook"]
        told = select(*columns, webhooks.c.name.label("webhook")).where(*its).order_by(webhook_logs.c.id)
        return [Told(**row) for row in await self._tenancy.rows(told.limit(limit))]

    async def webhooks_due(self, now: datetime, but: Collection[str]) -> list[Webhook]:
        """Active webhooks, other than these, that something is to be sent to now."""
        due = select(webhook_logs.c.id).where(webhook_logs.c.webhook_id == webhooks.c.id, webhook_logs.c.due_at <= now)
        its = [webhooks.c.is_active, due.exists(), self._tenancy.mine(webhooks)]
        if but:
            its.append(webhooks.c.id.not_in(but))
        return [Webhook(**row) for row in await self._tenancy.rows(select(webhooks).where(*its))]

    async def claim(self, webhook_id: str, limit: int, *, now: datetime, until: datetime) -> list[Delivery]:
        """Those that are to be sent now, as they are now. Until then they are the caller's alone."""
        due = select(webhook_logs).where(
            webhook_logs.c.webhook_id == webhook_id, webhook_logs.c.due_at <= now, _ITS_TURN, self._mine
        )
        due = due.order_by(webhook_logs.c.due_at, webhook_logs.c.id).limit(limit)
        rows = await self._tenancy.rows(due.with_for_update(skip_locked=True))
        taken = [_taken(Delivery(**row), until) for row in rows]
        await self._save(taken)
        return taken

    async def settle(self, tried: Sequence[tuple[Delivery, Delivery]]) -> list[Delivery]:
        """Each as it was claimed, and as it is now. Those that counted, as they are now. Hold their webhooks before.

        One whose lease ran out, and that another has claimed since, does not count; nor one whose webhook is gone.
        """
        claimed = [before.id for before, _ in tried]
        its = select(webhook_logs.c.id, webhook_logs.c.due_at).where(self._tenancy.named(webhook_logs.c.id, claimed))
        sending = its.where(webhook_logs.c.state == DeliveryState.SENDING).order_by(webhook_logs.c.id)
        leases = {row["id"]: row["due_at"] for row in await self._tenancy.rows(sending.with_for_update())}
        still = [after for before, after in tried if leases.get(before.id) == before.due_at]
        await self._save(still)
        return still

    async def retry(self, webhook_id: str, delivery_id: str, *, now: datetime) -> bool:
        """Sends it once more. False if it is on the way."""
        its = *self._one(webhook_id, delivery_id), webhook_logs.c.state.in_(OVER)
        return await self._again(*its, now=now) == 1

    async def retry_failed(self, webhook_id: str, *, now: datetime) -> int:
        """As `retry`, of all that were given up. How many they were."""
        failed = webhook_logs.c.webhook_id == webhook_id, webhook_logs.c.state == DeliveryState.FAILED, self._mine
        return await self._again(*failed, now=now)

    async def give_up(self, webhook_id: str, trouble: str) -> int:
        """What waits to be sent to it; what is being sent is seen to by who sends it. How much that was."""
        waiting = webhook_logs.c.webhook_id == webhook_id, webhook_logs.c.due_at.is_not(None), self._mine
        given_up = update(webhook_logs).where(*waiting, webhook_logs.c.state == DeliveryState.PENDING)
        return await self._tenancy.change(given_up.values(state=DeliveryState.FAILED, due_at=None, trouble=trouble))

    async def backlog(self) -> Backlog:
        """To webhooks that are switched on."""
        to_active = webhook_logs.c.webhook_id.in_(select(webhooks.c.id).where(webhooks.c.is_active))
        its = webhook_logs.c.due_at.is_not(None), to_active, self._mine
        row = await self._tenancy.row(
            select(func.count().label("deliveries"), func.min(webhook_logs.c.due_at).label("due_since")).where(*its)
        )
        assert row is not None
        return Backlog(**row)

    async def has_old(self, before: datetime) -> bool:
        """Whether there is something to `forget`."""
        old = select(webhook_logs.c.id).where(webhook_logs.c.id < first_id(LOG, before), self._mine)
        return await self._tenancy.row(old) is not None

    async def forget(self, before: datetime, limit: int) -> int:
        """Some of those that were announced before then, at most so many. How many they were."""
        old = select(webhook_logs.c.id).where(webhook_logs.c.id < first_id(LOG, before), self._mine)
        old = old.order_by(webhook_logs.c.id).limit(limit)
        return await self._tenancy.change(delete(webhook_logs).where(webhook_logs.c.id.in_(old)))

    async def _again(self, *its: ColumnElement[bool], now: datetime) -> int:
        again = update(webhook_logs).where(*its).values(state=DeliveryState.PENDING, due_at=now, attempts=0)
        return await self._tenancy.change(again)

    async def _save(self, changed: Sequence[Delivery]) -> None:
        rows = [{name: getattr(one, name) for name in ("id", *CHANGES)} for one in changed]
        await update_many(self._tenancy.connection, webhook_logs, "id", rows)

    def _one(self, webhook_id: str, delivery_id: str) -> tuple[ColumnElement[bool], ...]:
        return webhook_logs.c.id == delivery_id, webhook_logs.c.webhook_id == webhook_id, self._mine

    @property
    def _mine(self) -> ColumnElement[bool]:
        return self._tenancy.mine(webhook_logs)


def _taken(delivery: Delivery, until: datetime) -> Delivery:
    """A try that nobody has told the end of does not count: its process died, and the receiver did not refuse."""
    begun = delivery.attempts + (delivery.state is not DeliveryState.SENDING)
    return replace(delivery, state=DeliveryState.SENDING, due_at=until, attempts=begun)
