"""Ours and Vapi's words for one thing: fields, states, and the sentences in which they stand."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Literal

from control_api.web.errors import RefusedError
from storage.records import CallStatus, FlowStatus

Status = Literal["scheduled", "in-progress", "ended"]
"""That a campaign is shown in."""
CallWord = Literal["queued", "ringing", "in-progress", "forwarding"]

SHOWN_AS: Mapping[FlowStatus, Status] = {
    FlowStatus.DRAFT: "scheduled",
    FlowStatus.SCHEDULED: "scheduled",
    FlowStatus.ACTIVE: "in-progress",
    FlowStatus.PAUSED: "in-progress",
    FlowStatus.COMPLETED: "ended",
    FlowStatus.CANCELLED: "ended",
}
OVER = frozenset({FlowStatus.COMPLETED, FlowStatus.CANCELLED})

ASKED_AS: Mapping[str, frozenset[FlowStatus]] = {
    "scheduled": frozenset({FlowStatus.DRAFT, FlowStatus.SCHEDULED}),
    "in-progress": frozenset({FlowStatus.ACTIVE, FlowStatus.PAUSED}),
    "ended": OVER,
    "cancelled": frozenset({FlowStatus.CANCELLED}),
    "archived": frozenset(),
}
"""What a filter finds: `cancelled` those that somebody ended; nothing is ever archived."""

CALLS_SHOWN_AS: Mapping[CallStatus, CallWord] = {
    CallStatus.QUEUED: "queued",
    CallStatus.DIALING: "ringing",
    CallStatus.RINGING: "ringing",
    CallStatus.IN_PROGRESS: "in-progress",
    CallStatus.TRANSFERRING: "forwarding",
}

WORDS = {
    "voice_agent_id": "assistantId",
    "phone_numbers": "phoneNumberId",
    "start_at": "schedulePlan.earliestAt",
    "end_at": "schedulePlan.latestAt",
    "contact_list_id": "customers",
    "max_parallel_calls": "maxConcurrency",
    "assistant_overrides": "assistantOverrides",
    "Flow": "Campaign",
}
_OURS = re.compile(rf"\b({'|'.join(WORDS)})\b")


@contextmanager
def refused_in_vapis_words() -> Iterator[None]:
    """What is refused within it names the fields as they were given."""
    try:
        yield
    except RefusedError as refused:
        raise RefusedError(refused.status, _in_their_words(refused.detail), retry_after=refused.retry_after) from None


def _in_their_words(sentence: str) -> str:
    return _OURS.sub(lambda found: WORDS[found[1]], sentence)
