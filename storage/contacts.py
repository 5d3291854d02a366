"""Who is in a campaign, and when each of them is to be called."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, delete, func, literal, select, union_all, update

from storage.asset_tables import customers
from storage.dialing import Contact, ContactState, Waiting
from storage.dialing_tables import contacts
from storage.many import update_many
from storage.records import Flow, Outcome
from storage.selection import Chosen, chosen
from storage.tables import flows
from storage.tenancy import Tenancy, values

CHANGES = ("state", "updated_at", "due_at", "attempts", "outcome", "reason", "place")


class Contacts:
    def __init__(self, tenancy: Tenancy) -> None:
        self._tenancy = tenancy

    async def last_customer(self) -> int:
        """The highest number that a customer has: who comes later is not taken in."""
        highest = select(func.max(customers.c.number)).where(self._tenancy.mine(customers))
        return await self._tenancy.connection.scalar(highest) or 0

    async def chosen(self, flow: Flow, after: int, to: int, limit: int) -> list[Chosen]:
        """Customers whom the flow's list or tags name, by their numbers, `after` left out and `to` counted in."""
        query = chosen(self._tenancy, flow).where(customers.c.number > after, customers.c.number <= to)
        rows = await self._tenancy.rows(query.order_by(customers.c.number).limit(limit))
        return [Chosen(**row) for row in rows]

    async def firsts(self, flow: Flow, phones: Collection[str], to: int) -> dict[str, int]:
        """Of those phones that several customers share: the number of the first whom the flow names, up to `to`."""
        copies = self._tenancy.among(customers.c.phone, phones), customers.c.copy > 0, self._tenancy.mine(customers)
        shared = [row["phone"] for row in await self._tenancy.rows(select(customers.c.phone).distinct().where(*copies))]
        if not shared:
            return {}
        named = (
            chosen(self._tenancy, flow)
            .where(self._tenancy.among(customers.c.phone, shared), customers.c.number <= to)
            .subquery()
        )
        first = select(named.c.phone, func.min(named.c.number).label("first")).group_by(named.c.phone)
        return {row["phone"]: row["first"] for row in await self._tenancy.rows(first)}

    async def known(self, flow_id: str, phones: Collection[str]) -> frozenset[str]:
        """Those of them that were taken in."""
        its = contacts.c.flow_id == flow_id, self._tenancy.among(contacts.c.phone, phones), self._mine
        return frozenset(row["phone"] for row in await self._tenancy.rows(select(contacts.c.phone).where(*its)))

    async def outcomes(self, flow_id: str) -> Counter[Outcome]:
        """How many there are by the outcome of their last attempt."""
        its = contacts.c.flow_id == flow_id, contacts.c.outcome.is_not(None), self._mine
        rows = await self._tenancy.rows(
            select(contacts.c.outcome, func.count().label("contacts")).where(*its).group_by(contacts.c.outcome)
        )
        return Counter({row["outcome"]: row["contacts"] for row in rows})

    async def take_in(self, fresh: Sequence[Contact]) -> Counter[ContactState]:
        """Those whose phone is not yet in the campaign, counted by state. Their numbers are given by the database."""
        if not fresh:
            return Counter()
        rows = [{name: value for name, value in values(one).items() if name != "number"} for one in fresh]
        added = self._tenancy.tolerant_insert(contacts).values(rows).on_conflict_do_nothing()
        states = (await self._tenancy.connection.execute(added.returning(contacts.c.state))).scalars()
        return Counter(states)

    async def due(self, flow_id: str, places: Collection[int], now: datetime, limit: int) -> list[Contact]:
        """The first `limit` who are due in those places, the longest due first. Hold the run before."""
        if not places:
            return []
        firsts = [
            select(*contacts.c)
            .where(contacts.c.flow_id == flow_id, contacts.c.place == place, contacts.c.due_at <= now, self._mine)
            .order_by(contacts.c.due_at, contacts.c.number)
            .limit(limit)
            .subquery(f"of_{place}")
            for place in places
        ]
        together = union_all(*(select(*first.c) for first in firsts)).subquery()
        rows = await self._tenancy.rows(select(together).order_by(together.c.due_at, together.c.number).limit(limit))
        return [Contact(**row) for row in rows]

    async def waiting_in(self, flow_id: str) -> dict[int, int]:
        """How many are still to be called in each place."""
        its = contacts.c.flow_id == flow_id, contacts.c.due_at.is_not(None), self._mine
        rows = await self._tenancy.rows(
            select(contacts.c.place, func.count().label("waiting")).where(*its).group_by(contacts.c.place)
        )
        return {row["place"]: row["waiting"] for row in rows}

    async def waiting_by_attempts(self, flow_id: str) -> list[Waiting]:
        """How many are still to be called in each place, by the attempts that were made, and until when they wait."""
        its = contacts.c.flow_id == flow_id, contacts.c.due_at.is_not(None), self._mine
        groups = contacts.c.place, contacts.c.attempts
        many, last = func.count().label("contacts"), func.max(contacts.c.due_at).label("last_due")
        rows = await self._tenancy.rows(select(*groups, many, last).where(*its).group_by(*groups).order_by(*groups))
        return [Waiting(**row) for row in rows]

    async def first_due(self, flow_id: str, places: int) -> dict[int, datetime]:
        """When the first is due who waits in each of a run's so many places: one look into the index for each."""
        each = select(literal(0).label("place")).cte("each", recursive=True)
        each = each.union_all(select(each.c.place + 1).where(each.c.place + 1 < places))
        first = (
            select(contacts.c.due_at)
            .where(contacts.c.flow_id == flow_id, contacts.c.place == each.c.place, self._mine)
            .where(contacts.c.due_at.is_not(None))
            .order_by(contacts.c.due_at)
            .limit(1)
            .correlate(each)
            .scalar_subquery()
        )
        rows = await self._tenancy.rows(select(each.c.place, first.label("due_at")))
        return {row["place"]: row["due_at"] for row in rows if row["due_at"] is not None}

    async def waiting(self, flow_id: str, limit: int) -> list[str]:
        """Ids of customers who are still to be called."""
        its = contacts.c.flow_id == flow_id, contacts.c.due_at.is_not(None), self._mine
        rows = await self._tenancy.rows(select(contacts.c.customer_id).where(*its).limit(limit))
        return [row["customer_id"] for row in rows]

    async def by_numbers(self, numbers: Collection[int]) -> dict[int, Contact]:
        """Hold their runs before."""
        rows = await self._tenancy.rows(select(contacts).where(self._tenancy.named(contacts.c.number, numbers)))
        return {row["number"]: Contact(**row) for row in rows}

    async def save(self, changed: Sequence[Contact]) -> None:
        """What calling changes in them. Hold their runs before: whose they are was asked then."""
        rows = [{name: getattr(one, name) for name in ("number", *CHANGES)} for one in changed]
        await update_many(self._tenancy.connection, contacts, "number", rows)

    async def page(
        self, flow_id: str, limit: int, offset: int = 0, *, state: ContactState | None = None
    ) -> list[Contact]:
        """In the order in which they were taken in."""
        its = [contacts.c.flow_id == flow_id, self._mine]
        if state is not None:
            its.append(contacts.c.state == state)
        rows = await self._tenancy.rows(
            select(contacts).where(*its).order_by(contacts.c.number).limit(limit).offset(offset)
        )
        return [Contact(**row) for row in rows]

    async def of_customer(self, flow_id: str, customer_id: str) -> Contact | None:
        """The newest, if they had another phone before."""
        its = contacts.c.flow_id == flow_id, contacts.c.customer_id == customer_id, self._mine
        row = await self._tenancy.row(select(contacts).where(*its).order_by(contacts.c.number.desc()))
        return None if row is None else Contact(**row)

    async def in_flows(self, customer_id: str, limit: int) -> list[tuple[Contact, str]]:
        """What the latest campaigns have of a customer, each with the campaign's name."""
        its = contacts.c.customer_id == customer_id, self._mine, self._tenancy.mine(flows)
        rows = await self._tenancy.rows(
            select(contacts, flows.c.name)
            .join(flows, flows.c.id == contacts.c.flow_id)
            .where(*its)
            .order_by(contacts.c.number.desc())
            .limit(limit)
        )
        return [(Contact(**{key: value for key, value in row.items() if key != "name"}), row["name"]) for row in rows]

    async def give_up(
        self, flow_id: str, *, now: datetime, to: ContactState, reason: str, limit: int, place: int | None = None
    ) -> Counter[ContactState]:
        """Of those who wait, at most `limit`, counted by the state that they were in. Hold the run before.

        `place`: only those who are there.
        """
        its = [contacts.c.flow_id == flow_id, contacts.c.due_at.is_not(None), self._mine]
        if place is not None:
            its.append(contacts.c.place == place)
        rows = await self._tenancy.rows(select(contacts.c.number, contacts.c.state).where(*its).limit(limit))
        numbers = [row["number"] for row in rows]
        given_up = update(contacts).where(self._tenancy.named(contacts.c.number, numbers))
        await self._tenancy.change(given_up.values(state=to, due_at=None, reason=reason, updated_at=now))
        return Counter(row["state"] for row in rows)

    async def skipped(self, flow_id: str) -> Counter[str]:
        """By reason."""
        its = contacts.c.flow_id == flow_id, contacts.c.state == ContactState.SKIPPED, self._mine
        rows = await self._tenancy.rows(
            select(contacts.c.reason, func.count().label("skipped")).where(*its).group_by(contacts.c.reason)
        )
        return Counter({row["reason"]: row["skipped"] for row in rows})

    async def drop_skipped(self, flow_id: str) -> int:
        """Takes out those who were left out before any call: they are gone through again. Hold the run before."""
        its = contacts.c.flow_id == flow_id, contacts.c.state == ContactState.SKIPPED, contacts.c.attempts == 0
        return await self._tenancy.change(delete(contacts).where(*its, self._mine))

    async def drop_untried(self, flow_id: str) -> int:
        """Takes out those who wait for their first call: another list is to be gone through. Hold the run before."""
        its = contacts.c.flow_id == flow_id, contacts.c.due_at.is_not(None), contacts.c.attempts == 0, self._mine
        return await self._tenancy.change(delete(contacts).where(*its))

    async def sweep(self, flow_id: str, limit: int) -> int:
        """Takes out at most `limit` of them, whatever they are. How many."""
        some = select(contacts.c.number).where(contacts.c.flow_id == flow_id, self._mine).limit(limit)
        return await self._tenancy.change(delete(contacts).where(contacts.c.number.in_(some)))

    @property
    def _mine(self) -> ColumnElement[bool]:
        return self._tenancy.mine(contacts)
