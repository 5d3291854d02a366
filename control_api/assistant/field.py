"""`assistantOverrides` as a field of a body and of an answer: checked, kept whole, and what of them is not obeyed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, Field, ValidationError, WithJsonSchema

from control_api.assistant.analysis import FLOW_KEYS
from control_api.assistant.overrides import AssistantOverrides, checked
from control_api.assistant.secrecy import is_secret
from control_api.web.asked import Asked
from control_api.web.errors import sentence
from control_api.web.hidden import OVERRIDES, Hidden
from control_api.web.shapes import FreeObject
from storage.assets import Customer
from storage.records import Agent, Flow, Organisation

_R = TypeVar("_R", Organisation, Agent, Flow, Customer)
_S = TypeVar("_S")

FIELD = "assistant_overrides"


def _known(value: dict[str, Any]) -> dict[str, Any]:
    try:
        return checked(value)
    except ValidationError as error:
        raise ValueError(f"will not do: {sentence(error, 'the object')}") from None


Overrides = Annotated[
    FreeObject,
    AfterValidator(_known),
    WithJsonSchema({"type": "object", "title": AssistantOverrides.__name__, "additionalProperties": True}),
    Field(description="what a call is told to do, in Vapi's words"),
]


def kept(
    asked: Asked, given: Mapping[str, Any], before: Mapping[str, Any] | None = None, field: str = FIELD
) -> dict[str, Any]:
    """What a record gets: secrets sealed, and those that came masked as the record had them `before`.

    Raises RefusedError for a mask of nothing.
    """
    hidden = _hidden(asked)
    return hidden.sealed(hidden.plain(given, before or {}, is_secret, field), is_secret)


def readable(asked: Asked, record: _R) -> _R:
    """Its overrides as they may be shown: secrets masked."""
    if not record.assistant_overrides:
        return record
    return replace(record, assistant_overrides=_hidden(asked).masked(record.assistant_overrides, is_secret))


async def each_shown(show: Callable[[_R], _S], records: Sequence[_R]) -> list[_S]:
    """In a thread if any of them has overrides, which take their time."""
    if not any(record.assistant_overrides for record in records):
        return [show(record) for record in records]
    return await asyncio.to_thread(one_by_one, show, records)


def one_by_one(show: Callable[[_R], _S], records: Sequence[_R]) -> list[_S]:
    """For a thread. Gives way after each, or the event loop would wait for Python's 5 ms to be over."""
    shown = []
    for record in records:
        shown.append(show(record))
        time.sleep(0)
    return shown


def warnings(asked: Asked, overrides: Mapping[str, Any]) -> list[str]:
    """A sentence for each field of a record's overrides that a call does not obey, if it is told nothing else."""
    if not overrides:
        return []
    return _told(asked, None, None, customer=_hidden(asked).masked(overrides, is_secret))


def agent_warnings(asked: Asked, agent: Agent, organisation: Organisation | None) -> list[str]:
    """As `warnings`, of calls in which this agent speaks."""
    if not agent.assistant_overrides and "analysis" not in agent.config and not _instructs_a_script(agent, None):
        return []
    return _told(asked, readable(asked, agent), None, organisation=_below(asked, organisation))


def flow_warnings(asked: Asked, flow: Flow, agent: Agent | None, organisation: Organisation | None) -> list[str]:
    """As `warnings`, of this flow's calls."""
    asks = flow.assistant_overrides or not FLOW_KEYS.keys().isdisjoint(flow.config)
    if not asks and not _instructs_a_script(agent, flow):
        return []
    speaker = None if agent is None else readable(asked, agent)
    return _told(asked, speaker, readable(asked, flow), organisation=_below(asked, organisation))


def _instructs_a_script(agent: Agent | None, flow: Flow | None) -> bool:
    """Whether it may be so: what overrides make of it, the plan of a call knows."""
    if agent is None:
        return False
    model = agent.config.get("llm")
    if isinstance(model, Mapping) and model.get("provider", "embedded") != "embedded":
        return False
    return bool(agent.config.get("prompt") or (flow is not None and flow.config.get("persona_prompt")))


def _told(asked: Asked, agent: Agent | None, flow: Flow | None, **levels: Mapping[str, Any] | None) -> list[str]:
    try:
        return asked.services.warnings(agent, flow, **levels)
    except ValidationError as error:  # an agent's plan, written when another provider or field was known
        return [f"the call plan will not do: {sentence(error, 'it')}"]


def _below(asked: Asked, organisation: Organisation | None) -> Mapping[str, Any] | None:
    return None if organisation is None else readable(asked, organisation).assistant_overrides


def _hidden(asked: Asked) -> Hidden:
    return Hidden(asked.services.seal, asked.organisation, OVERRIDES)
