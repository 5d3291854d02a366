"""What a server is told of the call that a message is about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from server.call_plan import CallPlan
from storage.records import Call, CallType

KINDS = {
    CallType.INBOUND: "inboundPhoneCall",
    CallType.OUTBOUND: "outboundPhoneCall",
    CallType.BROWSER: "webCall",
}
"""As servers are told that expect Vapi's words."""


def about(call: Call) -> dict[str, Any]:
    ours, theirs = call.to_number, call.from_number
    if call.call_type is CallType.OUTBOUND:
        ours, theirs = theirs, ours
    return {
        "id": call.id,
        "type": KINDS[call.call_type],
        "customer": {"number": theirs},
        "phoneNumber": {"number": ours},
    }


def around(call: Call, plan: CallPlan) -> Mapping[str, Any]:
    """What stands beside each message of a call."""
    known = about(call)
    assistant = {"id": call.agent_id, "name": plan.name or None, "metadata": dict(plan.metadata)}
    return {
        "call": {**known, "assistantId": call.agent_id, "orgId": call.organisation_id},
        "customer": known["customer"],
        "phoneNumber": known["phoneNumber"],
        "assistant": assistant,
    }
