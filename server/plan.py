"""Organisation, agent, flow and customer → the plan of one call, and what it cannot do of what they ask."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, get_args

from control_api.assistant import not_obeyed
from control_api.assistant.levels import topmost
from processors.hook_options import rendered
from processors.tts.embedded import VoiceName
from processors.variables import render, unknown
from server.analysis import options
from server.call_plan import CallPlan
from server.languages import for_contact, unreached
from server.overrides import OURS, applied, merged, obeyed, tools, translated, yielded
from server.overrides.hosted import of_agent
from server.overrides.left_out import WHY
from server.script_warnings import unheeded
from server.unguarded import unguarded
from storage.records import Agent, Flow

OWN_VOICES = get_args(VoiceName)
FLOW_KEYS = {
    "persona_prompt": "prompt",
    "greeting": "greeting",
    "guardrails": "guardrails",
    "recording_disclosure": "disclosure",
}
"""Keys of a flow's free-form `config` that stand above the agent's plan."""


def call_plan(
    agent: Agent | None,
    flow: Flow,
    variables: Mapping[str, Any],
    *,
    organisation: Mapping[str, Any] | None = None,
    customer: Mapping[str, Any] | None = None,
    preferred: str | None = None,
) -> CallPlan:
    """Organisation below agent below flow below customer; placeholders filled in.

    `variables` are the customer's own: name, phone, metadata and the like. `organisation` and `customer` are the
    overrides of theirs, `preferred` the customer's language. Raises pydantic's ValidationError.
    """
    return filled_in(for_contact(_said(agent, flow, variables, organisation, customer).plan(), preferred))


def filled_in(plan: CallPlan) -> CallPlan:
    """With the values of its variables in the place of their names."""

    def fill(text: str) -> str:
        return render(text, plan.variables)

    idle = plan.idle and plan.idle.model_copy(update={"prompts": tuple(map(fill, plan.idle.prompts))})
    return plan.model_copy(
        update={
            "greeting": fill(plan.greeting),
            "disclosure": fill(plan.disclosure),
            "consent": plan.consent and plan.consent.model_copy(update={"message": fill(plan.consent.message)}),
            "record": plan.record and not plan.keeping.nothing,
            "prompt": fill(plan.prompt),
            "voicemail": plan.voicemail.model_copy(update={"message": fill(plan.voicemail.message)}),
            "end_phrases": tuple(map(fill, plan.end_phrases)),
            "idle": idle,
            "hooks": tuple(rendered(hook, fill) for hook in plan.hooks),
        }
    )


def unknown_placeholders(agent: Agent | None, flow: Flow, known_names: Iterable[str]) -> list[str]:
    """Of what the flow's calls say and are told, each once. `known_names` are what a customer may have a value for.

    Raises pydantic's ValidationError.
    """
    plan = _said(agent, flow, {}, None, None).plan()
    known = {**dict.fromkeys(known_names), **plan.variables}
    consent = "" if plan.consent is None else plan.consent.message
    texts = (plan.greeting, plan.disclosure, consent, plan.prompt, plan.voicemail.message, plan.end_message)
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
    plan = said.plan()
    deaf = [] if agent is None or customer is not None else [*unheeded(plan), *unguarded(plan), *unreached(plan)]
    top = topmost(agent, flow, organisation, customer)
    return [*ignored, *deaf, *not_obeyed(top, obeys, WHY), *tools.unheeded(top, said.overrides)]


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
    """Its config, above its voice. One of another company's comes with ours behind it, should there be no account."""
    voice = agent.voice_config
    if "tts" in agent.config:
        return agent.config
    speaker, language = voice.get("speaker"), voice.get("language_code")
    said: dict[str, Any] = {"language": language} if language else {}
    if voice.get("provider") not in OURS:
        hosted = of_agent(voice)
        return {**said, **hosted, **agent.config} if hosted else agent.config
    if speaker in OWN_VOICES:
        said["tts"] = {"provider": "embedded", "options": {"voice": speaker}}
    elif speaker:
        said["speaker"] = speaker
    return {**said, **agent.config}


def _of_flow(flow: Flow) -> dict[str, Any]:
    """What a flow says in a call plan's own words."""
    said = {ours: flow.config[key] for key, ours in FLOW_KEYS.items() if flow.config.get(key)}
    if "disclosure" in said:
        said["disclosure"] = str(said["disclosure"])
    if analysis := options.of_flow(flow.config):
        said["analysis"] = analysis
    return {**said, "language": flow.language_code} if flow.language_code else said
