"""Small stand-ins that many tests share."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Sequence
from contextlib import asynccontextmanager

from pipeline.audio import frame_bytes
from pipeline.frames import FRAME_SECONDS, AudioIn, Frame
from pipeline.processor import Processor
from processors.ports import Message, Sound, Tool, ToolCall

RATE = 8000


class _OverError(Exception):
    pass


@asynccontextmanager
async def started(processor: Processor) -> AsyncIterator[list[Frame]]:
    """One stage as the pipeline would start it; yields what it emits. Its tasks end with the block."""
    heard: list[Frame] = []
    try:
        async with asyncio.TaskGroup() as tasks:
            processor.emit = heard.append
            processor.tasks = tasks
            processor.start()
            yield heard
            raise _OverError
    except* _OverError:
        pass


async def settle() -> None:
    """Lets every task run until all of them wait for something else."""
    for _ in range(20):
        await asyncio.sleep(0)


class Clock:
    """The caller's sound as a clock: `run(seconds)` pushes that much silence into a stage."""

    def __init__(self, processor: Processor) -> None:
        self._processor = processor
        self.frames = 0

    @property
    def now(self) -> float:
        return self.frames * FRAME_SECONDS

    def run(self, seconds: float) -> None:
        for _ in range(round(seconds / FRAME_SECONDS)):
            self._processor.process(AudioIn(bytes(frame_bytes(RATE)), self.now))
            self.frames += 1


class FakeModel:
    """Says the given pieces; an exception among them is raised, an event is waited for."""

    def __init__(self, *pieces: str | ToolCall | Exception | asyncio.Event) -> None:
        self.pieces = pieces
        self.chats: list[Sequence[Message]] = []
        self.closed = 0

    async def reply(self, chat: Sequence[Message], tools: Sequence[Tool]) -> AsyncGenerator[str | ToolCall, None]:
        self.chats.append(chat)
        try:
            for piece in self.pieces:
                if isinstance(piece, Exception):
                    raise piece
                if isinstance(piece, asyncio.Event):
                    await piece.wait()
                else:
                    yield piece
        finally:
            self.closed += 1


class FakeVoice:
    """10 ms of a constant for every character, phrase by phrase as it is given them."""

    rate = RATE

    def __init__(self, error: Exception | None = None, hang: bool = False) -> None:
        self._error, self._hang = error, hang

    async def speak(self, text: AsyncIterable[str]) -> AsyncGenerator[Sound, None]:
        async for piece in text:
            if self._error is not None:
                raise self._error
            if self._hang:
                await asyncio.Event().wait()
            yield Sound(b"\x01\x00" * (RATE // 100 * len(piece)), piece)


def of(kind: type[Frame], frames: Sequence[Frame]) -> list[Frame]:
    return [frame for frame in frames if isinstance(frame, kind)]
