"""Customers: who is called, or calls."""

from __future__ import annotations

import operator
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, Subquery, delete, func, select, update

from storage.asset_tables import contact_list_members, customers
from storage.assets import Customer
from storage.called import COUNTED
from storage.dialing import ANYWHERE
from storage.dialing_tables import contacts
from storage.many import update_many
from storage.opt_outs import OptOuts
from storage.searching import found_by
from storage.tagged import numbers_tagged, numbers_with_any, tag, tags_in_use
from storage.tenancy import Tenancy, values

FIXED = frozenset({"id", "organisation_id", "created_at"}) | COUNTED
KEPT = FIXED | {"phone", "copy"}
"""What an upsert leaves as it is."""
OPT_OUTS = ("opted_out", "recording_opt_out")
"""What an upsert sets and never clears: old lists do not take back what somebody has said since."""
SLICE = 100
"""Rows in one statement: the event loop has its turn after each, and so many cost it a millisecond."""
_T = TypeVar("_T")
_FIELDS = [column for column in customers.c if column.name != "number"]


@dataclass(frozen=True, slots=True)
class CustomerFilter:
    """None or empty: not asked for."""

    search: str = ""
    tags: Sequence[str] = ()
    """As a campaign's `branches`."""
    contact_list_id: str | None = None
    min_inbound_calls: int | None = None
    max_inbound_calls: int | None = None
    min_outbound_calls: int | None = None
    max_outbound_calls: int | None = None


@dataclass(frozen=True, slots=True)
class Upserted:
    """What became of a batch."""

    created: int = 0
    updated: int = 0
    ids: Sequence[str] = field(default_factory=list)
    """In the order of what was given, without those that were refused."""
    refused: Sequence[int] = field(default_factory=list)
    """Places in what was given."""


