"""What a user would see of `make scenarios`: whole calls, with the embedded recogniser and voice."""

from __future__ import annotations

import asyncio
from pathlib import Path

from processors.models import CACHE
from server.rehearsal.clock import RehearsalLoop
from server.rehearsal.scenario import Scenario, read
from server.rehearsal.stage import rehearsed, stage
from server.rehearsal.verdict import Verdict

SCENARIOS = Path(__file__).parents[3] / "scenarios"


def held(*scenarios: Scenario) -> list[Verdict]:
    async def calls() -> list[Verdict]:
        async with stage(SCENARIOS / "knowledge", CACHE) as shared:
            return [await rehearsed(shared, scenario, SCENARIOS) for scenario in scenarios]

    with asyncio.Runner(loop_factory=RehearsalLoop) as runner:
        return runner.run(calls())


def test_a_visit_is_booked_though_everything_breaks_once() -> None:
    booking = read(SCENARIOS / "booking.yaml")
    faults = {(fault.stage, fault.kind) for turn in booking.turns for fault in turn.faults}
    assert faults == {(s, k) for s in ("stt", "llm", "tts") for k in ("401", "429", "500", "reset", "hang", "cut")}
    (verdict,) = held(booking)
    problems = [problem for passage in verdict.passages for problem in passage.problems]
    assert (problems, verdict.problems, len(verdict.passages)) == ([], [], 11)


def test_what_was_not_said_is_told_and_a_call_without_models_goes_the_same_way_twice() -> None:
    told = Scenario.model_validate(
        {
            "name": "A call",
            "plan": {
                "greeting": "Hello.",
                "stt": {"provider": "scripted", "options": {"lines": ["When are you open?"]}},
                "llm": {"provider": "scripted"},
                "tts": {"provider": "scripted"},
            },
            "turns": [{"say": "When are you open?", "expect": {"says": ["on Sundays"]}}],
        }
    )
    first, second = held(told, told)
    assert first.passages[1].problems == ["not said: on Sundays"]
    assert not first.is_good
    assert first == second
