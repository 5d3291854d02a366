"""From the last word of a call to what was made of it, in a whole server, over a restart of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from storage.analysis_records import Analysis
from tests.patience import until
from tests.processors import openai_server
from tests.processors.openai_server import HANG, STOP, text, whole
from tests.server.house import scripted
from tests.server.serving import Serving, serving
from tests.storage.samples import TOKEN
from transports.loopback import tone
from transports.simulator.faults import Faults
from transports.simulator.people import Say, Silence, Step, WaitForBot

TALK: list[Step] = [WaitForBot(), Silence(0.5), Say(tone(1.0)), WaitForBot(), Silence(0.5)]
ROOM = Faults(noise=45.0)
JUDGED: dict[str, Any] = {
    "language": "en-IN",
    "sentiment": "positive",
    "summary": "The customer asked for a desk, and got it.",
    "success": {"result": True, "why": "They got it."},
}


async def state(house: Serving, call: str) -> Analysis:
    async with house.database.read() as work:
        found = await work.analyses.get(call)
    assert found is not None
    return found


async def test_a_call_is_analysed_by_the_model_that_held_it_even_if_the_server_stops_meanwhile(
    data: Path, no_models: None
) -> None:
    async with openai_server.running() as model:
        llm = {"provider": "openai", "options": {"base_url": model.base_url}}
        plan = scripted(greeting="Hello.", heard=["a desk please"], llm=llm, prompt="Sell desks.")
        model.script = [text("Gladly."), STOP, "data: [DONE]\n\n"]
        model.answers = [HANG, whole(JUDGED)]
        async with serving(data, plan) as house:
            talk = await house.call(TALK, faults=ROOM)
            await model.hung.wait()
        async with serving(data) as house:

            async def is_done() -> bool:
                return (await state(house, talk.call)).status == "done"

            await until(is_done)
            headers = {"Authorization": f"Bearer {TOKEN}"}
            async with house.http.get(f"{house.server.url}/v1/calls/{talk.call}", headers=headers) as answer:
                shown = await answer.json()
            assert await house.metric('vaani_analyses_total{status="done"}') == 1
    assert (shown["summary"], shown["sentiment"]) == (JUDGED["summary"], "positive")
    assert shown["analysis"]["status"] == "done"
    assert shown["key_details"]["facts"]["turns"]["customer"] == 1
    assert "a desk please" in model.asked[-1]["messages"][1]["content"]
