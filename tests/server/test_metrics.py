from __future__ import annotations

import asyncio
import time
from contextlib import suppress

from prometheus_client import CollectorRegistry

from server.metrics import LoopLag


async def test_a_stall_is_as_many_late_ticks_as_it_hid() -> None:
    registry = CollectorRegistry()
    watching = asyncio.create_task(LoopLag(registry).watch())
    await asyncio.sleep(0.03)
    time.sleep(0.2)  # noqa: ASYNC251 - the stall
    await asyncio.sleep(0.03)
    watching.cancel()
    with suppress(asyncio.CancelledError):
        await watching
    every = registry.get_sample_value("vaani_loop_lag_seconds_count") or 0
    quick = registry.get_sample_value("vaani_loop_lag_seconds_bucket", {"le": "0.02"}) or 0
    assert every >= 10
    assert every - quick >= 8
    assert (registry.get_sample_value("vaani_loop_lag_worst_seconds") or 0) >= 0.18