class Customers:
    def __init__(self, tenancy: Tenancy) -> None:
        self._tenancy, self._opt_outs = tenancy, OptOuts(tenancy)

    async def add(self, customer: Customer) -> bool:
        """False if another has its phone."""
        if await self.taken(customer.phone):
            return False
        await self._insert([customer])
        return True

    async def append(self, batch: Sequence[Customer]) -> None:
        """Adds them all, beside whoever has their phones already."""
        await self._tenancy.alone(customers)
        latest: dict[str, int] = {}
        for part in _sliced(list({customer.phone for customer in batch})):
            found = select(customers.c.phone, func.max(customers.c.copy).label("copy")).where(
                self._tenancy.among(customers.c.phone, part), self._mine
            )
            rows = await self._tenancy.rows(found.group_by(customers.c.phone))
            latest |= {row["phone"]: row["copy"] for row in rows}
        fresh = []
        for customer in batch:
            latest[customer.phone] = latest.get(customer.phone, -1) + 1
            fresh.append(replace(customer, copy=latest[customer.phone]))
        await self._insert(fresh)

    async def taken(self, phone: str) -> bool:
        """Whether a customer has it. If none has, nobody else gets it before the end of the transaction."""
        await self._tenancy.alone(customers)
        return await self.by_phone(phone) is not None

    async def get(self, customer_id: str) -> Customer | None:
        row = await self._tenancy.row(select(*_FIELDS).where(customers.c.id == customer_id, self._mine))
        return None if row is None else Customer(**row)

    async def held(self, customer_id: str) -> Customer | None:
        """As `get`, and nobody else changes it before the end of the transaction.

        Ask whether a phone is `taken` before this: who upserts customers does it in that order too.
        """
        row = await self._tenancy.held(select(*_FIELDS).where(customers.c.id == customer_id, self._mine))
        return None if row is None else Customer(**row)

    async def by_phone(self, phone: str) -> Customer | None:
        """The oldest of those that share it."""
        sharing = select(*_FIELDS).where(customers.c.phone == phone, self._mine).order_by(customers.c.copy)
        row = await self._tenancy.row(sharing)
        return None if row is None else Customer(**row)

    async def recording_refused(self, phone: str) -> bool:
        """Whether any of those that share it does not want to be recorded."""
        refusing = customers.c.phone == phone, customers.c.recording_opt_out, self._mine
        return await self._tenancy.row(select(customers.c.id).where(*refusing)) is not None

    async def refusing_recording(self, ids: Collection[str]) -> frozenset[str]:
        """Those who do not want to be recorded."""
        found = self._with_ids(ids)
        refusing = select(found.c.id).where(found.c.recording_opt_out)
        return frozenset(row["id"] for row in await self._tenancy.rows(refusing))

    async def by_ids(self, ids: Sequence[str]) -> list[Customer]:
        found = self._with_ids(ids)
        rows = await self._tenancy.rows(select(*(found.c[column.name] for column in _FIELDS)))
        return [Customer(**row) for row in rows]

    async def newest(self, wanted: CustomerFilter, limit: int, offset: int = 0) -> list[Customer]:
        """A page, newest first."""
        numbers = self._numbers(wanted)
        newest = numbers.order_by(numbers.selected_columns[0].desc()).limit(limit).offset(offset)
        rows = await self._tenancy.rows(
            select(*_FIELDS).where(customers.c.number.in_(newest)).order_by(customers.c.number.desc())
        )
        return [Customer(**row) for row in rows]

    async def page(self, wanted: CustomerFilter, limit: int, offset: int = 0) -> tuple[list[Customer], int]:
        """As `newest`, and how many there are in all."""
        return await self.newest(wanted, limit, offset), await self.count(wanted)

    async def count(self, wanted: CustomerFilter) -> int:
        return await self._tenancy.count(self._numbers(wanted))

    async def count_any(self, tags: Sequence[str]) -> int:
        """Customers with at least one of the tags; without tags, all."""
        if not tags:
            return await self.count(CustomerFilter())
        return await self._tenancy.count(numbers_with_any(self._tenancy, tags))

    async def save(self, customer: Customer, *, now: datetime) -> bool:
        """Writes every field but its counters. False if it is gone. Its phone must not be another's (`taken`).

        Who had opted out, and has not any more, may be called again, unless somebody else with that phone has.
        """
        before = await self.get(customer.id)
        if before is None:
            return False
        customer = await self._opt_outs.heeded(before, customer, now)
        if customer.timezone != before.timezone:
            await self._moved([customer.id])
        changed = values(replace(customer, updated_at=now))
        saved = update(customers).where(customers.c.id == customer.id, self._mine)
        if await self._tenancy.change(saved.values({name: changed[name] for name in changed.keys() - FIXED})) == 0:
            return False
        await self._tag([customer])
        return True

    async def upsert(
        self,
        batch: Sequence[Customer],
        given: Sequence[frozenset[str]],
        *,
        now: datetime,
        fits: Callable[[Mapping[str, Any]], bool] = lambda metadata: True,
    ) -> Upserted:
        """Each new, or merged into the one with its phone: the fields `given` replace, and `metadata` is merged.

        Who has opted out stays so: `save` alone can change that.
        A phone that comes twice is merged twice, in order. One is refused if its merged metadata does not fit.
        """
        await self._tenancy.alone(customers)
        known = await self._with_phones({customer.phone for customer in batch})
        fresh: dict[str, Customer] = {}
        changed: dict[str, Customer] = {}
        ids, refused = [], []
        for place, (customer, fields) in enumerate(zip(batch, given, strict=True)):
            phone = customer.phone
            old = fresh.get(phone) or changed.get(phone) or known.get(phone)
            new = customer if old is None else _merged(old, customer, fields, now)
            if old is not None and "metadata" in fields and not fits(new.metadata):
                refused.append(place)
                continue
            (fresh if old is None or phone in fresh else changed)[phone] = new
            ids.append(new.id)
        await self._insert(list(fresh.values()))
        await self._update(list(changed.values()))
        moved = [new.id for phone, new in changed.items() if new.timezone != known[phone].timezone]
        if moved:
            await self._moved(moved)
        await self._tag([new for phone, new in changed.items() if new.tags != known[phone].tags])
        return Upserted(len(fresh), len(ids) - len(fresh), ids, refused)

    async def delete(self, customer_id: str) -> bool:
        """Its calls stay. False if it was gone."""
        return await self._tenancy.change(delete(customers).where(customers.c.id == customer_id, self._mine)) == 1

    async def tags(self, prefix: str = "") -> list[str]:
        """Every tag that somebody has and that begins so, in alphabetical order."""
        return await tags_in_use(self._tenancy, prefix)

    @property
    def _mine(self) -> ColumnElement[bool]:
        return self._tenancy.mine(customers)

    def _with_ids(self, ids: Collection[str]) -> Subquery:
        return select(customers).where(self._tenancy.named(customers.c.id, ids)).subquery("with_ids")

    async def _with_phones(self, phones: Collection[str]) -> dict[str, Customer]:
        """The oldest of each, held."""
        found: dict[str, Customer] = {}
        for part in _sliced(list(phones)):
            query = (
                select(*_FIELDS)
                .where(self._tenancy.among(customers.c.phone, part), self._mine)
                .order_by(customers.c.copy.desc())
            )
            rows = await self._tenancy.rows(query.with_for_update())
            found |= {row["phone"]: Customer(**row) for row in rows}
        return found

    def _numbers(self, wanted: CustomerFilter) -> Select[tuple[int]]:
        """Numbers of those that match, from the narrowest index that there is."""
        bounds = (
            (customers.c.inbound_calls, operator.ge, wanted.min_inbound_calls),
            (customers.c.inbound_calls, operator.le, wanted.max_inbound_calls),
            (customers.c.outbound_calls, operator.ge, wanted.min_outbound_calls),
            (customers.c.outbound_calls, operator.le, wanted.max_outbound_calls),
        )
        conditions = [compare(column, bound) for column, compare, bound in bounds if bound is not None]
        if wanted.search.strip():
            conditions.append(found_by(wanted.search))
        if wanted.contact_list_id is not None:
            members = select(contact_list_members.c.customer).where(
                contact_list_members.c.list_id == wanted.contact_list_id, self._tenancy.mine(contact_list_members)
            )
            conditions.append(customers.c.number.in_(members))
        if not wanted.tags:
            return select(customers.c.number).where(self._mine, *conditions)
        having = numbers_tagged(self._tenancy, wanted.tags)
        if not conditions:
            return having
        return select(customers.c.number).where(customers.c.number.in_(having), self._mine, *conditions)

    async def _insert(self, fresh: Sequence[Customer]) -> None:
        for part in _sliced(fresh):
            known = await self._opt_outs.known(part)
            await self._tenancy.add_many(customers, known)
            await self._opt_outs.refuse(known)
            await self._tag(known, anew=True)

    async def _moved(self, ids: Collection[str]) -> None:
        """Where they live was changed: campaigns that wait for them look anew when they may be called."""
        waiting = (
            self._tenancy.among(contacts.c.customer_id, ids),
            contacts.c.due_at.is_not(None),
            self._tenancy.mine(contacts),
        )
        await self._tenancy.change(update(contacts).where(*waiting).values(place=ANYWHERE))

    async def _update(self, changed: Sequence[Customer]) -> None:
        columns = [column.name for column in _FIELDS if column.name not in KEPT]
        for part in _sliced(changed):
            rows = [{name: getattr(new, name) for name in ("id", *columns)} for new in part]
            await update_many(self._tenancy.connection, customers, "id", rows)
            await self._opt_outs.refuse(part)

    async def _tag(self, changed: Sequence[Customer], *, anew: bool = False) -> None:
        """Makes the index of tags say what the records say."""
        for part in _sliced(changed):
            tags = {customer.id: customer.tags for customer in part}
            found = self._with_ids(tags)
            rows = await self._tenancy.rows(select(found.c.id, found.c.number))
            numbers = {row["number"]: tags[row["id"]] for row in rows}
            await tag(self._tenancy, numbers, anew=anew)


def _sliced(items: Sequence[_T]) -> Iterator[Sequence[_T]]:
    for start in range(0, len(items), SLICE):
        yield items[start : start + SLICE]


def _merged(old: Customer, new: Customer, fields: frozenset[str], now: datetime) -> Customer:
    changes: dict[str, Any] = {name: getattr(new, name) for name in fields - KEPT if name != "metadata"}
    changes |= {name: True for name in OPT_OUTS if getattr(old, name)}
    metadata = {**old.metadata, **new.metadata} if "metadata" in fields else old.metadata
    return replace(old, **changes, metadata=metadata, updated_at=now)
