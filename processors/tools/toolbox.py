"""The tools of one call, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from processors.ports import Tool, ToolCall

Speak = Callable[[str], None]
"""Has the caller told something while the work goes on."""


@dataclass(frozen=True, slots=True)
class Done:
    """What came of a tool call."""

    answer: str = field(repr=False)
    """For the model."""
    ok: bool = True
    say: str = field(default="", repr=False)
    """What the caller is told of it, word for word. The model is then not asked what to say."""
    hangup: str = ""
    """If set: the reason with which the call ends, once that was heard."""


class Deed(Protocol):
    """One thing that can be done. A module each."""

    tool: Tool

    async def do(self, arguments: Mapping[str, Any], speak: Speak) -> Done:
        """Troubles are part of the answer: the model has to know of them. It is not cancelled by an interruption."""
        ...


class Toolbox:
    def __init__(self, deeds: Sequence[Deed] = ()) -> None:
        """Of two with one name the first counts."""
        self._deeds: dict[str, Deed] = {}
        for deed in deeds:
            self._deeds.setdefault(deed.tool.name, deed)

    @property
    def tools(self) -> Sequence[Tool]:
        return tuple(deed.tool for deed in self._deeds.values())

    async def use(self, call: ToolCall, speak: Speak) -> Done:
        deed = self._deeds.get(call.name)
        if deed is None:
            return Done(f"There is no tool of the name {call.name!r}.", ok=False)
        return await deed.do(call.arguments, speak)
