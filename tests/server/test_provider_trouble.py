"""Whole calls in which providers fail: what the caller hears, and what the books say of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from pipeline.audio import SAMPLE_BYTES
from processors import catalogue, fallback
from processors.lines import lines_for
from processors.llm.openai import warm
from storage.records import Outcome
from tests.processors import openai_server
from tests.processors.faulty import FAULTS, HANG, Ears, Model, Voice
from tests.processors.openai_server import RESET, OpenAiServer, text
from tests.server.house import House, scripted
from transports.loopback import Line, quiet, tone

QUESTION = [tone(0.5, loud=20), tone(0.6)]
LINES = lines_for("en")

Faulty = Callable[..., dict[str, Any]]


@pytest.fixture
def faulty(monkeypatch: pytest.MonkeyPatch) -> Faulty:
    """A choice of a call plan: the ports that are given, in their order."""
    ports: list[Any] = []
    create = catalogue.create

    def made(stage: catalogue.Stage, name: str, options: dict[str, Any], http: Any) -> Any:
        return ports[options["port"]] if name.startswith("faulty") else create(stage, name, options, http)

    def choice(*given: Any) -> dict[str, Any]:
        first, *others = (
            {"provider": f"faulty-{place}", "options": {"port": len(ports) + place}} for place, _ in enumerate(given)
        )
        ports.extend(given)
        return {**first, "fallbacks": others}

    monkeypatch.setattr(catalogue, "create", made)
    monkeypatch.setattr(fallback, "FIRST", 0.05)
    monkeypatch.setattr(fallback, "BETWEEN", 0.05)
    return choice


@pytest.fixture
async def model_server() -> AsyncIterator[OpenAiServer]:
    await asyncio.to_thread(warm)
    async with openai_server.running() as server:
        yield server


async def patient(*seconds: float) -> AsyncIterator[Line]:
    """A caller who asks, and listens for so long, at a pace at which the bot's own time goes by too; and so on."""
    for listening in seconds or (30.0,):
        for piece in QUESTION:
            yield piece
        for _ in range(round(listening / 0.02)):
            yield quiet(0.02)
            await asyncio.sleep(0.002)


async def lines(house: House, call: str) -> list[tuple[str, str]]:
    """Less the fillers: how slow a model is depends on the machine that the test runs on."""
    turns = [(str(turn.speaker), turn.text) for turn in await house.turns(call)]
    return [(speaker, text) for speaker, text in turns if text not in LINES.fillers]


def counted(house: House, metric: str, *labels: str) -> float:
    value: float = getattr(house.workshop.metrics, metric).labels(*labels)._value.get()
    return value


def openai(server: OpenAiServer, key: str) -> dict[str, Any]:
    return {"provider": "openai", "options": {"base_url": server.base_url, "api_key": key}}


async def test_the_second_model_answers_in_place_of_a_dead_one(house: House, model_server: OpenAiServer) -> None:
    model_server.script = 500
    agent = scripted(heard=["are you open"])
    second = {"provider": "scripted", "options": {"replies": ["Yes, we are."]}}
    agent["llm"] = {**openai(model_server, "sk-one"), "fallbacks": [second]}
    await house.agent(agent)
    call, _ = await house.call(patient(4))
    assert await lines(house, call) == [("customer", "are you open"), ("agent", "Yes, we are.")]
    assert (await house.row(call)).outcome is Outcome.CONNECTED
    (latency,) = await house.latencies(call)
    assert latency.llm == "scripted"
    assert counted(house, "failures", "llm", "openai") == 1
    assert counted(house, "switches", "llm", "openai", "scripted") == 1


async def test_an_answer_that_breaks_off_is_one_answer(house: House, model_server: OpenAiServer) -> None:
    model_server.script = [text("Your table is book"), RESET]
    agent = scripted(heard=["a table please"])
    second = {"provider": "scripted", "options": {"replies": ["is booked for seven."]}}
    agent["llm"] = {**openai(model_server, "sk-one"), "fallbacks": [second]}
    await house.agent(agent)
    call, _ = await house.call(patient(5))
    assert (await lines(house, call))[1:] == [("agent", "Your table is booked for seven.")]


