"""A server that has taken many calls is as big as one that has taken a few."""

from __future__ import annotations

import asyncio
import gc
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import psutil
import pytest

from control_api.records import stories
from storage import sqlite
from tests.patience import until
from tests.server.house import scripted
from tests.server.serving import Serving, serving
from transports.loopback import tone
from transports.simulator.crowd import Crowd, Track

AT_ONCE = 50
WARM, CALLS = 300, 1000
GROWTH = 1.0
"""MB for each 1000 calls."""
TRACK = Track(tone(0.4, loud=20) + tone(0.5) + tone(1.6, loud=20), [(0.4, 0.9)])
"""A caller in a room that is not quite silent, who asks one thing and hears a part of the answer."""


@pytest.mark.soak
@pytest.mark.timeout(300)
async def test_a_thousand_calls_leave_nothing_behind(
    data: Path, record_testsuite_property: Callable[[str, object], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    # What has a bound is no leak: what is told for ten minutes after a call, and 2 MB of pages a database connection.
    monkeypatch.setattr(stories, "KEPT_SECONDS", 1.0)
    for settings in ("WRITER_SETTINGS", "READER_SETTINGS"):
        monkeypatch.setattr(sqlite, settings, (*getattr(sqlite, settings), "PRAGMA cache_size = -64"))
    asyncio.get_running_loop().set_debug(False)  # what it notes of every task is not the server's
    process = psutil.Process()
    async with serving(data, scripted(heard=["what time is it?"], says=["It is noon."])) as house:
        await crowd(house, WARM)
        gc.collect()
        await asyncio.sleep(2)  # the last lines are written, the last sockets closed
        tasks, files = len(asyncio.all_tasks()), process.num_fds()
        sizes: list[tuple[int, float]] = []
        for done in range(0, CALLS + 1, AT_ONCE):
            if done:
                await crowd(house, AT_ONCE)
            gc.collect()
            sizes.append((done, process.memory_info().rss / 1e6))
        await until(lambda: len(asyncio.all_tasks()) <= tasks and process.num_fds() <= files)
        async with house.database.read() as work:
            calls, total = await work.calls.newest(1)
        turns = await house.turns(calls[0].id)
        assert total == WARM + CALLS
        assert [turn.text for turn in turns] == ["what time is it?", "It is noon."]
        assert await house.metric('vaani_calls_total{outcome="connected",transport="exotel"}') == total
    after, size = np.array(sizes).T
    growth = float(np.polyfit(after, size, 1)[0]) * 1000
    record_testsuite_property("megabytes_a_thousand_calls", growth)
    assert growth <= GROWTH, sizes


async def crowd(house: Serving, calls: int) -> None:
    """So many calls to the end of their books."""
    port = int(house.server.url.rsplit(":", 1)[1])
    for _ in range(0, calls, AT_ONCE):
        report = await Crowd("127.0.0.1", port, TRACK, calls=AT_ONCE, spread=0.5).run()
        assert [call.refused or call.dropped for call in report.calls] == [0] * AT_ONCE
        await until(lambda: not len(house.server.switchboard))
    assert os.listdir(house.settings.data_dir / "recordings" / "unfinished") == []
