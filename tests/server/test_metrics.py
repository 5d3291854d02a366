from __future__ import annotations

import asyncio
import socket
from contextlib import suppress

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from prometheus_client import CollectorRegistry

from pipeline.news import Answered
from processors.meter import Labels, Meter, Metrics
from server.metrics import LoopLag, metrics_route, metrics_site
from server.start import StartError
from tests.patience import until


def test_a_stall_is_as_many_late_ticks_as_it_hid() -> None:
    registry = CollectorRegistry()
    lag = LoopLag(registry)
    assert lag.ticked(0.001) == 1
    assert lag.ticked(0.21) == 11
    assert registry.get_sample_value("vaani_loop_lag_seconds_count") == 12
    assert registry.get_sample_value("vaani_loop_lag_seconds_bucket", {"le": "0.02"}) == 2
    assert registry.get_sample_value("vaani_loop_lag_worst_seconds") == 0.21


async def test_the_loop_is_watched_until_nobody_wants_to_know_any_more() -> None:
    registry = CollectorRegistry()
    watching = asyncio.create_task(LoopLag(registry).watch())
    await until(lambda: (registry.get_sample_value("vaani_loop_lag_seconds_count") or 0) >= 2)
    watching.cancel()
    with suppress(asyncio.CancelledError):
        await watching


async def test_a_port_that_is_taken_is_told_and_no_other_trouble_for_that() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(StartError, match="VAANI_METRICS_PORT"):
        async with metrics_site(CollectorRegistry(), "127.0.0.1", taken.getsockname()[1]):
            pass
    with pytest.raises(ConnectionResetError):
        async with metrics_site(CollectorRegistry(), "127.0.0.1", 0):
            raise ConnectionResetError


@pytest.mark.parametrize(
    ("accept", "kind", "has_exemplar"),
    [
        ("*/*", "text/plain", False),
        ("text/plain;version=0.0.4", "text/plain", False),
        ("application/openmetrics-text;version=1.0.0,text/plain;q=0.5", "application/openmetrics-text", True),
    ],
)
async def test_a_slow_answer_names_its_call_to_whoever_asks_for_openmetrics(
    accept: str, kind: str, has_exemplar: bool
) -> None:
    registry = CollectorRegistry()
    meter = Meter(Metrics(registry), Labels("exotel", call="cal_1"))
    meter.emit = lambda frame: None
    meter.process(Answered(3, 4.0, 0.2, 0.35, 0.4, 0.5, 0.52, 0.53))
    app = web.Application()
    app.add_routes([metrics_route(registry)])
    async with TestClient(TestServer(app)) as client:
        answer = await client.get("/metrics", headers={"Accept": accept})
        text = await answer.text()
    assert answer.content_type == kind
    bucket = 'vaani_answer_seconds_bucket{le="0.65",transport="exotel"} 1.0'
    assert bucket in text
    assert (f'{bucket} # {{call="cal_1",reply="3"}} 0.53' in text) is has_exemplar
    assert text.count("cal_1") == (7 if has_exemplar else 0)
    assert 'call="' not in text.replace('# {call="', "")
