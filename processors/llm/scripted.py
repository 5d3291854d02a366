"""A model that says what it was told to say, at once. For tests and load."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence

from aiohttp import ClientSession
from pydantic import BaseModel, Field

from processors.ports import LanguageModel, Message, Tool, ToolCall


class Options(BaseModel, extra="forbid"):
    replies: list[str] = Field(default=["I see. Please go on."], min_length=1)
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
        yield replies[turn % len(replies) if self._options.cycle else min(turn, len(replies) - 1)]
        if self._options.end_call and turn >= len(replies) - 1 and any(tool.name == "end_call" for tool in tools):
            yield ToolCall(f"scripted-{turn}", "end_call", {"reason": "goodbye"})
        target = self._options.transfer_to
        if target and turn >= len(replies) - 1 and any(tool.name == "transfer_call" for tool in tools):
            yield ToolCall(f"scripted-{turn}", "transfer_call", {"target": target, "brief": replies[-1]})


def create(options: Options, http: ClientSession) -> LanguageModel:
    return ScriptedLlm(options)
