"""Whom a campaign calls, as one statement: for counting them, and for queueing them without reading them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, func, or_, select

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
    return (
        select(func.min(customers.c.number))
        .where(
            own.mine(customers),
            *_chosen(own, flow),
            ~_opted_out(),
            ~_called(flow, now),
        )
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


def _opted_out() -> ColumnElement[bool]:
    """Whoever said no said it for the phone."""
    twin = customers.alias("opted_out")
    same = twin.c.organisation_id == customers.c.organisation_id, twin.c.phone == customers.c.phone
    return select(twin.c.number).where(*same, twin.c.opted_out).exists()


def _called(flow: Flow, now: datetime) -> ColumnElement[bool]:
    twin = customers.alias("called")
    recently = calls.c.started_at > now - timedelta(hours=flow.dedupe_hours)
    return (
        select(calls.c.id)
        .join_from(twin, calls, calls.c.customer_id == twin.c.id)
        .where(
            twin.c.organisation_id == customers.c.organisation_id,
            twin.c.phone == customers.c.phone,
            calls.c.organisation_id == customers.c.organisation_id,
            calls.c.call_type == CallType.OUTBOUND,
            or_(recently, calls.c.flow_id == flow.id),
        )
        .exists()
    )
