"""The work that a model has asked for in a call. What was begun is finished, whoever speaks meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from pipeline.frames import Frame, ToolBegun, ToolUsed
from processors.chat import Chat
from processors.ports import Message, ToolCall
from processors.tools.toolbox import Done, Speak, Toolbox

LONGEST_ANSWER = 16_000
"""Characters of a tool's answer that a model is given."""


class ToolWork:
    def __init__(self, toolbox: Toolbox, chat: Chat, emit: Callable[[Frame], None], tasks: asyncio.TaskGroup) -> None:
        self._toolbox, self._chat, self._emit, self._tasks = toolbox, chat, emit, tasks
        self._under_way: set[asyncio.Task[list[Done]]] = set()

    @property
    def busy(self) -> bool:
        return bool(self._under_way)

    async def finished(self) -> None:
        """Whoever asks a model again must know what has become of everything."""
        while self._under_way:
            await asyncio.wait(self._under_way)

    async def use(self, reply: int, calls: Sequence[ToolCall], speak: Speak) -> list[Done]:
        """All at once. If whoever waits for it is cancelled it goes on, and what came of it stands in the chat."""
        task = self._tasks.create_task(self._use(reply, calls, speak))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        return await asyncio.shield(task)

    async def _use(self, reply: int, calls: Sequence[ToolCall], speak: Speak) -> list[Done]:
        done = await asyncio.gather(*(self._one(call, speak) for call in calls))
        self._chat.done(reply, (Message("assistant", "", tuple(calls)), *answers(calls, done)))
        return done

    async def _one(self, call: ToolCall, speak: Speak) -> Done:
        began = asyncio.get_running_loop().time()
        self._emit(ToolBegun(call.name))
        done = await self._toolbox.use(call, speak, self._chat.messages())
        seconds = asyncio.get_running_loop().time() - began
        self._emit(ToolUsed(call.name, done.ok, round(seconds, 3), done.answer))
        return done


def answers(calls: Sequence[ToolCall], done: Sequence[Done]) -> list[Message]:
    pairs = zip(calls, done, strict=True)
    return [Message("tool", one.answer[:LONGEST_ANSWER], answers=call.id) for call, one in pairs]
