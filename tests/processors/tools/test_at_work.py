"""Nobody waits in silence while a tool is at work, however long it takes."""

from __future__ import annotations

from pipeline.frames import Frame, Hangup, Heard, ReplyDone, ReplyText, ToolBegun, ToolUsed, UserTurn
from pipeline.news import DeadAir
from processors.lines import Lines
from processors.watchdog import AT_WORK, DEAD_AIR, Watchdog
from tests.fakes import Clock, of, started

LINES = Lines()


def said(heard: list[Frame]) -> list[str]:
    return [frame.text for frame in heard if isinstance(frame, ReplyText)]


def spoken(watchdog: Watchdog, clock: Clock, reply: int, seconds: float) -> None:
    for _ in range(round(seconds / 0.02)):
        clock.run(0.02)
        watchdog.process(Heard(b"", clock.now, reply))


async def test_fillers_take_turns_as_long_as_it_takes() -> None:
    async with started(watchdog := Watchdog(LINES)) as heard:
        clock = Clock(watchdog)
        watchdog.process(UserTurn("Book it.", 0.0))
        watchdog.process(ToolBegun("book"))
        clock.run(AT_WORK + 0.1)
        assert said(heard) == [LINES.fillers[0]]
        for turn in range(20):  # longest silence: the filler itself is heard, and then nothing
            spoken(watchdog, clock, -1 - turn, 1.0)
            clock.run(DEAD_AIR - 0.1)
        assert len(said(heard)) == 21
        assert set(said(heard)) == set(LINES.fillers)
        assert of(Hangup, heard) == of(DeadAir, heard) == []


async def test_what_the_model_said_first_does_not_end_the_watch() -> None:
    async with started(watchdog := Watchdog(LINES)) as heard:
        clock = Clock(watchdog)
        watchdog.process(UserTurn("Book it.", 0.0))
        watchdog.process(ToolBegun("book"))
        spoken(watchdog, clock, 1, 1.0)
        clock.run(AT_WORK + 0.1)
        assert of(ReplyText, heard) == [ReplyText(f" {LINES.fillers[0]} ", 1)]  # behind an open reply nothing is heard


async def test_after_the_tool_the_model_has_its_time_again_and_then_the_call_ends() -> None:
    async with started(watchdog := Watchdog(LINES)) as heard:
        clock = Clock(watchdog)
        watchdog.process(UserTurn("Book it.", 0.0))
        watchdog.process(ToolBegun("book"))
        clock.run(4.0)
        watchdog.process(ToolUsed("book", True, 4.0, "17"))
        before = len(said(heard))
        clock.run(DEAD_AIR - 0.1)
        assert len(said(heard)) == before
        clock.run(DEAD_AIR * 3)
        assert said(heard)[before:] == [*LINES.fillers, LINES.unable]


async def test_whoever_said_all_before_the_tool_need_not_speak_after_it() -> None:
    async with started(watchdog := Watchdog(LINES)) as heard:
        clock = Clock(watchdog)
        watchdog.process(UserTurn("Note it.", 0.0))
        watchdog.process(ReplyText("I have noted it.", 1))
        watchdog.process(ToolBegun("note"))
        spoken(watchdog, clock, 1, 0.5)
        watchdog.process(ToolUsed("note", True, 0.5, "kept"))
        watchdog.process(ReplyDone(1))
        clock.run(10.0)
        assert said(heard) == ["I have noted it."]
