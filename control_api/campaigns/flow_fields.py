"""What a body says of a flow → fields of its record, with everything that it names looked up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from control_api.assistant.field import kept
from control_api.campaigns.flow_shapes import FlowFields
from control_api.voices.agent_shapes import AgentBody, VoiceConfig
from control_api.voices.voices import must_be_known
from control_api.web.asked import Asked
from control_api.web.errors import bad
from control_api.web.shapes import changes
from storage.database import UnitOfWork
from storage.records import Flow, FlowKind

NOT_KEPT = ("voice_agent_id", "speaker", "status")
ROLES = {FlowKind.OUTBOUND: "Outbound agent", FlowKind.INBOUND: "Inbound agent"}
"""Of an agent that is made for a flow."""


async def looked_up(asked: Asked, work: UnitOfWork, body: FlowFields, flow: Flow | None = None) -> dict[str, Any]:
    """The fields of the record that `body` sets; `flow` is what it changes. Makes an agent for a `speaker`.

    Raises RefusedError, which names the field.
    """
    given = changes(body)
    if "provider" in given:
        must_be_known(asked, given["provider"], "provider")
    new = {name: value for name, value in given.items() if name not in NOT_KEPT}
    if given.get("script_id") is not None and await work.scripts.get(given["script_id"]) is None:
        raise _unknown("script_id", "a script")
    if given.get("contact_list_id") is not None and await work.lists.get(given["contact_list_id"]) is None:
        raise _unknown("contact_list_id", "a contact list")
    if given.get("phone_numbers"):
        new["phone_numbers"] = await _numbers(work, given["phone_numbers"])
    if given.get("time_window") is not None:
        new["time_window"] = given["time_window"].model_dump(mode="json", exclude_unset=True)
    if "assistant_overrides" in given:
        before = flow.assistant_overrides if flow is not None else {}
        new["assistant_overrides"] = kept(asked, given["assistant_overrides"], before)
    if given.get("voice_agent_id") is not None:
        new["agent_id"] = await _agent(work, given["voice_agent_id"])
    elif given.get("speaker") is not None:
        new["agent_id"] = await _made_agent(asked, work, given, flow)
    elif "voice_agent_id" in given:
        new["agent_id"] = None
    return new


def must_make_sense(flow: Flow) -> None:
    """Raises RefusedError if its fields contradict each other."""
    if flow.start_date is not None and flow.end_date is not None and flow.end_date < flow.start_date:
        raise bad("end_date must not be before start_date")
    if flow.start_at is not None and flow.end_at is not None and flow.end_at <= flow.start_at:
        raise bad("end_at must be after start_at")
    if flow.time_window is not None and flow.time_window["start"] == flow.time_window["end"]:
        raise bad("time_window.end must differ from time_window.start")


async def _agent(work: UnitOfWork, agent_id: str) -> str:
    agent = await work.agents.get(agent_id)
    if agent is None or not agent.is_active:
        raise _unknown("voice_agent_id", "an agent")
    return agent.id


async def _made_agent(asked: Asked, work: UnitOfWork, given: Mapping[str, Any], flow: Flow | None) -> str:
    def said(name: str) -> Any:
        return given[name] if name in given else getattr(flow, name, None)

    speaker = given["speaker"]
    voice = VoiceConfig(provider=said("provider"), speaker=speaker, language_code=said("language_code"))
    body = AgentBody(name=speaker[:1].upper() + speaker[1:], role=ROLES[said("kind")], voice_config=voice)
    agent = body.record(asked.organisation, asked.now)
    await work.agents.add(agent)
    return agent.id


async def _numbers(work: UnitOfWork, given: list[str]) -> list[str]:
    """Ids, each once, of numbers that are named by their ids or as they are dialled."""
    known: dict[str, str] = {}
    for number in await work.numbers.every():
        known |= {number.number: number.id, number.id: number.id}
    for name in given:
        if name not in known:
            raise bad(f"phone_numbers holds {name}, which is not a phone number of this organisation")
    return list(dict.fromkeys(known[name] for name in given))


def _unknown(field: str, what: str) -> Exception:
    return bad(f"{field} is not {what} of this organisation")
