from __future__ import annotations

import pytest

from pipeline.frames import AudioIn, Frame, Hangup, Interrupt, Played
from pipeline.news import Said
from processors.scribe import Scribe
from tests.fakes import of, started

CALLER, OURS = Interrupt(1.0), Interrupt(1.0, ours=True)
SOUND = AudioIn(b"", 1.0)


@pytest.mark.parametrize(
    ("before", "interrupted"),
    [
        ([CALLER], True),
        ([OURS], False),
        ([Hangup("workflow_close")], False),
        ([Hangup("workflow_close"), SOUND], False),
        ([CALLER, OURS], True),
        ([OURS, CALLER], False),
        ([OURS, SOUND, CALLER], True),
        ([SOUND], True),
    ],
    ids=["caller", "ours", "end", "later", "caller first", "ours first", "another", "caller left"],
)
async def test_an_agent_is_interrupted_by_the_caller_alone(before: list[Frame], interrupted: bool) -> None:
    stage = Scribe()
    async with started(stage) as heard:
        for frame in (*before, Played(1, 0.5, 0.5, "Good", complete=False, over=True)):
            stage.process(frame)
    assert of(Said, heard) == [Said("agent", "Good", 0.5, 0.5, interrupted, 1)]


async def test_what_was_heard_whole_was_not_interrupted() -> None:
    stage = Scribe()
    async with started(stage) as heard:
        for frame in (CALLER, Played(1, 0.5, 0.5, "Good morning.", complete=True, over=True)):
            stage.process(frame)
    assert of(Said, heard) == [Said("agent", "Good morning.", 0.5, 0.5, reply=1)]