async def test_when_every_model_is_dead_the_caller_is_told_and_the_call_has_failed(
    house: House, model_server: OpenAiServer
) -> None:
    model_server.script = 401
    agent = scripted()
    agent["llm"] = {**openai(model_server, "sk-one"), "fallbacks": [openai(model_server, "sk-two")]}
    await house.agent(agent)
    call, line = await house.call(patient())
    row = await house.row(call)
    assert (line.ending, row.outcome, row.reason) == ("hangup", Outcome.FAILED, "llm_failed")
    assert (await lines(house, call))[1:] == [("agent", LINES.unable)]
    assert len(model_server.asked) == 2
    assert (await house.story(call))[-1]["outcome"] == "failed"
    assert counted(house, "failures", "llm", "openai") == 2


async def test_a_model_without_fallbacks_is_forgiven_once(house: House, model_server: OpenAiServer) -> None:
    model_server.script = 500
    agent = scripted()
    agent["llm"] = openai(model_server, "sk-one")
    await house.agent(agent)
    call, _ = await house.call(patient(10, 30))
    assert [text for who, text in await lines(house, call) if who == "agent"] == [LINES.apology, LINES.unable]
    assert (await house.row(call)).reason == "llm_failed"


async def test_a_key_that_is_refused_is_not_tried_by_the_next_call(house: House, model_server: OpenAiServer) -> None:
    model_server.script = 401
    agent = scripted()
    agent["llm"] = {**openai(model_server, "sk-one"), "fallbacks": [{"provider": "scripted"}]}
    await house.agent(agent)
    for _ in range(2):
        await house.call(patient(4))
    assert len(model_server.asked) == 1
    assert counted(house, "failures", "llm", "openai") == 1
    assert counted(house, "switches", "llm", "openai", "scripted") == 2


@pytest.mark.parametrize("fault", ["reset", "hang"])
async def test_a_voice_that_breaks_in_mid_sentence_is_gone_on_with_by_the_next(
    house: House, faulty: Faulty, fault: str
) -> None:
    answer = "Your table is booked. We see you on Friday at seven."
    first, second = Voice(1, words=7, fault=FAULTS[fault]), Voice(2)
    await house.agent(scripted(says=[answer], tts=faulty(first, second)))
    call, line = await house.call(patient(9))
    assert (await lines(house, call))[1:] == [("agent", answer)]
    assert first.spoken == answer.split()[:7]
    assert second.spoken == answer.split()[7:]
    sound = line.said[1]
    assert 0 < sound.count(b"\x01\x00") * SAMPLE_BYTES < len(sound)


async def test_when_every_voice_is_dead_the_stored_apology_is_heard_and_the_call_has_failed(
    house: House, faulty: Faulty
) -> None:
    voices = faulty(Voice(1, words=0, fault=FAULTS["500"]), Voice(2, words=0, fault=HANG))
    await house.agent(scripted(tts=voices))
    call, line = await house.call(patient())
    row = await house.row(call)
    assert (line.ending, row.outcome, row.reason) == ("hangup", Outcome.FAILED, "tts_failed")
    assert (await lines(house, call))[1:] == [("agent", LINES.unable)]
    assert house.workshop.apologies["en", 8000].goodbye.pcm in line.said[1]


async def test_words_said_to_a_recogniser_that_hangs_are_not_lost(house: House, faulty: Faulty) -> None:
    second = Ears()
    await house.agent(scripted(stt=faulty(Ears(answers=0, fault=HANG), second), says=["Fine."]))
    call, _ = await house.call(patient(6))
    assert await lines(house, call) == [("customer", "1"), ("agent", "Fine.")]
    assert second.stretches[0] > 0.6
    assert counted(house, "switches", "stt", "faulty-0", "faulty-1") == 1


async def test_when_every_recogniser_is_dead_the_caller_is_told_and_the_call_has_failed(
    house: House, faulty: Faulty
) -> None:
    dead = [Ears(answers=0, fault=FAULTS["401"]), Ears(answers=0, fault=HANG)]
    await house.agent(scripted(stt=faulty(*dead)))
    call, _ = await house.call(patient())
    row = await house.row(call)
    assert (row.outcome, row.reason) == (Outcome.FAILED, "stt_failed")
    assert await lines(house, call) == [("agent", LINES.deaf)]


async def test_a_call_cut_in_the_middle_of_a_fallback_leaves_nobody_at_work(house: House, faulty: Faulty) -> None:
    models = [Model("Half of ", fault=HANG), Model("the rest ", fault=HANG)]
    await house.agent(scripted(llm=faulty(*models)))
    await house.call(patient(1.5))
    assert [model.open for model in models] == [0, 0]
