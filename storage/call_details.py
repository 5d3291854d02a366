"""What was extracted from a call, written by several at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import select, update

from storage.calls import Calls
from storage.tables import calls as table

Details = Mapping[str, Any]


async def change_details(calls: Calls, call_id: str, change: Callable[[Details], Details]) -> Details | None:
    """What they have become; None if there is no such call. Who writes next waits until this transaction is over.

    What `change` raises leaves them as they were.
    """
    tenancy = calls._tenancy
    mine = table.c.id == call_id, tenancy.mine(table)
    row = await tenancy.row(select(table.c.key_details).where(*mine).with_for_update())
    if row is None:
        return None
    changed = change(row["key_details"])
    await tenancy.change(update(table).where(*mine).values(key_details=changed))
    return changed
