"""Providers that fail when they are told to, as those of the wire do: at once, by silence, or in mid-sentence."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, NoReturn

from pipeline.frames import Transcript
from processors.ports import (
    LanguageModel,
    ListenFrame,
    Message,
    ProviderError,
    Sound,
    SpeechToText,
    TextToSpeech,
    Tool,
    ToolCall,
)
from server.rehearsal.scenario import Fault

BEFORE_THE_CUT = 3
"""Pieces that come before it breaks in mid-sentence."""
_ERRORS = {"401": 401, "429": 429, "500": 500}


@dataclass(slots=True)
class Troubles:
    """What is to break next, by stage; whoever works first takes it."""

    _waiting: dict[str, Fault] = field(default_factory=dict)
    met: list[Fault] = field(default_factory=list)
    """Those that have befallen somebody."""

    def add(self, fault: Fault) -> None:
        self._waiting[fault.stage] = fault

    def over(self) -> None:
        """Everything works again."""
        self._waiting.clear()

    def take(self, stage: str) -> Fault | None:
        fault = self._waiting.get(stage)
        if fault is not None and not fault.all:
            del self._waiting[stage]
        return fault

    async def befall(self, fault: Fault) -> NoReturn:
        if fault not in self.met:
            self.met.append(fault)
        if fault.kind == "hang":
            await asyncio.Event().wait()
        status = _ERRORS.get(fault.kind, 0)
        what = f"answered {status}" if status else "the connection was reset"
        raise ProviderError("rehearsed", what, status=status, retriable=fault.kind != "401")


class FaultyMind:
    def __init__(self, inner: LanguageModel, troubles: Troubles) -> None:
        self._inner, self._troubles = inner, troubles

    async def reply(self, chat: Sequence[Message], tools: Sequence[Tool]) -> AsyncGenerator[str | ToolCall, None]:
        fault = self._troubles.take("llm")
        if fault is not None and fault.kind != "cut":
            await self._troubles.befall(fault)
        async with aclosing(self._inner.reply(chat, tools)) as pieces:
            async for piece in pieces:
                if fault is not None and isinstance(piece, str):
                    yield piece[: len(piece) // 2]
                    await self._troubles.befall(fault)
                yield piece


class FaultyVoice:
    def __init__(self, inner: TextToSpeech, troubles: Troubles) -> None:
        self._inner, self._troubles = inner, troubles
        self.rate = inner.rate

    async def speak(self, text: AsyncIterable[str]) -> AsyncGenerator[Sound, None]:
        fault = self._troubles.take("tts")
        if fault is not None and fault.kind != "cut":
            await self._troubles.befall(fault)
        count = 0
        async with aclosing(self._inner.speak(text)) as sounds:
            async for sound in sounds:
                yield sound
                count += 1
                if fault is not None and count >= BEFORE_THE_CUT:
                    await self._troubles.befall(fault)


class FaultyEar:
    """A recogniser works all through the call: its trouble befalls it with the next thing that it understands."""

    def __init__(self, inner: SpeechToText, troubles: Troubles) -> None:
        self._inner, self._troubles = inner, troubles
        self.rate = inner.rate

    async def transcribe(self, heard: AsyncIterable[ListenFrame]) -> AsyncGenerator[Transcript, None]:
        async with aclosing(self._inner.transcribe(heard)) as transcripts:
            async for transcript in transcripts:
                fault = self._troubles.take("stt")
                if fault is not None:
                    await self._troubles.befall(fault)
                yield transcript


FAULTY: dict[str, Any] = {"stt": FaultyEar, "llm": FaultyMind, "tts": FaultyVoice}
