"""What a new server starts with: an organisation, its first key, and a demo line that answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from storage.database import UnitOfWork
from storage.ids import AGENT, FLOW, ORGANISATION, new_id
from storage.keys import key_for, new_token
from storage.records import Agent, Flow, FlowKind, FlowStatus, Organisation, Scope


@dataclass(frozen=True, slots=True)
class Seeded:
    """What was made."""

    organisation: str
    agent: str
    flow: str
    token: str = field(repr=False)
    """The first key, with every scope. It is kept nowhere: show it now."""


async def seed(
    work: UnitOfWork,
    *,
    now: datetime,
    config: Mapping[str, Any],
    voice_config: Mapping[str, Any],
    language: str,
    token: str | None = None,
) -> Seeded | None:
    """None, and nothing done, if there is an organisation already.

    `config` and `voice_config` are the demo agent's; `token` is the first key, if the operator has chosen one.
    Needs an unbound unit of work.
    """
    if not await work.organisations.none_yet():
        return None
    made = Seeded(new_id(ORGANISATION), new_id(AGENT), new_id(FLOW), token or new_token())
    await work.organisations.add(Organisation(made.organisation, "My organisation", created_at=now))
    await work.keys.add(key_for(made.token, made.organisation, "First key", Scope, now))
    await work.agents.add(
        Agent(
            made.agent,
            made.organisation,
            name="Front desk",
            role="Receptionist",
            description="Answers the demo line.",
            avatar_color="#0f766e",
            avatar_initials="FD",
            voice_config=voice_config,
            config=config,
            created_at=now,
            updated_at=now,
        )
    )
    await work.flows.add(
        Flow(
            made.flow,
            made.organisation,
            kind=FlowKind.INBOUND,
            name="Demo line",
            status=FlowStatus.ACTIVE,
            provider="nextneural",
            agent_id=made.agent,
            language_code=language,
            is_demo=True,
            created_at=now,
            updated_at=now,
        )
    )
    return made
