"""Whom a campaign calls, as one statement: for counting them, and for queueing them without reading them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, Subquery, func, select, union_all

from storage.asset_tables import contact_list_members, customers
from storage.records import CallType, Flow
from storage.tables import calls
from storage.tagged import numbers_tagged
from storage.tenancy import Tenancy


def queued(tenancy: Tenancy, flow: Flow, now: datetime) -> Select[tuple[int]]:
    """`customers.number` of everybody whom `flow` would call if it were launched at `now`.

    They are those on its contact list; without a list those with its branches; without branches all. A phone that
    several share is called once, as the oldest of them. Left out is a phone that opted out, that this campaign has
    called before, or that any campaign has called within `dedupe_hours`.
    """
    own = tenancy if tenancy.organisation is not None else replace(tenancy, organisation=flow.organisation_id)
    left_out = _left_out(own, flow, now)
    return (
        select(func.min(customers.c.number))
        # A join, since NOT IN takes PostgreSQL ages, and NOT EXISTS asks SQLite once for each customer.
        .outerjoin_from(customers, left_out, left_out.c.phone == customers.c.phone)
        .where(own.mine(customers), *_chosen(own, flow), left_out.c.phone.is_(None))
        .group_by(customers.c.phone)
    )


def _chosen(tenancy: Tenancy, flow: Flow) -> list[ColumnElement[bool]]:
    if flow.contact_list_id is not None:
        members = contact_list_members
        on_it = members.c.list_id == flow.contact_list_id, tenancy.mine(members)
        return [customers.c.number.in_(select(members.c.customer).where(*on_it))]
    if flow.branches:
        return [customers.c.number.in_(numbers_tagged(tenancy, flow.branches))]
    return []


def _left_out(tenancy: Tenancy, flow: Flow, now: datetime) -> Subquery:
    """Phones, some more than once: who shares one is called, and has said no, with the others."""
    someone = customers.alias("someone")
    phones = select(someone.c.phone).where(tenancy.mine(someone))
    called = select(calls.c.customer_id).where(tenancy.mine(calls), calls.c.call_type == CallType.OUTBOUND)
    lately = calls.c.started_at > now - timedelta(hours=flow.dedupe_hours)
    customers_called = union_all(called.where(calls.c.flow_id == flow.id), called.where(lately))
    return union_all(phones.where(someone.c.opted_out), phones.where(someone.c.id.in_(customers_called))).subquery(
        "left_out"
    )
