from __future__ import annotations

import asyncio
import socket
import time
from contextlib import suppress

import pytest
from prometheus_client import CollectorRegistry

from server.metrics import LoopLag, metrics_site
from server.start import StartError


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


async def test_a_port_that_is_taken_is_told_and_no_other_trouble_for_that() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(StartError, match="VAANI_METRICS_PORT"):
        async with metrics_site(CollectorRegistry(), "127.0.0.1", taken.getsockname()[1]):
            pass
    with pytest.raises(ConnectionResetError):
        async with metrics_site(CollectorRegistry(), "127.0.0.1", 0):
            raise ConnectionResetError
