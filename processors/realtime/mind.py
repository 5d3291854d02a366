"""The call's language model, where one service hears, thinks and speaks."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from processors.ports import Message, ProviderError, Tool, ToolCall
from processors.realtime.session import Session


class Mind:
    """Says `SoundedText`.

    An answer of which nothing had come when the connection broke is asked for on the next one.
    """

    def __init__(self, session: Session) -> None:
        self._session = session

    async def reply(self, chat: Sequence[Message], tools: Sequence[Tool]) -> AsyncGenerator[str | ToolCall, None]:
        while True:
            answer = await self._session.ask(chat, tools)
            said = False
            try:
                async with aclosing(answer.pieces()) as pieces:
                    async for piece in pieces:
                        said = True
                        yield piece
                return
            except ProviderError:
                if said or not answer.is_lost:
                    raise
            finally:
                self._session.give_up(answer)
