"""A language model that is asked before the turn is certain. Nobody hears of it until the turn is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing

from pipeline.mailbox import Mailbox
from processors.ports import LanguageModel, Message, ProviderError, Tool, ToolCall

PIECES = 10_000
"""Kept until the turn is certain; a reply has a few hundred."""


class Ahead:
    """What was asked ahead answers the very same question. Any other drops it, and is asked anew."""

    def __init__(self, llm: LanguageModel, tasks: asyncio.TaskGroup, told: Callable[[bool], None]) -> None:
        """`told` hears of each question that was asked ahead whether its answer was wanted."""
        self._llm, self._tasks, self._told = llm, tasks, told
        self._begun: _Begun | None = None

    def begin(self, chat: Sequence[Message], tools: Sequence[Tool]) -> None:
        """Asks, and keeps what comes. What the model wants done is kept too, and done by nobody."""
        if self._begun is None or not self._begun.answers(chat, tools):
            self.drop()
            self._begun = _Begun(self._llm, self._tasks, chat, tools)

    def drop(self) -> None:
        """What was begun is not wanted: its request ends, and makes no further words."""
        begun, self._begun = self._begun, None
        if begun is not None:
            self._told(False)
            begun.leave()

    async def reply(self, chat: Sequence[Message], tools: Sequence[Tool]) -> AsyncGenerator[str | ToolCall, None]:
        """As a model's. Raises ProviderError."""
        if self._begun is None or not self._begun.answers(chat, tools):
            self.drop()
            source = self._llm.reply(chat, tools)
        else:
            begun, self._begun = self._begun, None
            self._told(True)
            source = begun.rest()
        async with aclosing(source) as pieces:
            async for piece in pieces:
                yield piece


class _Begun:
    """A question that is being answered, whether anybody reads it or not."""

    def __init__(
        self, llm: LanguageModel, tasks: asyncio.TaskGroup, chat: Sequence[Message], tools: Sequence[Tool]
    ) -> None:
        self._chat, self._tools = chat, tools
        self._pieces: Mailbox[str | ToolCall] = Mailbox(PIECES)
        self._error: ProviderError | None = None
        self._task = tasks.create_task(self._ask(llm))

    def answers(self, chat: Sequence[Message], tools: Sequence[Tool]) -> bool:
        """One that has failed, and may succeed when it is asked anew, answers nothing."""
        has_failed = self._error is not None and self._error.retriable
        return not has_failed and (self._chat, self._tools) == (chat, tools)

    def leave(self) -> None:
        self._task.cancel()

    async def rest(self) -> AsyncGenerator[str | ToolCall, None]:
        """From its first piece on. Raises ProviderError."""
        try:
            async for piece in self._pieces:
                yield piece
        finally:
            self.leave()
        if self._error is not None:
            raise self._error

    async def _ask(self, llm: LanguageModel) -> None:
        try:
            async with aclosing(llm.reply(self._chat, self._tools)) as pieces:
                async for piece in pieces:
                    self._pieces.put(piece)
        except ProviderError as error:
            self._error = error
        finally:
            self._pieces.close()
