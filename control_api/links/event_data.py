"""What is told of an event: the documents' envelope, with what the database knows of the call or the campaign."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from control_api.records.audible import audible
from control_api.records.call_shapes import LineShown
from control_api.web.shapes import to_the_second
from storage.database import UnitOfWork
from storage.dialing import COUNTED
from storage.records import Call, CallType, OutboxEvent

AFTER_THE_END = frozenset({"call.ended", "call.transcript_ready"})
"""Events that tell the whole transcript."""


def call_of(body: Mapping[str, Any]) -> str | None:
    """The id of the call that an announcement tells of."""
    call = body.get("call")
    return call if isinstance(call, str) else None


def envelope(event: str, at: datetime, organisation: str, data: Mapping[str, Any]) -> dict[str, Any]:
    return {"event": event, "fired_at": to_the_second(at), "organisation_uuid": organisation, "data": data}


async def payload(work: UnitOfWork, event: OutboxEvent, url: str) -> Mapping[str, Any]:
    """Of a unit of work bound to the event's organisation. `url` is how the outside reaches this server."""
    return envelope(event.topic, event.created_at, event.organisation_id, await _data(work, event, url))


async def _data(work: UnitOfWork, event: OutboxEvent, url: str) -> Mapping[str, Any]:
    """What the records say; what was announced besides stands behind it."""
    call_id, flow_id = call_of(event.body), event.body.get("flow_uuid")
    known: dict[str, Any] = {}
    if call_id is not None:
        known = {"call_uuid": call_id}
        call = await work.calls.get(call_id)
        if call is not None:
            known = await _of_call(work, call, url, whole=event.topic in AFTER_THE_END)
    elif isinstance(flow_id, str):
        known = await _of_campaign(work, flow_id)
    return known | {name: value for name, value in event.body.items() if name != "call" and name not in known}


async def _of_call(work: UnitOfWork, call: Call, url: str, *, whole: bool) -> dict[str, Any]:
    customer = None if call.customer_id is None else await work.customers.get(call.customer_id)
    theirs = call.from_number if call.call_type is CallType.INBOUND else call.to_number
    recorded = call.id in await audible(work, [call])
    turns = await work.calls.turns(call.id) if whole else []
    return {
        "call_uuid": call.id,
        "call_type": call.call_type,
        "flow_uuid": call.flow_id,
        "customer_uuid": call.customer_id,
        "customer_phone": theirs if customer is None else customer.phone,
        "customer_metadata": {} if customer is None else dict(customer.metadata),
        "outcome": call.outcome,
        "sentiment": call.sentiment,
        "duration_seconds": None if call.duration is None else round(call.duration),
        "language_detected": call.language or None,
        "transcript": [LineShown.of(turn).model_dump(mode="json") for turn in turns],
        "recording_url": f"{url}/api/voice/calls/{call.id}/recording" if recorded else None,
        "started_at": to_the_second(call.started_at),
        "ended_at": None if call.ended_at is None else to_the_second(call.ended_at),
        "summary": call.summary,
        "key_details": dict(call.key_details),
        "ended_reason": call.reason or None,
    }


async def _of_campaign(work: UnitOfWork, flow_id: str) -> dict[str, Any]:
    flow, run = await work.flows.get(flow_id), await work.runs.get(flow_id)
    known: dict[str, Any] = {"flow_uuid": flow_id}
    if flow is not None:
        known |= {"name": flow.name, "status": flow.status}
    if run is not None:
        known |= {"contacts": run.contacts, "attempted": run.attempted}
        known |= {"counts": {state: getattr(run, state) for state in COUNTED}}
    return known
