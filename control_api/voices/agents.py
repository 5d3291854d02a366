"""Voice agents: who speaks in a call, with what voice, and by which plan."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from control_api.assistant.field import agent_warnings, kept, readable
from control_api.voices.agent_plan import kept_plan, shown_plan
from control_api.voices.agent_shapes import AgentBody, AgentChange, AgentShown, VoiceConfigShown
from control_api.voices.voices import Choosable, choosable, must_be_known, sample_url
from control_api.web.asked import Asked
from control_api.web.contract import Contract
from control_api.web.errors import not_found
from storage.records import Agent, Organisation, Scope

contract = Contract("Voice agents", "/agents", v1="/voice-agents", read=Scope.AGENTS_READ, write=Scope.AGENTS_WRITE)


@contract.get("")
async def every(asked: Asked) -> list[AgentShown]:
    """List active agents, oldest first."""
    async with asked.read() as work:
        found = await work.agents.active()
    return await _shown(asked, found)


@contract.post("", limit="20/minute")
async def create(asked: Asked, body: AgentBody) -> AgentShown:
    """Create an agent."""
    plan = await _plan(asked, body, {})
    agent = body.record(asked.organisation, asked.now)
    agent = replace(agent, **plan, assistant_overrides=kept(asked, agent.assistant_overrides))
    async with asked.begin() as work:
        await work.agents.add(agent)
    return (await _shown(asked, [agent]))[0]


@contract.get("/{agent_uuid}")
async def get(asked: Asked, agent_uuid: str) -> AgentShown:
    """Get an agent. A deleted one is shown too, since its calls name it."""
    async with asked.read() as work:
        agent = await work.agents.get(agent_uuid)
    if agent is None:
        raise not_found("Agent")
    return (await _shown(asked, [agent]))[0]


@contract.patch("/{agent_uuid}")
async def change(asked: Asked, agent_uuid: str, body: AgentChange) -> AgentShown:
    """Change an agent. A secret given back masked stays as it was."""
    async with asked.read() as work:
        known = await work.agents.get(agent_uuid)
    if known is None or not known.is_active:
        raise not_found("Agent")
    await _plan(asked, body, known.config)  # beforehand: it may load providers, which no writer should wait for
    async with asked.begin() as work:
        agent = await work.agents.held(agent_uuid)
        if agent is not None:
            new = body.applied(agent) | await _plan(asked, body, agent.config)
            if "assistant_overrides" in new:
                new["assistant_overrides"] = kept(asked, new["assistant_overrides"], agent.assistant_overrides)
            agent = replace(agent, **new, updated_at=asked.now)
        if agent is None or not await work.agents.save(agent, now=asked.now):
            raise not_found("Agent")
    return (await _shown(asked, [agent]))[0]


@contract.delete("/{agent_uuid}")
async def delete(asked: Asked, agent_uuid: str) -> None:
    """Delete an agent. Running calls go on, and old ones still know who spoke."""
    async with asked.begin() as work:
        if not await work.agents.delete(agent_uuid, now=asked.now):
            raise not_found("Agent")


async def _plan(asked: Asked, body: AgentBody | AgentChange, before: Mapping[str, Any]) -> dict[str, Any]:
    """The record's `config`, if the body has one; masks in it stand for the secrets of the plan `before`.

    Raises RefusedError for a voice or a plan that no call could be made with.
    """
    if body.voice_config is not None:
        must_be_known(asked, body.voice_config.provider, "voice_config.provider")
    if "config" not in body.model_fields_set:
        return {}
    return {"config": await asyncio.to_thread(kept_plan, asked, body.config, before)}


async def _shown(asked: Asked, agents: list[Agent]) -> list[AgentShown]:
    voices = await choosable(asked)
    async with asked.read() as work:
        organisation = await work.organisations.get(asked.organisation)
    return await asyncio.to_thread(lambda: [_one(asked, agent, organisation, voices) for agent in agents])


def _one(asked: Asked, agent: Agent, organisation: Organisation | None, voices: Choosable) -> AgentShown:
    return AgentShown(
        uuid=agent.id,
        name=agent.name,
        role=agent.role,
        description=agent.description,
        avatar_color=agent.avatar_color,
        avatar_initials=agent.avatar_initials,
        voice_config=_voice_config(asked, agent, voices),
        config=shown_plan(asked, agent.config),
        assistant_overrides=dict(readable(asked, agent).assistant_overrides),
        is_active=agent.is_active,
        created_at=agent.created_at,
        updated_at=agent.updated_at,
        warnings=agent_warnings(asked, agent, organisation),
    )


def _voice_config(asked: Asked, agent: Agent, voices: Choosable) -> VoiceConfigShown | None:
    if not agent.voice_config:
        return None
    names = ("provider", "model", "speaker", "language_code")
    said = {name: agent.voice_config.get(name) for name in names}
    voice = voices.chosen(said)
    return VoiceConfigShown(**said, sample_url=None if voice is None else sample_url(asked, voice))
