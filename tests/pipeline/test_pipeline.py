from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest

from pipeline.frames import AudioIn, Digit, Frame, Hangup
from pipeline.pipeline import Pipeline
from pipeline.processor import Processor
from pipeline.session import CallSession


class Line:
    """Yields the given frames, then is down; or stays up for ever."""

    rate = 8000

    def __init__(self, frames: Sequence[Frame] = (), stays_up: bool = False) -> None:
        self._frames, self._stays_up = frames, stays_up
        self.sent: list[Frame] = []
        self.ending = ""

    async def receive(self) -> AsyncIterator[Frame]:
        for frame in self._frames:
            await asyncio.sleep(0)
            yield frame
        if self._stays_up:
            await asyncio.Event().wait()

    def send(self, frame: Frame) -> None:
        self.sent.append(frame)

    async def close(self) -> None:
        self.ending = "closed"


class Tag(Processor):
    def __init__(self, tag: str) -> None:
        self._tag = tag

    def process(self, frame: Frame) -> None:
        self.emit(Digit(frame.key + self._tag, frame.at) if isinstance(frame, Digit) else frame)


class Crash(Processor):
    def process(self, frame: Frame) -> None:
        raise ZeroDivisionError


class CrashingTask(Processor):
    def start(self) -> None:
        self.tasks.create_task(self._crash())

    async def _crash(self) -> None:
        raise ZeroDivisionError


class Sleeper(Processor):
    ended = False

    def start(self) -> None:
        self.tasks.create_task(self._sleep())

    async def _sleep(self) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            self.ended = True


async def test_frames_walk_through_the_stages_in_order_within_one_call() -> None:
    sent: list[Frame] = []
    pipeline = Pipeline([Tag("a"), Tag("b")])
    async with asyncio.TaskGroup() as tasks:
        pipeline.start(sent.append, tasks)
        pipeline.push(Digit("1", 0.0))
        assert sent == [Digit("1ab", 0.0)]


def test_a_pipeline_that_was_not_started_says_so() -> None:
    with pytest.raises(RuntimeError, match="Digit pushed"):
        Pipeline([]).push(Digit("1", 0.0))


async def test_a_session_ends_with_its_line_and_ends_its_tasks() -> None:
    line, sleeper = Line([AudioIn(b"", 0.0)]), Sleeper()
    await CallSession(line, Pipeline([sleeper])).run()
    assert sleeper.ended
    assert len(line.sent) == 1


@pytest.mark.parametrize("stage", [Crash(), CrashingTask()])
async def test_a_crash_ends_the_call_and_tells_why(stage: Processor) -> None:
    line = Line([AudioIn(b"", 0.0)], stays_up=True)
    with pytest.raises(ExceptionGroup) as caught:
        await CallSession(line, Pipeline([stage])).run()
    assert caught.group_contains(ZeroDivisionError)


async def test_a_command_enters_at_the_head() -> None:
    line = Line(stays_up=True)
    session = CallSession(line, Pipeline([Tag("x")]))
    task = asyncio.create_task(session.run())
    await asyncio.sleep(0)
    session.command(Hangup("test"))
    session.command(Digit("1", 0.0))
    assert line.sent == [Hangup("test"), Digit("1x", 0.0)]
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_command_to_a_call_that_is_ending_is_ignored() -> None:
    line = Line([AudioIn(b"", 0.0)])
    session = CallSession(line, Pipeline([]))
    await session.run()
    session.command(Hangup("late"))
    assert Hangup("late") not in line.sent


async def test_tasks_end_in_order_even_if_the_whole_call_had_come_before_they_began() -> None:
    sleeper, line = Sleeper(), Line()
    await CallSession(line, Pipeline([sleeper])).run()
    assert sleeper.ended
