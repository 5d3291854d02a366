"""Whole calls served by one model that hears and speaks: what is heard, what stands in the books, and when it fails."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Any

import pytest

from processors.lines import lines_for
from server import catalogue
from server.call_plan import CallPlan
from storage.records import Outcome
from tests.patience import until
from tests.processors.stand_ins import SECRET, openai_realtime
from tests.processors.stand_ins.openai_realtime import Realtime
from tests.processors.stand_ins.openai_sound import KEY
from tests.server.house import House, scripted
from tests.server.test_provider_keys import connect
from transports.loopback import Line, tone

ANSWER = "We open at nine. Is that fine?"
HEARD = "are you open today"
LINES = lines_for("en")


@pytest.fixture
async def server() -> AsyncIterator[Realtime]:
    async with openai_realtime.running() as stand_in:
        stand_in.lines, stand_in.answers = [HEARD], [ANSWER]
        yield stand_in


def agent(server: Realtime, **more: Any) -> dict[str, Any]:
    options = {"connect_timeout_seconds": 0.5, "first_sound_timeout_seconds": 0.3, "final_timeout_seconds": 0.5}
    chosen = {"options": {**server.params(), **options}}
    return scripted(**{"prompt": "Be kind.", "realtime": chosen, "idle": None, **more})


async def caller(*listening: float, begins: float = 0.5) -> AsyncIterator[Line]:
    """Asks and listens for so many seconds, again and again, at a pace that leaves the network its time."""
    for _ in range(round(begins / 0.02)):
        yield tone(0.02, loud=20)
        await asyncio.sleep(0.001)
    for seconds in listening:
        yield tone(0.6)
        for _ in range(round(seconds / 0.02)):
            yield tone(0.02, loud=20)
            await asyncio.sleep(0.001)


async def lines(house: House, call: str) -> list[tuple[str, str]]:
    turns = [(str(turn.speaker), turn.text) for turn in await house.turns(call)]
    return [(speaker, text) for speaker, text in turns if text not in LINES.fillers]


async def test_a_call_is_held_and_written_down_like_any_other(
    house: House, server: Realtime, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    await house.agent(agent(server, greeting="Hello, this is Asha."))
    call, _ = await house.call(caller(4.5, 4.5, begins=2.5))
    assert await lines(house, call) == [
        ("agent", "Hello, this is Asha."),
        *[("customer", HEARD), ("agent", ANSWER)] * 2,
    ]
    assert server.texts() == [
        ("assistant", "Hello, this is Asha."),
        *[("user", HEARD), ("assistant", ANSWER)] * 2,
    ]
    row = await house.row(call)
    assert (row.outcome, row.recording is not None) == (Outcome.CONNECTED, True)
    first = (await house.latencies(call))[0]
    assert {first.stt, first.llm, first.tts} == {"openai-realtime"}
    assert server.refused == []
    assert [(asked["input"], asked["voice"]) for asked in server.speech.asked] == [("Hello, this is Asha.", "marin")]
    await until(lambda: not server.open)
    told = [record.getMessage() for record in caplog.records if record.name != "aiosqlite"]
    assert not any(hidden in "".join(told) for hidden in (KEY, HEARD, ANSWER, SECRET))


async def test_whoever_interrupts_it_finds_it_knows_what_was_heard(house: House, server: Realtime) -> None:
    await house.agent(agent(server))

    async def impatient() -> AsyncIterator[Line]:
        async for step in caller(0.2):
            yield step
        while len(server.texts()) < 2:
            yield tone(0.02, loud=20)
            await asyncio.sleep(0.001)
        async for step in caller(4.5, begins=0.8):
            yield step

    call, _ = await house.call(impatient())
    said = await lines(house, call)
    assert [speaker for speaker, _ in said] == ["customer", "agent", "customer", "agent"]
    assert ANSWER.startswith(said[1][1])
    assert said[1][1] != ANSWER
    assert said[3][1] == ANSWER
    turn = (await house.turns(call))[1]
    assert server.conversations[-1][1].kept == pytest.approx(turn.seconds, abs=0.1)
    assert turn.interrupted
    assert server.refused == []


async def test_it_ends_the_call_when_it_wants_to(house: House, server: Realtime) -> None:
    server.answers = [{"name": "end_call", "arguments": '{"reason": "goodbye"}'}]
    await house.agent(agent(server))
    call, _ = await house.call(caller(10))
    row = await house.row(call)
    assert (row.outcome, row.reason) == (Outcome.CONNECTED, "goodbye")


async def test_after_a_break_it_goes_on(house: House, server: Realtime) -> None:
    await house.agent(agent(server))

    async def cut_off() -> AsyncIterator[Line]:
        async for step in caller(4):
            yield step
        await server.drop()
        async for step in caller(4.5, begins=3):
            yield step

    call, _ = await house.call(cut_off())
    assert await lines(house, call) == [("customer", HEARD), ("agent", ANSWER)] * 2
    assert server.texts() == [("user", HEARD), ("assistant", ANSWER)] * 2


@pytest.mark.parametrize("fault", ["unauthorized", "hang", "failed"])
async def test_when_it_fails_for_good_the_caller_is_told_and_the_call_ends(
    house: House, server: Realtime, caplog: pytest.LogCaptureFixture, fault: str
) -> None:
    server.fault = fault
    await house.agent(agent(server))
    call, _ = await house.call(caller(*((8, 30) if fault == "failed" else (30,)), begins=0.2))
    speaker, last = (await lines(house, call))[-1]
    row = await house.row(call)
    assert (speaker, row.outcome) == ("agent", Outcome.FAILED)
    assert (row.reason, last) in {  # a call that is faster than the clock may run out of patience first
        "unauthorized": [("stt_failed", LINES.deaf)],
        "hang": [("stt_failed", LINES.deaf), ("no_answer_from_assistant", LINES.unable)],
        "failed": [("llm_failed", LINES.unable)],
    }[fault]
    assert not any(hidden in caplog.text for hidden in (KEY, HEARD, SECRET))


async def test_its_own_sentences_may_be_left_to_the_plan_s_voice(house: House, server: Realtime) -> None:
    plan = agent(server, greeting="Hello.")
    plan["realtime"]["sentences"] = "plan"
    await house.agent(plan)
    call, _ = await house.call(caller(begins=2))
    assert await lines(house, call) == [("agent", "Hello.")]
    assert server.speech.asked == []


async def test_its_key_is_that_of_the_organisation_s_account(house: House, server: Realtime) -> None:
    await connect(house, "openai", KEY, base_url=server.base_url)
    plan = agent(server)
    del plan["realtime"]["options"]["api_key"]
    await house.agent(plan)
    call, _ = await house.call(caller(4.5))
    assert await lines(house, call) == [("customer", HEARD), ("agent", ANSWER)]


def test_its_options_are_checked_and_its_key_is_a_secret() -> None:
    assert catalogue.secrets("realtime", "openai") == {"api_key"}
    wrong = catalogue.check_plan({"realtime": {"options": {"voise": "marin"}}})
    assert wrong is not None
    assert wrong.startswith("realtime.options.voise")
    assert catalogue.check_plan({"realtime": {"provider": "acme"}}) == "realtime.provider must be one of openai"
    assert catalogue.check_plan({"realtime": {"fallbacks": [{"provider": "openai"}]}}) is not None


def test_a_plan_says_who_serves_it() -> None:
    plan = CallPlan.model_validate(scripted(realtime={}))
    assert set(plan.providers.values()) == {"openai-realtime"}
    assert set(CallPlan.model_validate(scripted()).providers.values()) == {"scripted"}
