"""A line that goes nowhere: a recording or a test's script as the caller, and an ear for what is said to it."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterable, AsyncIterator, Iterable

from pipeline.audio import SAMPLE_BYTES, Slicer, frame_bytes
from pipeline.frames import (
    FRAME_SECONDS,
    AudioDone,
    AudioIn,
    AudioOut,
    Background,
    Digit,
    Frame,
    Hangup,
    Interrupt,
    Pause,
    Resume,
    Transfer,
)
from transports.playout import ALIGNMENT, LEAD, Playout

Line = bytes | Frame
"""What a caller does next: PCM that is heard from them, any length, or a frame that happens as it is."""


class Loopback:
    """A perfect line: what is sent is heard without delay. It is down when the script is over, or at a `Hangup`.

    As fast as it is consumed, it reads no clock: between two slices every task of the call gets one step, so the same
    script gives the same call. In real time, a slice comes every 20 ms. A script that is an async generator may look
    at `sent` and `said` to decide what the caller does next.
    """

    def __init__(
        self, script: Iterable[Line] | AsyncIterable[Line], *, rate: int = 8000, real_time: bool = False
    ) -> None:
        self.rate = rate
        self.sent: list[Frame] = []
        """Every frame that the bot sent, in order."""
        self.said: defaultdict[int, bytes] = defaultdict(bytes)
        """The sound of each reply, as far as it was made."""
        self.transfer_to = ""
        self._script, self._real_time = script, real_time
        self._playout = Playout(rate, chunk=ALIGNMENT, lead=LEAD, echo_wait=0.0)
        self._slices = 0
        self.ending = ""

    async def receive(self) -> AsyncIterator[Frame]:
        slicer = Slicer(self.rate)
        clock = asyncio.get_running_loop().time
        began = clock()
        async for step in _each(self._script):
            if isinstance(step, Frame):
                yield Digit(step.key, self._now) if isinstance(step, Digit) else step
                continue
            for pcm in slicer.push(step):
                for frame in self._playout.news():
                    yield frame
                at = self._now
                self._slices += 1
                yield AudioIn(pcm, at)
                for frame in self._playout.tick(at):
                    yield frame
                self._go_on()
                late = began + self._now - clock() if self._real_time else 0.0
                await asyncio.sleep(max(late, 0.0))
                if self.ending:
                    break
            if self.ending:
                break
        self.ending = self.ending or "callended"
        for frame in self._playout.end(self._now):
            yield frame

    def send(self, frame: Frame) -> None:
        self.sent.append(frame)
        match frame:
            case AudioOut(pcm, reply):
                self.said[reply] += pcm
                self._playout.add(frame)
            case AudioDone():
                self._playout.done(frame)
            case Pause():
                self._playout.pause(self._now)
            case Resume():
                self._playout.resume()
            case Interrupt():
                self._playout.clear(self._now)
            case Transfer(to):
                self.transfer_to = to
            case Background(bed):
                self._playout.lay(bed)
            case Hangup():
                self.ending = "hangup"
        self._go_on()

    async def close(self) -> None:
        self.ending = self.ending or "closed"

    @property
    def _now(self) -> float:
        return self._slices * FRAME_SECONDS

    def _go_on(self) -> None:
        self._playout.due(self._now)  # nobody is there to be sent it: the playout itself is the far end
        if self.transfer_to and self._playout.idle:
            self.ending = "transfer"


def quiet(seconds: float, rate: int = 8000) -> bytes:
    """Whole slices of silence: a caller who waits."""
    return bytes(round(seconds / FRAME_SECONDS) * frame_bytes(rate))


def tone(seconds: float, rate: int = 8000, *, loud: int = 8000) -> bytes:
    """A square wave of 200 Hz: sound for those who only ask whether there is any."""
    half = rate // 400
    wave = loud.to_bytes(SAMPLE_BYTES, "little", signed=True) * half
    wave += (-loud).to_bytes(SAMPLE_BYTES, "little", signed=True) * half
    size = round(seconds / FRAME_SECONDS) * frame_bytes(rate)
    return (wave * (size // len(wave) + 1))[:size]


async def _each(script: Iterable[Line] | AsyncIterable[Line]) -> AsyncIterator[Line]:
    if isinstance(script, AsyncIterable):
        async for step in script:
            yield step
        return
    for step in script:
        yield step
