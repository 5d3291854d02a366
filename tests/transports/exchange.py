"""The server's side of a line's test, and what a carrier says."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import ClientWebSocketResponse

from pipeline.frames import AudioDone, AudioIn, AudioOut, Frame, Heard
from pipeline.pipeline import Pipeline
from pipeline.processor import Processor
from pipeline.session import CallSession
from pipeline.transport import Incoming, Transport


class Bot(Processor):
    """Notes all it sees. `on` may answer each frame with frames for the line."""

    def __init__(self, on: Callable[[Frame], list[Frame]] = lambda frame: []) -> None:
        self.seen: list[Frame] = []
        self._on = on

    def process(self, frame: Frame) -> None:
        self.seen.append(frame)
        for answer in self._on(frame):
            self.emit(answer)

    @property
    def caller(self) -> bytes:
        return b"".join(frame.pcm for frame in self.seen if isinstance(frame, AudioIn))

    @property
    def heard(self) -> bytes:
        return b"".join(frame.pcm for frame in self.seen if isinstance(frame, Heard))


def echo(frame: Frame) -> list[Frame]:
    """Each sound of the caller is a piece of the one reply."""
    return [AudioOut(frame.pcm, 1)] if isinstance(frame, AudioIn) and any(frame.pcm) else []


def say_once(pcm: bytes) -> Callable[[Frame], list[Frame]]:
    """One reply, when the caller's first sound comes."""

    def on(frame: Frame) -> list[Frame]:
        first = isinstance(frame, AudioIn) and frame.at == 0
        return [AudioOut(pcm, 1, "Good morning."), AudioDone(1)] if first else []

    return on


@dataclass
class Exchange:
    """Who called, what their bots saw, what was wrong."""

    url: str = ""
    on: Callable[[Frame], list[Frame]] = echo
    calls: list[tuple[Incoming, Bot, Transport]] = field(default_factory=list)
    ended: list[Incoming] = field(default_factory=list)
    over: asyncio.Event = field(default_factory=asyncio.Event)
    troubles: Counter[str] = field(default_factory=Counter)

    async def answer(self, line: Transport, incoming: Incoming) -> None:
        bot = Bot(self.on)
        self.calls.append((incoming, bot, line))
        try:
            await CallSession(line, Pipeline([bot])).run()
        finally:
            self.ended.append(incoming)
            self.over.set()

    @property
    def bot(self) -> Bot:
        return self.calls[-1][1]

    @property
    def line(self) -> Any:
        return self.calls[-1][2]

    def trouble(self, kind: str) -> None:
        self.troubles[kind] += 1


Serve = Callable[..., Awaitable[Exchange]]


def start_message(**fields: Any) -> dict[str, Any]:
    return {"event": "start", "start": {"stream_sid": "MZ1", "call_sid": "call1", **fields}}


async def until_closed(ws: ClientWebSocketResponse) -> list[Any]:
    """What is still said, parsed."""
    messages: list[Any] = [message.json() async for message in ws]
    return messages
