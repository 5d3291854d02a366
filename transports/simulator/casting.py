"""Who plays the caller: a person from a script with a voice, or from a recording."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, Field, TypeAdapter, model_validator

from pipeline.audio import silence
from transports.simulator.people import PATIENCE, HangUp, Interrupt, Person, Press, Say, Silence, Step, WaitForBot

Voice = Callable[[str], Awaitable[bytes]]
"""Text → PCM16 at the line's rate."""

THINKING = (0.1, 0.5)
"""Seconds, least and most, that people think before they answer."""


class _Speech(BaseModel, extra="forbid"):
    """Words for the voice, or a recording of them."""

    text: str = ""
    wav: Path | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> _Speech:
        if bool(self.text) == (self.wav is not None):
            raise ValueError("give either text or wav")
        return self


class SayLine(_Speech):
    do: Literal["say"] = "say"


class InterruptLine(_Speech):
    do: Literal["interrupt"]
    after: float = Field(default=1.0, ge=0)


class WaitLine(BaseModel, extra="forbid"):
    do: Literal["wait"]


class PressLine(BaseModel, extra="forbid"):
    do: Literal["press"]
    digits: str = Field(pattern=r"^[0-9*#A-D]+$")


class SilenceLine(BaseModel, extra="forbid"):
    do: Literal["silence"]
    seconds: float = Field(ge=0)


class HangUpLine(BaseModel, extra="forbid"):
    do: Literal["hang_up"]
    text: str = ""
    """Words in the middle of which they hang up."""
    after: float = Field(default=0.3, ge=0)


Line = Annotated[SayLine | InterruptLine | WaitLine | PressLine | SilenceLine | HangUpLine, Field(discriminator="do")]
Script = TypeAdapter(list[str | Line])
"""A plain text is a line that is said when the bot has finished, after a moment of thought."""


async def from_script(
    script: Sequence[object], voice: Voice, *, rate: int = 8000, seed: int = 0, patience: float = PATIENCE
) -> Person:
    """The seed draws how long they think before each line. Raises pydantic.ValidationError on a script that is none."""
    dice = random.Random(seed)  # noqa: S311 - pretend people, no secret
    steps: list[Step] = []
    for line in Script.validate_python(script):
        match line:
            case str(text):
                steps += [WaitForBot(), Silence(round(dice.uniform(*THINKING), 2)), Say(await voice(text))]
            case SayLine():
                steps.append(Say(await _speech(line, voice, rate)))
            case InterruptLine(after=after):
                steps.append(Interrupt(await _speech(line, voice, rate), after))
            case WaitLine():
                steps.append(WaitForBot())
            case PressLine(digits=digits):
                steps.append(Press(digits))
            case SilenceLine(seconds=seconds):
                steps.append(Silence(seconds))
            case HangUpLine(text=text, after=after):
                steps.append(HangUp(await voice(text) if text else b"", after))
    if not isinstance(steps[-1] if steps else None, HangUp):
        steps.append(WaitForBot())  # people hear the last answer before they hang up
    return Person(steps, rate=rate, patience=patience)


async def from_recording(path: Path, *, rate: int = 8000, patience: float = PATIENCE) -> Person:
    """The whole file is said as it is, pauses included, after the greeting. Any format and rate that FFmpeg reads.

    Raises OSError or av.FFmpegError (a ValueError or OSError) on a file that is none.
    """
    return Person([WaitForBot(), Say(await _read(path, rate)), WaitForBot()], rate=rate, patience=patience)


async def _speech(line: _Speech, voice: Voice, rate: int) -> bytes:
    return await voice(line.text) if line.wav is None else await _read(line.wav, rate)


async def _read(path: Path, rate: int) -> bytes:
    return await asyncio.to_thread(read_recording, path, rate)


def read_recording(path: Path, rate: int) -> bytes:
    """A file's first sound track as PCM16 mono at `rate`. Blocks."""
    import av  # 30 MB that only recordings need

    pcm = bytearray()
    with av.open(str(path)) as container:
        resampler = av.AudioResampler(format="s16", layout="mono", rate=rate)
        for frame in container.decode(audio=0):
            for piece in resampler.resample(frame):
                pcm += piece.to_ndarray().tobytes()
        for piece in resampler.resample(None):
            pcm += piece.to_ndarray().tobytes()
    return bytes(pcm) or silence(0.02, rate)
