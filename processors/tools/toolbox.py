"""The tools of one call, by name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from processors.json_schema import UnusableSchemaError, wrong_beside
from processors.llm.openai import MALFORMED
from processors.ports import Message, Tool, ToolCall
from processors.tools.options import Rejection
from processors.tools.rejection import is_rejected

OPT_OUT = "opt_out"
"""The name of the tool by which a caller is never called again."""

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
    def __init__(
        self,
        deeds: Sequence[Deed] = (),
        *,
        rejections: Mapping[str, Sequence[Rejection]] | None = None,
        last_words: str = "",
    ) -> None:
        """Of two with one name the first counts. `rejections` are by the name of the tool that they stand against.

        `last_words` are said when the model ends the call, behind its own.
        """
        self._deeds: dict[str, Deed] = {}
        self._rejections = rejections or {}
        self.last_words = last_words
        for deed in deeds:
            self._deeds.setdefault(deed.tool.name, deed)

    def __contains__(self, name: str) -> bool:
        return name in self._deeds

    def add(self, deeds: Iterable[Deed]) -> None:
        """While the call goes on: from the model's next question on. One whose name is taken is left out."""
        for deed in deeds:
            self._deeds.setdefault(deed.tool.name, deed)

    @property
    def tools(self) -> Sequence[Tool]:
        return tuple(deed.tool for deed in self._deeds.values())

    async def use(self, call: ToolCall, speak: Speak, chat: Sequence[Message] = ()) -> Done:
        """`chat` is what was said so far."""
        deed = self._deeds.get(call.name)
        if deed is None:
            return Done(f"There is no tool of the name {call.name!r}.", ok=False)
        if mistake := await _mistake(call.arguments, deed.tool):
            return Done(mistake, ok=False)
        if is_rejected(self._rejections.get(call.name, ()), chat):
            return Done(f"The tool {call.name} may not be used at this point of the conversation.", ok=False)
        return await deed.do(call.arguments, speak)


async def _mistake(arguments: Mapping[str, Any], tool: Tool) -> str:
    """What is wrong with the arguments, for the model to mend; empty: nothing."""
    if MALFORMED in arguments:
        return f"The arguments of {tool.name} were no JSON object: call it again."
    try:
        mistakes = await wrong_beside(arguments, tool.parameters)
    except UnusableSchemaError:  # somebody else's, and they check what they are sent
        return ""
    return f"The arguments of {tool.name} are wrong: {'; '.join(mistakes[:5])}." if mistakes else ""
