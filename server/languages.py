"""Whose language a call is in, who is told of it, and what of a plan's languages is out of reach."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import ValidationError

from processors import catalogue
from processors.language_codes import DETECTED, HEARD, SPOKEN, hears, name, speaks, tag, tongue
from server.call_plan import CallPlan, Choice, Fallback

FOLLOWS = "Speak {} with this caller, whatever language your instructions are in."
STAGES: tuple[catalogue.Stage, ...] = ("stt", "tts", "realtime")
"""Those whose providers are told a language."""


def for_contact(plan: CallPlan, preferred: str | None) -> CallPlan:
    """In the language that a contact prefers, if the plan's providers understand and speak it, else as it is.

    A script knows the language alone that it is written in.
    """
    if not preferred or tag(preferred) == plan.language or not _reached(plan, preferred):
        return plan
    prompt = "\n\n".join(filter(None, (plan.prompt, FOLLOWS.format(name(preferred)))))
    others = tuple(code for code in (plan.language, *plan.languages) if tongue(code) != tongue(preferred))
    greeting = next((text for code, text in plan.greetings.items() if tongue(code) == tongue(preferred)), plan.greeting)
    update = {"language": tag(preferred), "prompt": prompt, "greeting": greeting}
    return plan.model_copy(update={**update, "languages": others} if plan.languages else update)


def told(plan: CallPlan, stage: catalogue.Stage, choice: Choice, language: str = "") -> Choice:
    """Each of the stage's providers with the call's language among its options, if it takes that and was told none.

    A recogniser of a call that may change its language is to find it out, as it is of one to which nobody gave any.
    `language` stands in the place of the plan's: the call has changed it.
    """
    if stage not in STAGES:
        return choice
    finds_out = stage != "tts" and (plan.languages or "language" not in plan.model_fields_set)
    if finds_out and not language:
        return choice
    spoken = language or plan.language
    others = tuple(one.model_copy(update={"options": _told(stage, one, spoken)}) for one in choice.fallbacks)
    return choice.model_copy(update={"options": _told(stage, choice, spoken), "fallbacks": others})


def _told(stage: catalogue.Stage, one: Fallback, language: str) -> dict[str, object]:
    if one.options.get("language", "") not in DETECTED or one.provider not in catalogue.names(stage):
        return one.options
    options = catalogue.load(stage, one.provider).Options
    if "language" not in options.model_fields:
        return one.options
    with_it = {**one.options, "language": language}
    try:
        options.model_validate(with_it)
    except ValidationError:  # it has not that one, or something else is wrong, which is told where it is made
        return one.options
    return with_it


def _reached(plan: CallPlan, code: str) -> bool:
    if plan.realtime is not None:
        return hears(plan.realtime.provider, plan.realtime.options, code)
    has_judgement = plan.llm.provider != "embedded"
    return has_judgement and all(_can(plan, stage, code) for stage in ("stt", "tts"))


def _can(plan: CallPlan, stage: str, code: str) -> bool:
    if stage == "stt":
        return hears(plan.stt.provider, plan.stt.options, code)
    return speaks(plan.tts.provider, plan.tts.options, code)


def unreached(plan: CallPlan) -> list[str]:
    """A sentence for each language that the call is allowed to go over to and cannot."""
    return list(_unreached(plan))


def _unreached(plan: CallPlan) -> Iterator[str]:
    for code in plan.languages:
        if plan.realtime is not None:
            if not hears(plan.realtime.provider, plan.realtime.options, code):
                yield f"languages: {code} is not spoken by realtime provider {plan.realtime.provider}"
            continue
        for stage, known, choice, verb in (
            ("stt", HEARD, plan.stt, "understood"),
            ("tts", SPOKEN, plan.tts, "spoken"),
        ):
            if choice.provider in known and not _can(plan, stage, code):
                yield f"languages: {code} is not {verb} by {stage} provider {choice.provider} as it is set"
