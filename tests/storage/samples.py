"""Records to write, each with just enough said."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from storage.ids import AGENT, CALL, FLOW, ORGANISATION, new_id
from storage.records import (
    Agent,
    Call,
    CallStatus,
    CallType,
    Flow,
    FlowKind,
    FlowStatus,
    Organisation,
    Speaker,
    Turn,
)

NOW = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
LATER = NOW + timedelta(minutes=5)
TOKEN = "nn_k_" + "a" * 40


def url(file: Path) -> str:
    return f"sqlite+aiosqlite:///{file}"


def an_organisation() -> Organisation:
    return Organisation(new_id(ORGANISATION), "Another", created_at=NOW)


def an_agent(organisation: str, **more: Any) -> Agent:
    about: dict[str, Any] = {"name": "Aria", "role": "Sales", "created_at": NOW, "updated_at": NOW}
    return Agent(new_id(AGENT), organisation, **about | more)


def a_flow(organisation: str, **more: Any) -> Flow:
    about: dict[str, Any] = {
        "kind": FlowKind.INBOUND,
        "name": "Line",
        "status": FlowStatus.ACTIVE,
        "provider": "nextneural",
        "created_at": NOW,
        "updated_at": NOW,
    }
    return Flow(new_id(FLOW), organisation, **about | more)


def a_call(organisation: str, **more: Any) -> Call:
    about: dict[str, Any] = {
        "call_type": CallType.INBOUND,
        "status": CallStatus.RINGING,
        "carrier": "exotel",
        "node": "one",
        "started_at": NOW,
    }
    return Call(new_id(CALL), organisation, **about | more)


def a_turn(call: str, position: int, **more: Any) -> Turn:
    about: dict[str, Any] = {"speaker": Speaker.CUSTOMER, "text": "Hello?", "at": 1.5 * position, "seconds": 1.0}
    return Turn(call, position, **about | more)
