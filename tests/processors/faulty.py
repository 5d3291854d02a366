"""Scripted providers whose faults are events: what a step says happens when the reader gets there, never by a clock."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterable, Callable, Sequence
from contextlib import aclosing
from typing import Any

from pipeline.frames import AudioIn, SpeechStopped, Transcript
from processors.breaker import Account, Breakers
from processors.fallback import Chain, Member, Move
from processors.ports import ListenFrame, Message, ProviderError, Sound, Tool, ToolCall
from processors.sentences import phrases
from tests.fakes import RATE

HANG = "hang"
FAULTS: dict[str, ProviderError | str] = {
    "401": ProviderError("first", "answered 401", status=401, retriable=False),
    "403": ProviderError("first", "answered 403", status=403, retriable=False),
    "429": ProviderError("first", "answered 429", status=429),
    "500": ProviderError("first", "answered 500", status=500),
    "reset": ProviderError("first", "ClientConnectionResetError"),
    "hang": HANG,
}
Fault = ProviderError | str | None


async def befall(fault: Fault) -> None:
    if isinstance(fault, ProviderError):
        raise fault
    if fault == HANG:
        await asyncio.Event().wait()


class Model:
    """Says its pieces, then the fault befalls it."""

    def __init__(self, *pieces: str | ToolCall, fault: Fault = None) -> None:
        self.pieces, self.fault = pieces, fault
        self.chats: list[Sequence[Message]] = []
        self.open = 0

    async def reply(self, chat: Sequence[Message], tools: Sequence[Tool]) -> AsyncGenerator[str | ToolCall, None]:
        self.chats.append(chat)
        self.open += 1
        try:
            for piece in self.pieces:
                yield piece
            await befall(self.fault)
        finally:
            self.open -= 1


class Voice:
    """70 ms for each character, in pieces of one word. After so many words the fault befalls it."""

    rate = RATE

    def __init__(self, name: int, *, words: int = 10_000, fault: Fault = None) -> None:
        self.name, self.words, self.fault = name, words, fault
        self.begun = self.befell = 0.0
        self.asked: list[str] = []
        self.spoken: list[str] = []
        self.open = 0

    async def speak(self, text: AsyncIterable[str]) -> AsyncGenerator[Sound, None]:
        self.open += 1
        self.begun = time.monotonic()
        try:
            left = self.words
            async with aclosing(phrases(self._noted(text))) as given:
                async for phrase in given:
                    for place, word in enumerate(phrase.split()):
                        if left == 0:
                            self.befell = self.befell or time.monotonic()
                            await befall(self.fault)
                        left -= 1
                        self.spoken.append(word)
                        pcm = self.name.to_bytes(2, "little") * (7 * RATE // 100 * (len(word) + 1))
                        yield Sound(pcm, "" if place else phrase)
            if left == 0:
                await befall(self.fault)
        finally:
            self.open -= 1

    async def _noted(self, text: AsyncIterable[str]) -> AsyncGenerator[str, None]:
        async for piece in text:
            self.asked.append(piece)
            yield piece


class Ears:
    """Answers every end of speech by its number. The fault befalls it in place of an answer, or after some sound."""

    rate = RATE

    def __init__(self, *, answers: int = 10_000, seconds: float = 10_000.0, fault: Fault = None) -> None:
        self.answers, self.seconds, self.fault = answers, seconds, fault
        self.begun = self.befell = 0.0
        self.stretches: list[float] = []
        self.open = 0

    async def transcribe(self, heard: AsyncIterable[ListenFrame]) -> AsyncGenerator[Transcript, None]:
        self.open += 1
        self.begun = time.monotonic()
        seconds = 0.0
        try:
            async for frame in heard:
                if isinstance(frame, AudioIn):
                    seconds += len(frame.pcm) / 2 / RATE
                    if seconds >= self.seconds:
                        self.befell = self.befell or time.monotonic()
                        await befall(self.fault)
                elif isinstance(frame, SpeechStopped):
                    if len(self.stretches) == self.answers:
                        self.befell = self.befell or time.monotonic()
                        await befall(self.fault)
                    self.stretches.append(round(seconds, 2))
                    yield Transcript(f"{len(self.stretches)}", final=True)
                    seconds = 0.0
        finally:
            self.open -= 1


class Told:
    """Whatever moves there were, in order."""

    def __init__(self) -> None:
        self.moves: list[Move] = []

    @property
    def names(self) -> list[tuple[str, str]]:
        return [(move.provider, move.to) for move in self.moves]


def chain(
    *ports: Any, told: Callable[[Move], None] = lambda move: None, breakers: Breakers | None = None
) -> Chain[Any]:
    """Of ports named `first`, `second` and so on."""
    kept = breakers or Breakers()
    names = ("first", "second", "third", "fourth")
    made = [Member(name, port, kept.of(Account("llm", name))) for name, port in zip(names, ports, strict=False)]
    return Chain("llm", made, told)
