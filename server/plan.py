"""Organisation, agent, flow and customer → the plan of one call, and what it cannot do of what they ask."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, get_args

from control_api.assistant import not_obeyed
from control_api.assistant.levels import topmost
from processors.tts.embedded import VoiceName
from processors.variables import render, unknown
from server.analysis import options
from server.call_plan import CallPlan
from server.overrides import OURS, applied, merged, obeyed, translated, yielded
from server.script_warnings import unheeded
from storage.records import Agent, Flow

OWN_VOICES = get_args(VoiceName)
FLOW_KEYS = {"persona_prompt": "prompt", "greeting": "greeting"}
"""Keys of a flow's free-form `config` that stand above the agent's plan."""


def call_plan(
    agent: Agent | None,
    flow: Flow,
    variables: Mapping[str, Any],
    *,
    organisation: Mapping[str, Any] | None = None,
    customer: Mapping[str, Any] | None = None,
) -> CallPlan:
    """Organisation below agent below flow below customer; placeholders filled in.

    `variables` are the customer's own: name, phone, metadata and the like. `organisation` and `customer` are the
    overrides of theirs. Raises pydantic's ValidationError.
    """
    plan = _said(agent, flow, variables, organisation, customer).plan()
    greeting = render(plan.greeting, plan.variables)
    disclosure = render(_disclosure(flow), plan.variables)
    return plan.model_copy(
        update={
            "greeting": " ".join(filter(None, (greeting, disclosure))),
            "prompt": render(plan.prompt, plan.variables),
            "voicemail": plan.voicemail.model_copy(update={"message": render(plan.voicemail.message, plan.variables)}),
        }
    )


def unknown_placeholders(agent: Agent | None, flow: Flow, known_names: Iterable[str]) -> list[str]:
    """Of what the flow's calls say and are told, each once. `known_names` are what a customer may have a value for.

    Raises pydantic's ValidationError.
    """
    plan = _said(agent, flow, {}, None, None).plan()
    known = {**dict.fromkeys(known_names), **plan.variables}
    texts = (plan.greeting, _disclosure(flow), plan.prompt, plan.voicemail.message)
    return list(dict.fromkeys(name for text in texts for name in unknown(text, known)))


def unobeyed(
    agent: Agent | None,
    flow: Flow | None,
    *,
    organisation: Mapping[str, Any] | None = None,
    customer: Mapping[str, Any] | None = None,
) -> list[str]:
    """A sentence for each override of the topmost one given, customer or flow or agent, that a call will not obey.

    And for what a flow's config, or an agent's, asks of the analysis in vain. Raises pydantic's ValidationError.
    """
    said = _said(agent, flow, {}, organisation, customer)
    obeys = obeyed(said.overrides, CallPlan.model_validate(said.config))
    mistake = None
    if flow is not None:
        mistake = options.mistake(flow.config)
    elif agent is not None:
        mistake = options.mistake_of_agent(agent.config)
    ignored = [] if mistake is None else [f"{mistake}: it is ignored in the analysis of calls"]
    deaf = [] if agent is None or customer is not None else unheeded(said.plan())
    return [*ignored, *deaf, *not_obeyed(topmost(agent, flow, organisation, customer), obeys)]


@dataclass(frozen=True, slots=True)
class _Said:
    """By all levels together."""

    config: Mapping[str, Any]
    """In our own words."""
    overrides: Mapping[str, Any]
    """In Vapi's, as far as they stand above the config."""

    def plan(self) -> CallPlan:
        unasked = CallPlan.model_validate(self.config)
        return CallPlan.model_validate(applied(self.config, translated(self.overrides, unasked)))


def _said(
    agent: Agent | None,
    flow: Flow | None,
    variables: Mapping[str, Any],
    organisation: Mapping[str, Any] | None,
    customer: Mapping[str, Any] | None,
) -> _Said:
    """Level by level. On each the overrides stand above our own words, and those above all levels below."""
    if agent is not None:
        CallPlan.model_validate(agent.config)  # what is wrong there is not to be hidden by what another level says
    config: dict[str, Any] = {}
    overrides = merged(organisation)
    for ours, asked in (
        (_of_agent(agent), agent.assistant_overrides) if agent is not None else ({}, {}),
        (_of_flow(flow), flow.assistant_overrides) if flow is not None else ({}, {}),
        ({"variables": variables}, customer),
    ):
        config = merged(config, ours)
        overrides = merged(yielded(overrides, ours), asked)
    return _Said(config, overrides)


def _of_agent(agent: Agent) -> Mapping[str, Any]:
    """Its config, above its voice: one of the server's own, for others are reached by `config` alone."""
    voice = agent.voice_config
    if voice.get("provider") not in OURS or "tts" in agent.config:
        return agent.config
    speaker, language = voice.get("speaker"), voice.get("language_code")
    said: dict[str, Any] = {"language": language} if language else {}
    if speaker in OWN_VOICES:
        said["tts"] = {"provider": "embedded", "options": {"voice": speaker}}
    return {**said, **agent.config}


def _of_flow(flow: Flow) -> dict[str, Any]:
    """What a flow says in a call plan's own words."""
    said = {ours: flow.config[key] for key, ours in FLOW_KEYS.items() if flow.config.get(key)}
    if analysis := options.of_flow(flow.config):
        said["analysis"] = analysis
    return {**said, "language": flow.language_code} if flow.language_code else said


def _disclosure(flow: Flow) -> str:
    return str(flow.config.get("recording_disclosure") or "")
