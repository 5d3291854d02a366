from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

from aiohttp import ClientSession

from processors.guardrails.lines import instead
from processors.ports import Form, Message
from server.call_plan import CallPlan
from server.library import Library
from server.mind import minded
from server.ports import Ports
from tests.fakes import FakeModel, FakeVoice
from tests.server.house import House, scripted
from transports.loopback import Line, quiet, tone

INSTEAD = instead("en")


async def caller() -> AsyncIterator[Line]:
    """Asks, and listens while every task has its turns."""
    yield tone(0.5, loud=20)
    yield tone(0.6)
    for _ in range(400):
        yield quiet(0.02)
        await asyncio.sleep(0)


def ports(model: Any) -> Ports:
    ear: Any = None
    return Ports(ear, model, FakeVoice())


def plan(**config: Any) -> CallPlan:
    return CallPlan.model_validate({"llm": {"provider": "scripted"}, **config})


async def said(asked: Ports, question: str = "What does a visit cost?") -> list[Any]:
    return [piece async for piece in asked.llm.reply((Message("user", question),), ())]


class Strict(FakeModel):
    """A model for which every sentence breaks the rules."""

    async def fill(self, chat: Sequence[Message], form: Form) -> dict[str, Any]:
        return {"breaks": True}


async def test_a_plan_without_either_asks_its_model_as_it_is() -> None:
    asked = ports(FakeModel())
    assert minded(asked, plan(), None, FakeModel) == asked


async def test_a_script_is_left_alone() -> None:
    asked, made = ports(FakeModel()), plan(llm={"provider": "embedded"}, guardrails=["no_price_fabrication"])
    assert minded(asked, made, None, FakeModel) is asked


async def test_documents_found_what_is_said_of_prices(tmp_path: Path) -> None:
    folder = tmp_path / "org_1" / "prices"
    folder.mkdir(parents=True)
    (folder / "fees.md").write_text("A visit costs 500 rupees.")
    model = FakeModel("It costs 500 rupees. Or 400 rupees.")
    async with ClientSession() as http:
        made = plan(guardrails="no_price_fabrication", knowledge={"folder": "prices"})
        asked = minded(ports(model), made, Library(tmp_path, http).of("org_1", made.knowledge), FakeModel)
        asked.behind_dialogue[-1].emit = lambda frame: None
        assert await said(asked) == ["It costs 500 rupees. ", INSTEAD.unfounded]
    assert "- A visit costs 500 rupees." in model.chats[0][-1].text


async def test_a_sentence_is_judged_by_the_plans_own_model_where_that_can_judge() -> None:
    made = plan(guardrails=["Never give medical advice."])
    judged = minded(ports(FakeModel("Take two of them.")), made, None, Strict)
    judged.behind_dialogue[-1].emit = lambda frame: None
    assert await said(judged) == [INSTEAD.unfit]
    assert await said(minded(ports(FakeModel("Take two of them.")), made, None, FakeModel)) == ["Take two of them."]


async def test_a_call_says_hears_and_counts_what_stands_in_the_place_of_a_price(house: House) -> None:
    await house.agent(scripted(says=["It is 400 rupees. Anything else?"], guardrails=["no_price_fabrication"]))
    call, _ = await house.call(caller())
    spoken = [turn.text for turn in await house.turns(call) if turn.speaker == "agent"]
    assert spoken == [INSTEAD.unfounded]
    told = [message for message in await house.story(call) if message["type"] == "guardrail"]
    assert told == [{"type": "guardrail", "guardrail": "no_price_fabrication"}]
    held = house.workshop.metrics.guardrails.labels("no_price_fabrication", "held")
    assert held._value.get() == 1
