"""A scenario: who is called by whom, what the caller says and does, what must be heard, and what breaks meanwhile."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml  # type: ignore[import-untyped]
from pydantic import AfterValidator, BaseModel, Field, ValidationError, model_validator

from processors.tts.embedded import Options
from server.call_plan import CallPlan

Stage = Literal["stt", "llm", "tts"]
FaultKind = Literal["401", "429", "500", "reset", "hang", "cut"]
"""`cut`: it breaks in mid-sentence. The others befall it before anything came."""
Key = Annotated[str, Field(pattern=r"^[0-9*#A-D]+$")]

SERVER = "{{server}}"


class ScenarioError(Exception):
    """A file is no scenario. Fit to be shown."""


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"is no regular expression: {error}") from None
    return text


Pattern = Annotated[str, AfterValidator(_pattern)]
"""A regular expression, found anywhere in what was said, in either case of letters."""
Patterns = tuple[Pattern, ...]


class Expected(BaseModel, frozen=True, extra="forbid"):
    """Of what the agent says and does until the caller's next turn."""

    says: Patterns = ()
    """Each must be found."""
    never: Patterns = ()
    """None may be found."""
    within_ms: int | None = Field(None, gt=0)
    """From the end of the caller's speech to the first sound of the answer; a filler is none."""
    uses: tuple[str, ...] = ()
    """Tools, by name, that must have been used."""
    ends: str = ""
    """The reason with which the call must end."""


class Fault(BaseModel, frozen=True, extra="forbid"):
    """Befalls whoever is asked first in this turn; with `all`, whoever is asked."""

    stage: Stage
    kind: FaultKind
    all: bool = False


class Turn(BaseModel, frozen=True, extra="forbid"):
    """What the caller does next, once the agent has fallen silent."""

    say: str = ""
    file: str = ""
    """A sound beside the scenario that is heard in place of `say`; then `say` is only told in the report."""
    press: Key | None = None
    silent: float = Field(0.0, ge=0, le=120)
    """Seconds without a word."""
    hang_up: bool = False
    interrupt_after: float | None = Field(None, ge=0, le=60)
    """Seconds of the agent's speech after which the caller begins, instead of waiting for its end."""
    pause: float = Field(0.5, ge=0, le=30)
    """Seconds of the agent's silence before the caller begins."""
    faults: tuple[Fault, ...] = ()
    server: dict[str, int] = Field(default_factory=dict)
    """Paths of the scenario's server that answer with this status from now on; 0: they do not answer."""
    expect: Expected = Expected()

    @model_validator(mode="after")
    def _does_one_thing(self) -> Self:
        if (bool(self.say or self.file), self.press is not None, bool(self.silent), self.hang_up).count(True) != 1:
            raise ValueError("a turn has one of say (or file), press, silent and hang_up")
        return self


class Caller(BaseModel, frozen=True, extra="forbid"):
    """Speaks with one of the embedded voices."""

    voice: str = "espeak+m3"
    language: str = "en-US"
    speed: float = 0.95

    @property
    def tts(self) -> Options:
        return Options.model_validate(self.model_dump())

    @model_validator(mode="after")
    def _can_speak(self) -> Self:
        assert self.tts
        return self


class Scenario(BaseModel, frozen=True, extra="forbid", hide_input_in_errors=True):
    name: str = Field(min_length=1, max_length=200)
    about: str = ""
    plan: dict[str, Any]
    """A call plan. `{{server}}` in it is the address of the scenario's own server."""
    caller: Caller = Caller()
    greeting: Expected = Expected()
    """What must be heard before the caller's first turn."""
    turns: tuple[Turn, ...] = Field(min_length=1, max_length=100)
    never: Patterns = ()
    """Not to be said in the whole call."""
    server: dict[str, Any] = Field(default_factory=dict)
    """Paths, and the JSON that a GET or POST of each is answered with: for the plan's tools."""
    queues: tuple[str, ...] = ()
    """Of human agents, to whom the model may hand the call."""
    max_silence: float = Field(2.5, gt=0)
    """Seconds that the caller may hear nothing after speaking: a filler is due 2 s after the turn was judged over."""
    within_ms: int | None = Field(None, gt=0)
    """For each turn that does not say otherwise."""
    real_time: bool = False
    """For providers outside this machine: by default the clock stands still while something is worked at."""

    @model_validator(mode="after")
    def _has_a_plan(self) -> Self:
        self.call_plan("https://server.invalid")
        return self

    def call_plan(self, server: str) -> CallPlan:
        """`server` is the address of the scenario's own."""
        return CallPlan.model_validate_json(json.dumps(self.plan).replace(SERVER, server))


def read(file: Path) -> Scenario:
    """Raises ScenarioError."""
    try:
        raw = json.loads(json.dumps(yaml.safe_load(file.read_text(encoding="utf-8")), default=str))
    except (OSError, UnicodeDecodeError) as error:
        raise ScenarioError(f"{file.name} cannot be read: {type(error).__name__}") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f" in line {mark.line + 1}" if mark is not None else ""
        raise ScenarioError(f"{file.name} is no YAML{place}") from None
    except RecursionError:
        raise ScenarioError(f"{file.name} is nested too deeply") from None
    except (TypeError, ValueError):  # a key that is no text, or an object that holds itself
        raise ScenarioError(f"{file.name} holds what JSON cannot say") from None
    try:
        return Scenario.model_validate(raw)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise ScenarioError(f"{file.name}: {where}: {first['msg']}") from None
