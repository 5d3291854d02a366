"""Hears what a script says: for tests, and for load that is not to measure a recogniser."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable
from itertools import chain, cycle, repeat

from aiohttp import ClientSession
from pydantic import BaseModel, Field

from pipeline.frames import SpeechStopped, Transcript
from processors.ports import ListenFrame, SpeechToText


class Options(BaseModel, extra="forbid"):
    lines: list[str] = Field(min_length=1, description="What each stretch of speech is taken for, in order")
    cycle: bool = Field(True, description="After the last line begin again; else no words are heard any more")


def create(options: Options, http: ClientSession | None) -> SpeechToText:
    return ScriptedStt(options)


class ScriptedStt:
    rate = 8000

    def __init__(self, options: Options) -> None:
        self._options = options

    async def transcribe(self, heard: AsyncIterable[ListenFrame]) -> AsyncGenerator[Transcript, None]:
        """Each call hears the script from its beginning."""
        script = self._options.lines
        lines = cycle(script) if self._options.cycle else chain(script, repeat(""))
        async for frame in heard:
            if isinstance(frame, SpeechStopped):
                yield Transcript(next(lines), final=True)
