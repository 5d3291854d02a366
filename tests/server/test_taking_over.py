"""What a supervisor does to a call counts as the supervisor's, is not lost, and is refused where it would be."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from pipeline.frames import Interrupt
from storage.records import Turn
from tests.server.house import House, scripted
from tests.server.test_live_commands import AT_ONCE, GREETING, Talk
from transports.loopback import Line, quiet, tone

ENDING = {"error": 409, "detail": "The call is already ending"}
LEAVING = {"error": 409, "detail": "The call is being handed over"}


async def greeting_cut_by(house: House, talk: Talk, do: str, **more: Any) -> tuple[Turn, list[str]]:
    """What stands of the greeting in the transcript, and the types of what was told live."""
    await house.agent(scripted(greeting=GREETING))

    async def script() -> AsyncIterator[Line]:
        yield quiet(1)
        assert await talk.ask(do, **more) == {"ok": True}
        yield quiet(3)

    await talk.run(script)
    return (await house.turns(talk.call))[0], [one["type"] for one in await house.story(talk.call)]


@pytest.fixture
def talk(house: House) -> Talk:
    return Talk(house)


def hand_over(house: House, talk: Talk) -> None:
    live = house.switchboard.live(talk.call)
    assert live is not None
    live.hand_over("sales")


def interruptions(house: House) -> float:
    """So far."""
    (counter,) = house.workshop.metrics.interruptions.collect()
    return sum(sample.value for sample in counter.samples if sample.name.endswith("_total"))


@pytest.mark.parametrize("slices", range(21))
async def test_what_a_human_says_after_muting_the_agent_is_said_at_once(house: House, slices: int) -> None:
    talk = Talk(house)
    await house.agent(scripted(greeting=GREETING))

    async def script() -> AsyncIterator[Line]:
        yield quiet(1)
        await talk.ask("mute")
        yield quiet(slices * 0.02)
        before = talk.sound
        await talk.ask("say", text="This is Asha.")
        yield quiet(AT_ONCE * 0.02)
        assert talk.sound > before
        yield quiet(2)

    await talk.run(script)
    assert (await talk.said())[-1] == ("agent", "This is Asha.")


@pytest.mark.parametrize("slices", range(21))
async def test_what_a_human_says_while_the_caller_cuts_the_agent_short_is_said_at_once(
    house: House, slices: int
) -> None:
    talk = Talk(house)
    await house.agent(scripted(heard=["no wait"], greeting=GREETING))

    async def script() -> AsyncIterator[Line]:
        yield tone(1, loud=20)
        yield tone(0.6)
        while not any(isinstance(frame, Interrupt) for frame in talk.line.sent):
            yield tone(0.02, loud=20)
        yield tone(slices * 0.02, loud=20)
        before = talk.sound
        await talk.ask("say", text="This is Asha.")
        yield tone(AT_ONCE * 0.02, loud=20)
        assert talk.sound > before
        yield tone(3, loud=20)

    await talk.run(script)
    assert ("agent", "This is Asha.") in await talk.said()


async def test_a_caller_who_cuts_the_agent_short_interrupts_it(house: House, talk: Talk) -> None:
    await house.agent(scripted(heard=["no wait"], greeting=GREETING))

    async def script() -> AsyncIterator[Line]:
        yield tone(1, loud=20)
        yield tone(0.6)
        yield tone(3, loud=20)

    await talk.run(script)
    assert (await house.turns(talk.call))[0].interrupted
    assert "interrupted" in [one["type"] for one in await house.story(talk.call)]
    assert interruptions(house) == 1


@pytest.mark.parametrize(
    ("do", "more"),
    [
        ("mute", {}),
        ("say", {"text": "We close at noon.", "interrupt": True}),
        ("message", {"text": "Mention the price.", "answer": True}),
        ("dtmf", {"digits": "1"}),
        ("end", {"reason": "workflow_close", "say": "Goodbye."}),
        ("end", {"reason": "workflow_close"}),
    ],
    ids=["mute", "say", "message", "dtmf", "last words", "end"],
)
async def test_a_supervisor_who_cuts_the_agent_short_is_no_interrupting_caller(
    house: House, talk: Talk, do: str, more: dict[str, Any]
) -> None:
    greeting, told = await greeting_cut_by(house, talk, do, **more)
    assert greeting.text != GREETING, "it was cut"
    assert not greeting.interrupted
    assert "interrupted" not in told
    assert interruptions(house) == 0


async def test_the_first_end_of_a_call_stands(house: House, talk: Talk) -> None:
    await house.agent(scripted(greeting=GREETING))
    answers = []

    async def script() -> AsyncIterator[Line]:
        yield quiet(1)
        await talk.ask("end", reason="dnc_request", say="We will not call you again.")
        for command in ({"do": "end"}, {"do": "say", "text": "No."}, {"do": "mute"}, {"do": "dtmf", "digits": "1"}):
            yield quiet(0.1)
            answers.append(await talk.ask(**command))
        yield quiet(10)

    await talk.run(script)
    assert answers == [ENDING] * 4
    assert (await house.row(talk.call)).reason == "dnc_request"
    assert (await talk.said())[-1] == ("agent", "We will not call you again.")


@pytest.mark.parametrize(
    "command",
    [
        {"do": "say", "text": "Hello."},
        {"do": "message", "text": "Hello.", "answer": True},
        {"do": "mute"},
        {"do": "unmute"},
        {"do": "dtmf", "digits": "1"},
    ],
    ids=lambda command: command["do"],
)
async def test_what_could_not_be_done_any_more_is_refused_while_the_call_is_handed_over(
    house: House, talk: Talk, command: dict[str, Any]
) -> None:
    await house.agent(scripted(greeting=GREETING))

    async def script() -> AsyncIterator[Line]:
        yield quiet(1)
        hand_over(house, talk)
        assert await talk.ask(**command) == LEAVING
        assert (await talk.ask("listen"))["ok"]
        yield quiet(10)

    await talk.run(script)
    assert talk.line.transfer_to == "sales"


async def test_a_call_that_is_being_handed_over_can_still_be_ended(house: House, talk: Talk) -> None:
    await house.agent(scripted(greeting=GREETING))

    async def script() -> AsyncIterator[Line]:
        yield quiet(1)
        hand_over(house, talk)
        assert await talk.ask("end", reason="hostile_caller") == {"ok": True}
        yield quiet(10)

    await talk.run(script)
    assert (await house.row(talk.call)).reason == "hostile_caller"


async def test_a_call_that_is_ending_is_not_handed_over(house: House, talk: Talk) -> None:
    await house.agent(scripted(greeting=GREETING))

    async def script() -> AsyncIterator[Line]:
        yield quiet(1)
        await talk.ask("end", reason="dnc_request", say="We will not call you again.")
        hand_over(house, talk)
        yield quiet(10)

    await talk.run(script)
    assert ((await house.row(talk.call)).reason, talk.line.transfer_to) == ("dnc_request", "")
    assert (await talk.said())[-1] == ("agent", "We will not call you again.")
