"""How a text is cut and worded before it is spoken."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from pydantic import ValidationError

from control_api.assistant.voice import ChunkPlan, FormatPlan
from control_api.assistant.voice import Replacement as Wanted
from processors.wording.options import FormatOptions, Replacement, SpeechOptions
from server.overrides.asked import Asked, Changes, Rule


def _chunks(asked: Asked) -> ChunkPlan:
    return asked.voice.chunk_plan or ChunkPlan()


def _format(asked: Asked) -> FormatPlan:
    return _chunks(asked).format_plan or FormatPlan()


def _chunk_option(option: str, value: Callable[[ChunkPlan], Any]) -> Callable[[Asked], Changes | None]:
    def change(asked: Asked) -> Changes | None:
        given = value(_chunks(asked))
        return None if given is None or not _is_valid(SpeechOptions, option, given) else {"speech": {option: given}}

    return change


def _format_option(option: str, value: Callable[[FormatPlan], Any]) -> Callable[[Asked], Changes | None]:
    def change(asked: Asked) -> Changes | None:
        given = value(_format(asked))
        if given is None or not _is_valid(FormatOptions, option, given):
            return None
        return {"speech": {"format": {option: given}}}

    return change


def _is_valid(options: type[SpeechOptions] | type[FormatOptions], option: str, value: Any) -> bool:
    try:
        options.model_validate({option: value})
    except ValidationError:
        return False
    return True


def _least(plan: ChunkPlan) -> int | None:
    return None if plan.min_characters is None else math.ceil(plan.min_characters)


def _replacement(wanted: Wanted) -> dict[str, Any] | None:
    """None: neither text nor pattern is given, or the pattern is one that could keep a call waiting."""
    options = {each.type.replace("-", "_"): True for each in wanted.options or () if each.enabled}
    found = {"regex": wanted.regex, **options} if wanted.regex else {"key": wanted.key or ""}
    ours = {**found, "value": wanted.value or "", "all": bool(wanted.replace_all_enabled)}
    try:
        Replacement.model_validate(ours)
    except ValidationError:
        return None
    return ours


def _replacements(plan: FormatPlan) -> list[dict[str, Any]] | None:
    if plan.replacements is None:
        return None
    return [ours for each in plan.replacements if (ours := _replacement(each)) is not None]


def _all_are_possible(asked: Asked) -> bool:
    return len(_replacements(_format(asked)) or ()) == len(_format(asked).replacements or ())


_WHERE, KEYS = "voice.chunkPlan", ("speech",)

RULES = (
    Rule(f"{_WHERE}.enabled", KEYS, _chunk_option("cut", lambda plan: plan.enabled)),
    Rule(f"{_WHERE}.minCharacters", KEYS, _chunk_option("min_characters", _least)),
    Rule(
        f"{_WHERE}.punctuationBoundaries",
        KEYS,
        _chunk_option("boundaries", lambda plan: plan.punctuation_boundaries),
    ),
    Rule(f"{_WHERE}.formatPlan.enabled", KEYS, _format_option("enabled", lambda plan: plan.enabled)),
    Rule(
        f"{_WHERE}.formatPlan.numberToDigitsCutoff",
        KEYS,
        _format_option("digits_above", lambda plan: plan.number_to_digits_cutoff),
    ),
    Rule(
        f"{_WHERE}.formatPlan.formattersEnabled",
        KEYS,
        _format_option("formatters", lambda plan: plan.formatters_enabled),
    ),
    Rule(
        f"{_WHERE}.formatPlan.replacements",
        KEYS,
        _format_option("replacements", _replacements),
        whole=_all_are_possible,
    ),
)
