from __future__ import annotations

import asyncio
import io
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import pytest
from rich.console import Console

from server.campaign_demo import Demonstration, demonstrate
from server.campaign_people import MOST, people, where_it_is_noon
from server.settings import Settings
from server.visit import VisitError
from storage.assets import Integration, IntegrationKind
from storage.call_search import CallFilter
from storage.records import Flow, FlowKind, FlowStatus, Outcome
from tests.patience import until
from tests.server.serving import Serving, serving
from tests.server.test_cli import command
from tests.storage.samples import NOW


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Serving]:
    async with serving(tmp_path / "data", simulator_speed=0) as house:
        yield house


async def test_a_small_campaign_of_a_server_of_its_own_ends_with_its_figures(tmp_path: Path) -> None:
    arguments = ("campaign", "--contacts", "12", "--retries", "0")
    async with command(tmp_path, *arguments, VAANI_SIMULATOR_SPEED="0") as process, asyncio.timeout(90):
        told, troubles = await process.communicate()
    assert (process.returncode, troubles) == (0, b"")
    out = told.decode()
    rows = {name: int(number) for name, number in re.findall(r"^(\w+(?: answer)?) +\d+ +(\d+)", out, re.MULTILINE)}
    assert set(rows) == {"connected", "voicemail", "no answer", "busy", "failed", "calls"}
    assert rows.pop("calls") == sum(rows.values()) == 12
    assert min(rows.values()) >= 1
    assert "12 of 12" in out
    assert re.search(rf"^contacts +12 called, {rows['connected']} connected", out, re.MULTILINE)
    assert re.search(r"^retries +0, ", out, re.MULTILINE)


async def test_a_running_server_is_used_and_again(house: Serving) -> None:
    for _ in range(2):
        assert f"Calling through the server at {house.server.url}." in await shown(house, Demonstration(3, 0))
    first, second = await campaigns(house)
    assert (first.status, second.status) == (FlowStatus.COMPLETED, FlowStatus.COMPLETED)
    async with house.database.read() as work:
        calls, _ = await work.calls.newest(10, 0, CallFilter(flow_id=first.id, outcome=Outcome.CONNECTED))
        greeted = [turns[0].text for call in calls if (turns := await work.calls.turns(call.id))]
        keys = await work.keys.every()
    assert [text[:17] for text in greeted] == ["Hello Amber Brook"]
    assert [key.revoked_at is None for key in keys] == [True, False, False]


async def test_an_agent_that_was_renamed_is_not_used(house: Serving) -> None:
    async with house.database.begin() as work:
        (kept,) = await work.agents.active()
        await work.agents.save(replace(kept, name="Sales", config={"llm": {"provider": "openai"}}), now=NOW)
    await shown(house, Demonstration(1, 0))
    (flow,) = await campaigns(house)
    async with house.database.read() as work:
        agent = await work.agents.get(flow.agent_id or "")
    assert agent is not None
    assert (agent.name, agent.config["llm"]["provider"]) == ("Front desk", "embedded")


async def test_nobody_is_called_where_a_real_carrier_is_connected(house: Serving) -> None:
    async with house.database.begin() as work:
        organisation = await work.organisations.first()
        assert organisation is not None
        await work.integrations.put(
            Integration(
                organisation.id,
                "exotel",
                IntegrationKind.TELEPHONY,
                settings={"account_sid": "vaani1", "subdomain": "api.exotel.com", "phone_number": "+918012345678"},
                secrets={},
                connected_at=NOW,
                updated_at=NOW,
            )
        )
    with pytest.raises(VisitError, match=r"^The demonstration calls nobody real and needs the simulator"):
        await shown(house, Demonstration(3, 0))
    assert not await campaigns(house)


async def test_a_server_without_the_simulator_says_so(tmp_path: Path) -> None:
    async with serving(tmp_path / "data", simulator=False) as house:
        with pytest.raises(VisitError, match=r"^The demonstration calls nobody real and needs the simulator"):
            await shown(house, Demonstration(3, 0))
        assert not await campaigns(house)


async def test_who_stops_it_leaves_a_paused_campaign_and_knows_how_to_go_on(tmp_path: Path) -> None:
    async with serving(tmp_path / "data", simulator_speed=1) as house:
        screen = io.StringIO()
        showing = asyncio.create_task(demonstrate(of(house), console(screen), Demonstration(3, 0)))
        await until(lambda: "of 3" in screen.getvalue())
        showing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await showing
        (flow,) = await campaigns(house)
        assert flow.status is FlowStatus.PAUSED
        assert f"/api/voice/flows/{flow.id}/resume" in screen.getvalue()


def test_people_are_told_apart_and_nobody_can_have_their_numbers() -> None:
    _, *lines = people(MOST, NOW).splitlines()
    phones = [line.split(",")[1] for line in lines]
    assert len(set(phones)) == MOST
    assert all(re.fullmatch(r"\+1555[2-9]\d{6}", phone) for phone in phones)


@pytest.mark.parametrize("hour", range(24))
def test_it_is_noon_where_they_are(hour: int) -> None:
    now = datetime(2026, 3, 1, hour, 59, tzinfo=UTC)
    assert now.astimezone(ZoneInfo(where_it_is_noon(now))).hour == 12


def of(house: Serving) -> Settings:
    return house.settings.model_copy(update={"port": urlsplit(house.server.url).port})


def console(screen: io.StringIO) -> Console:
    return Console(file=screen, width=100, force_terminal=True, color_system=None)


async def shown(house: Serving, demonstration: Demonstration) -> str:
    screen = io.StringIO()
    await demonstrate(of(house), console(screen), demonstration)
    return screen.getvalue()


async def campaigns(house: Serving) -> list[Flow]:
    async with house.database.read() as work:
        return [flow for flow in await work.flows.every() if flow.kind is FlowKind.OUTBOUND]
