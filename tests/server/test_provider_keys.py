"""A call reaches its providers with the keys of the organisation's accounts, which stand nowhere but in their seals."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import asdict
from typing import Any

import pytest

from server.briefing import briefing
from server.call_plan import CallPlan, Choice, Fallback
from storage.assets import Integration, IntegrationKind
from storage.sealing import Seal, SealedError, integration_secret
from tests.patience import until
from tests.processors.stand_ins import sarvam
from tests.server.house import SEAL, House, scripted
from tests.storage.samples import NOW, an_organisation
from transports.loopback import Line, tone

KEY = "canary-key-0123456789"


async def connect(
    house: House, provider: str, key: str = KEY, *, seal: Seal = SEAL, owner: str = "", base_url: str | None = None
) -> None:
    owner = owner or house.seeded.organisation
    sealed = seal.seal(key, organisation=owner, name=integration_secret(provider, "api_key"))
    settings = {} if base_url is None else {"base_url": base_url}
    kept = Integration(owner, provider, IntegrationKind.VOICE, NOW, NOW, settings, {"api_key": sealed})
    async with house.database.begin(owner) as work:
        await work.integrations.put(kept)


async def planned(house: House, **stages: Choice) -> CallPlan:
    await house.agent(scripted(**{stage: choice.model_dump() for stage, choice in stages.items()}))
    brief = await briefing(house.database, SEAL, house.incoming())
    assert brief is not None
    return brief.plan


def named(provider: str, **options: Any) -> Choice:
    return Choice(provider=provider, options=options)


async def test_every_stage_that_names_no_key_has_the_account_s(house: House) -> None:
    await connect(house, "sarvam")
    await connect(house, "openai", "of openai", base_url="https://llm.example/v1")
    plan = await planned(house, stt=named("sarvam"), tts=named("sarvam", pace=1.2), llm=named("openai"))
    assert plan.stt.options == {"api_key": KEY}
    assert plan.tts.options == {"api_key": KEY, "pace": 1.2}
    assert plan.llm.options == {"api_key": "of openai", "base_url": "https://llm.example/v1"}


async def test_a_fallback_has_the_key_of_its_own_account(house: House) -> None:
    await connect(house, "sarvam")
    await connect(house, "elevenlabs", "of elevenlabs")
    fallbacks = (Fallback(provider="sarvam"), Fallback(provider="embedded"))
    plan = await planned(house, stt=Choice(provider="elevenlabs", fallbacks=fallbacks))
    assert plan.stt.options == {"api_key": "of elevenlabs"}
    assert [one.options for one in plan.stt.fallbacks] == [{"api_key": KEY}, {}]


async def test_a_key_in_the_plan_is_above_the_account_s(house: House) -> None:
    await connect(house, "sarvam")
    plan = await planned(house, tts=named("sarvam", api_key="of the agent"))
    assert plan.tts.options == {"api_key": "of the agent"}


@pytest.mark.parametrize("home", [None, "https://llm.example/v1"])
async def test_no_key_goes_to_another_place_than_its_account_is_for(house: House, home: str | None) -> None:
    await connect(house, "openai", base_url=home)
    elsewhere = named("openai", base_url="https://elsewhere.example/v1")
    assert (await planned(house, llm=elsewhere)).llm == elsewhere


async def test_without_an_account_the_plan_stays_as_it_is(house: House) -> None:
    other = an_organisation()
    async with house.database.begin() as work:
        await work.organisations.add(other)
    await connect(house, "sarvam", owner=other.id)
    assert (await planned(house, tts=named("sarvam"), llm=named("nobody"))).tts.options == {}


async def test_a_key_that_is_not_needed_need_not_open(house: House) -> None:
    await connect(house, "sarvam", seal=Seal.of([b"1" * 32]))
    assert (await planned(house)).tts.provider == "scripted"
    with pytest.raises(SealedError):
        await planned(house, tts=named("sarvam"))


async def test_a_call_is_heard_and_spoken_through_the_account(house: House, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with sarvam.running() as server:
        server.lines = ["table for two"]
        await connect(house, "sarvam", sarvam.KEY, base_url=server.base_url)
        choice = {"provider": "sarvam", "options": {}}
        await house.agent(scripted(greeting="Namaste.", says=["Theek hai."], stt=choice, tts=choice))

        async def caller() -> AsyncIterator[Line]:
            for words, then in (("Namaste.", tone(0.6)), ("Theek hai.", tone(3, loud=20))):
                while {"type": "text", "data": {"text": words}} not in server.frames:
                    yield tone(0.02, loud=20)
                    await asyncio.sleep(0.001)
                yield tone(2, loud=20)
                yield then

        call, _ = await house.call(caller())
        await until(lambda: not server.open)
    turns = await house.turns(call)
    assert [turn.text for turn in turns] == ["Namaste.", "table for two", "Theek hai."]
    assert sarvam.KEY not in caplog.text
    assert sarvam.KEY not in str(asdict(await house.row(call)))
    async with house.database.read(house.seeded.organisation) as work:
        agent = await work.agents.get(house.seeded.agent)
    assert agent is not None
    assert agent.config["tts"] == choice
