"""A real Prometheus scrapes a server that carries calls: all that is recorded and drawn of it has its figures."""

from __future__ import annotations

import asyncio
import re
from math import isnan
from pathlib import Path

import pytest

from server.dashboards.__main__ import DEPLOY
from server.dashboards.boards import BOARDS
from server.dashboards.boards_of_calls import CALLS
from server.dashboards.files import RULES
from server.dashboards.names import Names, family_of
from server.dashboards.records import GROUPS
from server.every_metric import EveryMetric
from tests.e2e.test_outgoing import Campaigner
from tests.patience import until
from tests.prometheus import program, scraping
from tests.server.house import scripted
from tests.server.serving import serving
from transports.loopback import tone
from transports.simulator.faults import Faults
from transports.simulator.people import Say, Silence, Step, WaitForBot

PLAN = scripted(greeting="Hello there.")
ROOM = Faults(noise=45.0)
CALLER: list[Step] = [WaitForBot(), Silence(0.5), Say(tone(1.0)), WaitForBot(), Silence(0.2)]
LONG = 100.0
"""Seconds of a call that is there all the time."""
QUIET_RECORDS = {
    "vaani:false_interruptions:share",
    "vaani:provider_failures:per_call_minute",
    "vaani:line_trouble:rate",
}
"""Of these such calls give nothing."""
QUIET_PANELS = {
    "Calls that moved to a fallback",
    "Providers that rest",
    "Provider failures",
    "Frames that were refused or dropped",
    "Requests answered with 5xx, by route",
    "Tools used",
    "Guardrails",
    "Of what models read, read before",
}


@pytest.mark.timeout(120)
async def test_every_record_and_every_panel_has_its_figures(data: Path, tmp_path: Path, no_models: None) -> None:
    program("prometheus")
    async with (
        serving(data, PLAN, rate_limits="off", simulator_speed=0.0) as house,
        scraping(tmp_path / "prometheus", house.server.url, DEPLOY / RULES, house.http) as prometheus,
    ):
        user = Campaigner(house)

        async def calls(busy: str) -> str:
            """One that comes in and is talked in, and one that goes out. The id of the former."""
            talk = await house.call(CALLER, faults=ROOM)
            await user.completed(await user.campaign(busy))
            return talk.call

        async def has(query: str) -> bool:
            return any(not isnan(value) for value in await prometheus.values(query))

        async def seen(query: str) -> None:
            try:
                await until(lambda: has(query))
            except TimeoutError:
                pytest.fail(f"nothing of {query}")

        async with asyncio.TaskGroup() as tasks:
            long = tasks.create_task(house.call([Silence(LONG)], speed=1.0))
            ids = {await calls("+919800010003")}
            await seen("vaani_attempts_total > 0 and on () vaani_answer_seconds_count > 0")
            ids.add(await calls("+919800020003"))
            await seen("vaani:answers:rate > 0")
            await seen('vaani:attempts:rate{outcome="busy"} > 0')
            records = {record.name for group in GROUPS.values() for record in group}
            for name in records - QUIET_RECORDS:
                await seen(name)
            assert not [name for name in QUIET_RECORDS if await has(name)]
            long.cancel()
        panels = [(panel.title, query.text) for board in BOARDS for panel in board.panels for query in panel.queries]
        assert {title for title, query in panels if not await has(filled(query))} == QUIET_PANELS
        _, text = await house.get("/metrics")
        told = {family_of(name) for name in re.findall(r"^# TYPE (\S+)", text, re.MULTILINE)}
        assert told == {family_of(name) for name in Names.of(EveryMetric.made().registry).families}
        for query in [query for panel in CALLS.panels for query in panel.queries if query.exemplars]:
            assert ids <= {labels["call"] for labels in await prometheus.exemplars(filled(query.text))}, query.text


def filled(query: str) -> str:
    """As Grafana asks it with all chosen."""
    return re.sub(r"\$(node|transport|provider)", ".*", query).replace("$__rate_interval", "1m")
