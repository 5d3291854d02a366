"""What is to be made of a flow's calls once they are over."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, get_args

import orjson
from pydantic import AfterValidator, BaseModel, Field, ValidationError

from control_api.assistant.analysis import FLOW_KEYS, Rubric
from control_api.web.errors import sentence
from server.analysis import schema_mistakes

LARGEST_SCHEMA = 16 << 10
"""Bytes of JSON: it goes to the model with every call."""


def _small(schema: dict[str, Any]) -> dict[str, Any]:
    if len(orjson.dumps(schema)) > LARGEST_SCHEMA:
        raise ValueError(f"must come to at most {LARGEST_SCHEMA} bytes")
    return schema


Score = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_ -]{0,39}$")]


class Extraction(BaseModel, frozen=True, extra="forbid", hide_input_in_errors=True):
    """One of several things that are read out of the conversation."""

    key: str = Field(pattern=r"^[^\x00-\x1f]{1,100}$")
    form: Annotated[dict[str, Any], AfterValidator(_small)] = Field(description="JSON schema of it")
    prompt: str = Field("", max_length=4000, description="what to look for, in words")


class AnalysisOptions(BaseModel, frozen=True, extra="forbid", hide_input_in_errors=True):
    enabled: bool = Field(True, description="false: only what is known for certain")
    min_messages: int = Field(2, ge=0, description="calls in which fewer lines were said are not judged")
    summary: bool = True
    summary_language: str = Field("en", max_length=20, description="BCP 47 tag")
    success: bool = True
    rubric: Rubric = "PassFail"
    criteria: str = Field("", max_length=4000, description="what a success is, in words")
    extraction_schema: Annotated[dict[str, Any], AfterValidator(_small)] | None = Field(
        None, description="JSON schema of what is read out of the conversation"
    )
    extractions: tuple[Extraction, ...] = Field((), max_length=20, description="more of them, each by its key")
    summary_prompt: str = Field("", max_length=4000, description="what to say in the summary, in words")
    success_prompt: str = Field("", max_length=4000, description="how to judge the success, in words")
    extraction_prompt: str = Field("", max_length=4000, description="what to look for, in words")
    seconds: float = Field(30, ge=1, le=60, description="that the model has for its answer, which is one for all")
    scores: tuple[Score, ...] = Field((), max_length=20, description="qualities that the agent is marked for, 0 to 3")


def of_flow(config: Mapping[str, Any]) -> dict[str, Any]:
    """What a flow asks for. Of one that asks for it in a way that cannot be understood, nothing: no call is lost."""
    asked = _asked(config)
    return asked if asked and _mistake(asked) is None else {}


def mistake(config: Mapping[str, Any]) -> str | None:
    """What is wrong with what a flow asks for, in a sentence that names the key."""
    return _mistake(_asked(config))


def mistake_of_agent(config: Mapping[str, Any]) -> str | None:
    """As `mistake`, of an agent's config that is a call plan."""
    schema = (config.get("analysis") or {}).get("extraction_schema")
    wrong = None if schema is None else schema_mistakes.mistake(schema)
    return None if wrong is None else f"config.analysis.extraction_schema {wrong}"


def _asked(config: Mapping[str, Any]) -> dict[str, Any]:
    asked = {ours: config[key] for key, ours in FLOW_KEYS.items() if config.get(key) is not None}
    criteria = asked.get("criteria")
    if criteria in get_args(Rubric):
        asked["rubric"] = asked.pop("criteria")
    return asked


def _mistake(asked: Mapping[str, Any]) -> str | None:
    try:
        AnalysisOptions.model_validate(dict(asked))
    except ValidationError as error:
        told = sentence(error, "it")
        for key, ours in FLOW_KEYS.items():
            if told.startswith(ours):
                told = key + told.removeprefix(ours)
                break
        return f"config.{told}"
    schema = asked.get("extraction_schema")
    wrong = None if schema is None else schema_mistakes.mistake(schema)
    return None if wrong is None else f"config.extraction_schema {wrong}"
