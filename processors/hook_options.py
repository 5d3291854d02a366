"""What is to be done when something happens in a call."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from processors.tools.options import ToolPlan

LONGEST_TEXT = 4000
MOST = 20
"""Hooks of a call, and actions of a hook."""

Text = Annotated[str, Field(min_length=1, max_length=LONGEST_TEXT)]


class Event(StrEnum):
    CREATED = "session.created"
    ENDING = "call.ending"
    ELAPSED = "call.timeElapsed"
    ASSISTANT_CUT = "assistant.speech.interrupted"
    CUSTOMER_CUT = "customer.speech.interrupted"
    CUSTOMER_SILENT = "customer.speech.timeout"
    MODEL_LATE = "model.response.timeout"


class _Options(BaseModel, frozen=True, extra="forbid"):
    pass


class SayAction(_Options, frozen=True):
    kind: Literal["say"]
    texts: tuple[Text, ...] = Field(min_length=1, max_length=MOST, description="one of them, with {{variables}}")


class PromptAction(_Options, frozen=True):
    """The language model is asked what to say."""

    kind: Literal["prompt"]
    text: Text = Field(description="with {{variables}}")


class MessageAction(_Options, frozen=True):
    """Something is added to what the language model knows."""

    kind: Literal["message"]
    role: Literal["system", "user", "assistant"] = "system"
    text: Text = Field(description="with {{variables}}")
    answer: bool = Field(True, description="and it speaks at once")


class ToolAction(_Options, frozen=True):
    kind: Literal["tool"]
    tool: ToolPlan | Annotated[str, Field(max_length=64)] = Field(
        description="one of its own, which no model is offered, or the name of one that the call has"
    )
    arguments: dict[str, Any] = Field(default_factory=dict, description="texts with {{variables}}")

    @property
    def name(self) -> str:
        return self.tool if isinstance(self.tool, str) else self.tool.name


class HangupAction(_Options, frozen=True):
    kind: Literal["hangup"]


Action = Annotated[SayAction | PromptAction | MessageAction | ToolAction | HangupAction, Field(discriminator="kind")]


class Hook(_Options, frozen=True):
    on: Event
    do: tuple[Action, ...] = Field(max_length=MOST)
    seconds: float = Field(7.5, ge=0.5, le=43200, description="of a silence, an answer that is late, or the call")
    times: int = Field(1, ge=1, le=100, description="at most; of what happens only once it is once")
    again: bool = Field(False, description="a turn of the caller's makes the count begin anew")
    reasons: tuple[str, ...] = Field(
        (), max_length=100, description="of call.ending: any of these; empty: whatever it is"
    )


def rendered(hook: Hook, fill: Callable[[str], str]) -> Hook:
    """`fill` puts the values of variables into a text."""
    return hook.model_copy(update={"do": tuple(_rendered(action, fill) for action in hook.do)})


def _rendered(action: Action, fill: Callable[[str], str]) -> Action:
    match action:
        case SayAction():
            return action.model_copy(update={"texts": tuple(map(fill, action.texts))})
        case PromptAction() | MessageAction():
            return action.model_copy(update={"text": fill(action.text)})
        case ToolAction():
            return action.model_copy(update={"arguments": _filled(action.arguments, fill)})
    return action


def _filled(value: Any, fill: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return fill(value)
    if isinstance(value, Mapping):
        return {key: _filled(each, fill) for key, each in value.items()}
    return [_filled(each, fill) for each in value] if isinstance(value, list) else value
