from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from pipeline.frames import (
    Frame,
    Hangup,
    Heard,
    Interrupt,
    Note,
    Played,
    ReplyText,
    Say,
    SpeechStarted,
    SpeechStopped,
    UserTurn,
)
from processors.hook_options import Hook
from processors.hooks import Hooks, at_the_end
from processors.ports import Tool
from processors.tones import FIRST_REPLY
from processors.tools.toolbox import Done, Speak, Toolbox
from tests.fakes import Clock, of, settle, started

SAY = {"kind": "say", "texts": ["Hello?"]}


class Deed:
    tool = Tool("tell", "")

    def __init__(self, done: Done) -> None:
        self.done, self.told = done, list[Mapping[str, Any]]()

    async def do(self, arguments: Mapping[str, Any], speak: Speak) -> Done:
        self.told.append(arguments)
        return self.done


def hook(on: str, *do: dict[str, Any], **more: Any) -> Hook:
    return Hook.model_validate({"on": on, "do": do or (SAY,), **more})


@asynccontextmanager
async def hooked(
    *hooks: Hook, since: float = 0.0, deed: Deed | None = None
) -> AsyncIterator[tuple[Hooks, list[Frame], Clock]]:
    toolbox = Toolbox([deed] if deed is not None else [])
    stage = Hooks(hooks, toolbox, from_start=False, since=since, choose=lambda texts: texts[-1])
    async with started(stage) as heard:
        yield stage, heard, Clock(stage)


def says(heard: list[Frame]) -> list[str]:
    return [frame.text for frame in heard if isinstance(frame, Say)]


async def test_the_beginning_of_a_call_and_a_time_in_it_come_once() -> None:
    both = hook("session.created", {"kind": "prompt", "text": "Begin."}), hook("call.timeElapsed", seconds=2)
    async with hooked(*both) as (_, heard, clock):
        clock.run(1.9)
        assert of(Note, heard) == [Note("Begin.", answer=True)]
        assert says(heard) == []
        clock.run(4)
        assert says(heard) == ["Hello?"]
        assert len(of(Note, heard)) == 1


async def test_a_call_that_comes_back_does_not_begin_again() -> None:
    async with hooked(hook("session.created"), hook("call.timeElapsed", seconds=2), since=60.0) as (_, heard, clock):
        clock.run(5)
        assert says(heard) == []


async def test_a_silent_customer_is_spoken_to_as_often_as_it_says_and_begins_anew_after_a_turn() -> None:
    asked = hook("customer.speech.timeout", seconds=2, times=2, again=True)
    async with hooked(asked) as (stage, heard, clock):

        def bot_speaks(reply: int) -> None:
            stage.process(Heard(b"", clock.now, reply))
            stage.process(Played(reply, clock.now, 0.02, "So?", complete=True, over=True))

        bot_speaks(1)
        clock.run(1.9)
        assert says(heard) == []
        clock.run(0.2)
        assert says(heard) == ["Hello?"]
        bot_speaks(2)
        clock.run(2.1)
        bot_speaks(3)
        clock.run(9)
        assert says(heard) == ["Hello?"] * 2
        stage.process(UserTurn("Yes.", clock.now, clock.now))
        clock.run(9)
        bot_speaks(4)
        clock.run(2.1)
        assert says(heard) == ["Hello?"] * 3


async def test_a_reply_that_the_customer_cut_and_one_that_cut_the_customer_are_told_apart() -> None:
    cut = hook("assistant.speech.interrupted", {"kind": "message", "text": "Be brief.", "answer": False}, times=100)
    over = hook("customer.speech.interrupted", times=100)
    async with hooked(cut, over) as (stage, heard, _):
        stage.process(Heard(b"", 0.0, 1))
        stage.process(SpeechStarted(0.5))
        stage.process(Heard(b"", 0.6, 1))
        stage.process(Interrupt(0.8))
        stage.process(Played(1, 0.0, 0.6, "We", complete=False, over=True))
        assert (of(Note, heard), says(heard)) == ([Note("Be brief.")], [])
        stage.process(Heard(b"", 1.0, 2))
        assert says(heard) == ["Hello?"]
        stage.process(SpeechStopped(1.2))
        stage.process(Interrupt(1.3, ours=True))
        stage.process(Heard(b"", 1.4, 3))
        stage.process(Played(3, 1.4, 0.1, "Fine.", complete=True, over=True))
        assert len(of(Note, heard)) == len(says(heard)) == 1


async def test_a_late_answer_is_bridged_and_still_comes() -> None:
    async with hooked(hook("model.response.timeout", seconds=3, times=100)) as (stage, heard, clock):
        stage.process(UserTurn("When?", 0.0, 0.5))
        clock.run(3.1)
        (bridge,) = of(ReplyText, heard)
        assert isinstance(bridge, ReplyText)
        assert (bridge.text, bridge.reply < FIRST_REPLY - 1000, says(heard)) == ("Hello?", True, [])  # no key's number
        stage.process(Heard(b"", clock.now, 1))
        clock.run(9)
        assert len(of(ReplyText, heard)) == 1


async def test_a_tool_is_used_and_the_model_knows_what_came_of_it() -> None:
    deed = Deed(Done("It is noon.", say="Noon.", hangup="goodbye"))
    use = hook("session.created", {"kind": "tool", "tool": "tell", "arguments": {"a": 1}})
    async with hooked(use, hook("call.timeElapsed", {"kind": "hangup"}, seconds=1), deed=deed) as (_, heard, clock):
        clock.run(0.1)
        await settle()
        assert deed.told == [{"a": 1}]
        assert of(Note, heard) == [Note("tell: It is noon.")]
        assert of(Say, heard) == [Say("Noon.", hangup="goodbye", after_sentence=True)]
        clock.run(1)
        assert of(Hangup, heard) == [Hangup("assistant_ended_call")]


async def test_at_the_end_the_tools_are_used_that_want_that_reason() -> None:
    deed = Deed(Done(""))
    use = {"kind": "tool", "tool": "tell", "arguments": {}}
    hooks = [hook("call.ending", use), hook("call.ending", use, reasons=["goodbye"]), hook("session.created", use)]
    await at_the_end(hooks, Toolbox([deed]), "callended")
    assert len(deed.told) == 1
    await at_the_end(hooks, Toolbox([deed]), "goodbye")
    assert len(deed.told) == 3
