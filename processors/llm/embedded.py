"""A conversation without a key: answers from a script, found by meaning. Honestly no language model.

The chat is the only state: an answer is found by walking the caller's turns through the script again, 0.3 ms each.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from aiohttp import ClientSession
from pydantic import BaseModel, field_validator

from processors.ports import LanguageModel, Message, Tool, ToolCall
from processors.script.engine import Answer, Engine, State
from processors.script.script import Script, names, shipped
from processors.sentences import Splitter

TAKE_A_MESSAGE = "take_a_message"
"""What an agent without a script of its own goes by: it states nothing that nobody wrote."""


class Options(BaseModel, extra="forbid"):
    script: str | Script = TAKE_A_MESSAGE
    """The name of a script that is shipped, or a script of one's own."""

    @field_validator("script")
    @classmethod
    def _exists(cls, script: str | Script) -> str | Script:
        if isinstance(script, str):
            shipped(script)
        return script


class ScriptEngine:
    def __init__(self, options: Options) -> None:
        script = options.script
        self._script = script if isinstance(script, str) else script.model_dump_json()
        self._engine: Engine | None = None
        self._walked = _Walked()

    async def reply(self, chat: Sequence[Message], tools: Sequence[Tool]) -> AsyncGenerator[str | ToolCall, None]:
        """Clause by clause; what it wants done comes last."""
        if self._engine is None:
            self._engine = await asyncio.to_thread(_engine, self._script)
        offered = frozenset(tool.name for tool in tools)
        answer = self._answer(self._engine, chat, offered)
        clauses = Splitter()
        for clause in clauses.push(answer.text):
            yield clause
        if rest := clauses.flush():
            yield rest
        if answer.tool in offered:
            yield ToolCall(f"script-{len(chat)}", answer.tool, dict(answer.arguments))

    def _answer(self, engine: Engine, chat: Sequence[Message], tools: frozenset[str]) -> Answer:
        spoken = [message for message in chat if message.role != "system"]
        if not spoken:
            return Answer(engine.line(State(), [engine.script.greeting], "")[1])
        if spoken[-1].role == "tool" or spoken[-1].calls:
            return Answer("")  # whatever was to be said went before the call
        if spoken[-1].role == "assistant":
            count = sum(message.role == "assistant" for message in spoken)
            return Answer(engine.line(State(times={"": count}), engine.script.still_there, "")[1])
        return self._walk(engine, _turns(spoken), tools)

    def _walk(self, engine: Engine, turns: Sequence[str], tools: frozenset[str]) -> Answer:
        """Goes on from the turn before the last, if it was there already."""
        walked, before, last = self._walked, tuple(turns[:-1]), turns[-1]
        if walked.tools != tools or walked.turns != before[: len(walked.turns)]:
            walked = _Walked(tools=tools)
        state = walked.state
        for turn in before[len(walked.turns) :]:
            state, _ = engine.step(state, turn, tools)
        self._walked = _Walked(before, tools, state)
        return engine.step(state, last, tools)[1]


@dataclass(frozen=True, slots=True)
class _Walked:
    """How far a conversation was walked before: nothing that the chat does not tell as well."""

    turns: tuple[str, ...] = ()
    tools: frozenset[str] = frozenset()
    state: State = field(default_factory=State)


def create(options: Options, http: ClientSession) -> LanguageModel:
    return ScriptEngine(options)


def warm() -> None:
    """Loads the word vectors and the scripts. Blocks for 0.1 s: for a thread, before the first call."""
    for name in names():
        _engine(name)


def _turns(chat: Sequence[Message]) -> list[str]:
    """What the caller said, in whole turns: one that was never answered is joined with the next."""
    turns: list[str] = []
    answered = True
    for message in chat:
        if message.role == "user":
            turns.append(message.text if answered else f"{turns.pop()} {message.text}")
        answered = message.role != "user"
    return turns


@lru_cache(64)
def _engine(script: str) -> Engine:
    """By name, or by the script's own JSON. Runs in a thread."""
    return Engine(Script.model_validate_json(script) if script.startswith("{") else shipped(script))
