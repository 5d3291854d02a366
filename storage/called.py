"""How often customers were called and have called, and when last: counted as calls end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select

from storage.asset_tables import customers
from storage.many import update_many
from storage.records import Call, CallType
from storage.tenancy import Tenancy

COUNTED = frozenset({"inbound_calls", "outbound_calls", "last_contact"})
"""Fields of a customer that nothing else changes."""


async def count_calls(tenancy: Tenancy, over: Iterable[Call]) -> None:
    """Of calls that are over."""
    latest: dict[str, datetime] = {}
    counts: dict[str, Counter[str]] = {}
    for call in over:
        if call.customer_id is not None and call.ended_at is not None:
            latest[call.customer_id] = max(call.ended_at, latest.get(call.customer_id, call.ended_at))
            counted = "inbound_calls" if call.call_type is CallType.INBOUND else "outbound_calls"
            counts.setdefault(call.customer_id, Counter())[counted] += 1
    if not latest:
        return
    fields = [customers.c[name] for name in ("id", *sorted(COUNTED))]
    known = select(*fields).where(tenancy.named(customers.c.id, latest)).order_by(customers.c.id)
    rows = [
        {
            "id": row["id"],
            "inbound_calls": row["inbound_calls"] + counts[row["id"]]["inbound_calls"],
            "outbound_calls": row["outbound_calls"] + counts[row["id"]]["outbound_calls"],
            "last_contact": max(latest[row["id"]], row["last_contact"] or latest[row["id"]]),
        }
        for row in await tenancy.rows(known.with_for_update(key_share=True))
    ]
    await update_many(tenancy.connection, customers, "id", rows)
