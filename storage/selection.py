"""Whom a campaign calls, as one statement: for counting them, and for going through them slice by slice."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, Subquery, func, select, union_all

from storage.asset_tables import contact_list_members, customers
from storage.dialing_tables import contacts, dialled, do_not_call
from storage.records import Flow
from storage.tagged import numbers_tagged
from storage.tenancy import Tenancy


@dataclass(frozen=True, slots=True)
class Chosen:
    """What it takes of a customer to know whether and when they can be called."""

    number: int
    id: str
    phone: str = field(repr=False)
    timezone: str | None = None


def chosen(tenancy: Tenancy, flow: Flow) -> Select[int, str, str, str | None]:
    """Those on its contact list; without a list those with its branches; without branches all."""
    own = _own(tenancy, flow)
    return select(customers.c.number, customers.c.id, customers.c.phone, customers.c.timezone).where(
        own.mine(customers), *_chosen(own, flow)
    )


def queued(tenancy: Tenancy, flow: Flow, now: datetime) -> Select[tuple[int]]:
    """`customers.number` of everybody whom `flow` would newly take in if it were launched at `now`.

    They are those who are `chosen`. A phone that several share is called once, as the oldest of them. Left out is a
    phone that opted out, that this campaign has taken in before, or that any has dialled within `dedupe_hours`.
    """
    own = _own(tenancy, flow)
    left_out = _left_out(own, flow, now)
    return (
        select(func.min(customers.c.number))
        # A join, since NOT IN takes PostgreSQL ages, and NOT EXISTS asks SQLite once for each customer.
        .outerjoin_from(customers, left_out, left_out.c.phone == customers.c.phone)
        .where(own.mine(customers), *_chosen(own, flow), left_out.c.phone.is_(None))
        .group_by(customers.c.phone)
    )


def _own(tenancy: Tenancy, flow: Flow) -> Tenancy:
    return tenancy if tenancy.organisation is not None else replace(tenancy, organisation=flow.organisation_id)


def _chosen(tenancy: Tenancy, flow: Flow) -> list[ColumnElement[bool]]:
    if flow.contact_list_id is not None:
        members = contact_list_members
        on_it = members.c.list_id == flow.contact_list_id, tenancy.mine(members)
        return [customers.c.number.in_(select(members.c.customer).where(*on_it))]
    if flow.branches:
        return [customers.c.number.in_(numbers_tagged(tenancy, flow.branches))]
    return []


def _left_out(tenancy: Tenancy, flow: Flow, now: datetime) -> Subquery:
    """Phones, some more than once."""
    lately = dialled.c.at > now - timedelta(hours=flow.dedupe_hours)
    return union_all(
        select(do_not_call.c.phone).where(tenancy.mine(do_not_call)),
        select(dialled.c.phone).where(tenancy.mine(dialled), lately),
        select(contacts.c.phone).where(contacts.c.flow_id == flow.id, tenancy.mine(contacts)),
    ).subquery("left_out")
