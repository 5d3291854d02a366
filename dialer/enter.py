"""A call that was placed gets its row, and its phone counts as dialled: whoever hears of it first writes it."""

from __future__ import annotations

from collections.abc import Sequence

from storage.database import UnitOfWork
from storage.dialing import Attempt
from storage.records import Call, CallStatus, CallType


async def enter(work: UnitOfWork, placed: Sequence[Attempt]) -> None:
    """Of one organisation. What is there already stays as it is."""
    if not placed:
        return
    flows = {attempt.flow_id for attempt in placed}
    agents = await work.flows.agents_of(flows)
    for flow_id in flows:
        rung = [attempt for attempt in placed if attempt.flow_id == flow_id and attempt.carrier_call]
        if rung:
            latest = max(attempt.decided_at for attempt in rung)
            await work.phones.dialled([attempt.phone for attempt in rung], flow_id, at=latest)
    await work.calls.open_unless([call_of(attempt, agents.get(attempt.flow_id)) for attempt in placed])


def call_of(attempt: Attempt, agent_id: str | None, status: CallStatus = CallStatus.DIALING) -> Call:
    return Call(
        attempt.id,
        attempt.organisation_id,
        CallType.OUTBOUND,
        status,
        attempt.provider,
        attempt.node,
        started_at=attempt.decided_at,
        flow_id=attempt.flow_id,
        agent_id=agent_id,
        carrier_call=attempt.carrier_call or None,
        from_number=attempt.caller_id,
        to_number=attempt.phone,
        customer_id=attempt.customer_id or None,
    )
