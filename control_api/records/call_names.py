"""Who and what the calls of a page were about, by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from control_api.web.asked import Asked
from storage.database import UnitOfWork
from storage.records import Call, Scope


async def names_of(asked: Asked, work: UnitOfWork, calls: Sequence[Call]) -> Mapping[str, str]:
    """Id → name of their flows, agents and customers: of these only if the caller may read contacts."""
    may_read = Scope.CONTACTS_READ in asked.caller.scopes
    return await work.names.of(
        customer_ids=[call.customer_id for call in calls] if may_read else (),
        flow_ids=[call.flow_id for call in calls],
        agent_ids=[call.agent_id for call in calls],
    )
