"""What is done when something happens in a call."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import Field, model_validator

from control_api.assistant.tools import Tool
from control_api.assistant.wire import Loose, Wire

ON = (
    r"^(call\.ending|call\.timeElapsed|session\.created|assistant\.speech\.interrupted|customer\.speech\.interrupted"
    r"|customer\.speech\.timeout|model\.response\.timeout|(assistant\.)?transcriber\.\w+)(\[[^\]]*\])?$"
)
"""The events; some take a condition in square brackets."""


class HookAction(Loose):
    """`say` has an exact or random text or a prompt, `tool` a tool or its id, `message.add` a message."""

    type: Literal["say", "tool", "message.add"]
    tool: Tool | None = None
    tool_id: str | None = None


class HookFilter(Wire):
    type: Literal["oneOf"] | None = None
    key: str | None = None
    one_of: list[str] | None = None


class Hook(Wire):
    on: str = Field(pattern=ON)
    do: list[HookAction]
    filters: list[HookFilter] | None = None
    options: dict[str, Any] | None = None
    """Different for each event: how long, how often."""
    name: str | None = None

    @model_validator(mode="after")
    def _still_possible(self) -> Self:
        if self.on == "call.ending" and any(action.type == "say" for action in self.do):
            raise ValueError("on call.ending only the actions tool and message.add are possible")
        return self
