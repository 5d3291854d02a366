"""A model that says what it was told to say, at once. For tests and load."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from typing import Any

from aiohttp import ClientSession
from pydantic import BaseModel, Field

from processors.ports import LanguageModel, Message, Tool, ToolCall


class Step(BaseModel, extra="forbid"):
    """What it answers once."""

    say: str = ""
    use: dict[str, dict[str, Any]] = Field(default_factory=dict)
    """Tools by name, and their arguments."""


Reply = str | Step | list[str | Step]
"""The steps of a turn: each but the first one follows what came of the tools of the step before."""


class Options(BaseModel, extra="forbid"):
    replies: list[Reply] = Field(default=["I see. Please go on."], min_length=1)
    """The n-th is said to the caller's n-th turn."""
    cycle: bool = True
    """Begins again after the last one; otherwise the last one is repeated."""
    end_call: bool = False
    """Asks to end the call with the last reply, if a tool of that name is offered."""
    transfer_to: str = ""
    """Asks with the last reply to hand the call to this queue of human agents, if it may."""


class ScriptedLlm:
    def __init__(self, options: Options) -> None:
        self._options = options

    async def reply(self, chat: Sequence[Message], tools: Sequence[Tool]) -> AsyncGenerator[str | ToolCall, None]:
        replies = self._options.replies
        turn = max(0, sum(message.role == "user" for message in chat) - 1)
        given = replies[turn % len(replies) if self._options.cycle else min(turn, len(replies) - 1)]
        step = _step(given, chat)
        yield step.say
        for name, arguments in step.use.items():
            yield ToolCall(f"scripted-{turn}-{name}", name, arguments)
        if self._options.end_call and turn >= len(replies) - 1 and any(tool.name == "end_call" for tool in tools):
            yield ToolCall(f"scripted-{turn}", "end_call", {"reason": "goodbye"})
        target = self._options.transfer_to
        if target and turn >= len(replies) - 1 and any(tool.name == "transfer_call" for tool in tools):
            yield ToolCall(f"scripted-{turn}", "transfer_call", {"target": target, "brief": step.say})


def _step(reply: Reply, chat: Sequence[Message]) -> Step:
    """The one that is due: so many times something was done since the caller spoke last."""
    steps = reply if isinstance(reply, list) else [reply]
    done = 0
    for message in reversed(chat):
        if message.role == "user":
            break
        done += bool(message.calls)
    due = steps[min(done, len(steps) - 1)] if steps else ""
    return due if isinstance(due, Step) else Step(say=due)


def create(options: Options, http: ClientSession) -> LanguageModel:
    return ScriptedLlm(options)
