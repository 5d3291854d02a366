"""A line for tests and recordings."""

from collections.abc import AsyncIterator

import pytest

from pipeline.frames import AudioDone, AudioIn, AudioOut, Digit, Frame, Hangup, Heard, Interrupt, Played, Transfer
from pipeline.pipeline import Pipeline
from pipeline.processor import Processor
from pipeline.session import CallSession
from transports.loopback import Line, Loopback, quiet, tone


class Answering(Processor):
    """Says one thing when the caller has been heard for 100 ms; notes all it sees."""

    def __init__(self, reply: bytes, then: Frame | None = None) -> None:
        self.seen: list[Frame] = []
        self._reply, self._then = reply, then

    def process(self, frame: Frame) -> None:
        self.seen.append(frame)
        if isinstance(frame, AudioIn) and frame.at == pytest.approx(0.1):
            self.emit(AudioOut(self._reply, 1, "Hello there."))
            self.emit(AudioDone(1))
            if self._then is not None:
                self.emit(self._then)


async def call(line: Loopback, bot: Answering) -> list[Frame]:
    await CallSession(line, Pipeline([bot])).run()
    return bot.seen


async def test_the_caller_is_heard_in_slices_of_20_ms() -> None:
    seen = await call(Loopback([tone(0.5), quiet(0.5)]), Answering(b""))
    slices = [frame for frame in seen if isinstance(frame, AudioIn)]
    assert b"".join(frame.pcm for frame in slices) == tone(0.5) + quiet(0.5)
    assert [frame.at for frame in slices] == [n * 0.02 for n in range(50)]


async def test_what_is_said_is_heard_from_the_moment_it_was_said() -> None:
    seen = await call(Loopback([quiet(1)]), Answering(tone(0.3)))
    heard = [frame for frame in seen if isinstance(frame, Heard)]
    assert heard[0].at == 0.12
    assert b"".join(frame.pcm for frame in heard) == tone(0.3)
    assert [frame for frame in seen if isinstance(frame, Played)] == [
        Played(1, 0.12, 0.3, "Hello there.", complete=True, over=True)
    ]


async def test_the_same_script_gives_the_same_call() -> None:
    calls = [await call(Loopback([quiet(1), tone(1)]), Answering(tone(0.7))) for _ in range(2)]
    assert calls[0] == calls[1]


async def test_a_script_may_listen() -> None:
    async def caller() -> AsyncIterator[Line]:
        while not line.said[1]:
            yield quiet(0.02)
        yield Digit("5", 0)

    line = Loopback(caller())
    seen = await call(line, Answering(tone(0.3)))
    assert [frame for frame in seen if isinstance(frame, Digit)] == [Digit("5", 0.12)]


async def test_a_hang_up_ends_the_call_at_once() -> None:
    seen = await call(Loopback([quiet(100)]), Answering(tone(1), then=Hangup("done")))
    assert len([frame for frame in seen if isinstance(frame, AudioIn)]) == 6


async def test_a_transfer_waits_for_what_is_being_said() -> None:
    line = Loopback([quiet(100)])
    seen = await call(line, Answering(tone(1), then=Transfer("sales")))
    assert line.transfer_to == "sales"
    assert b"".join(frame.pcm for frame in seen if isinstance(frame, Heard)) == tone(1)
    assert len([frame for frame in seen if isinstance(frame, AudioIn)]) == 56


async def test_an_interrupt_stops_the_sound() -> None:
    bot = Answering(tone(1), then=Interrupt(0.12))
    seen = await call(Loopback([quiet(1)]), bot)
    assert not any(isinstance(frame, Heard) for frame in seen)
    assert [frame.complete for frame in seen if isinstance(frame, Played)] == [False]
