"""What is counted of requests, and that strangers make no labels."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from prometheus_client import CollectorRegistry

from server.http_metrics import HttpMetrics

Client = TestClient[web.Request, web.Application]


@dataclass
class Counted:
    registry: CollectorRegistry
    client: Client

    def requests(self) -> dict[tuple[str, str, str], float]:
        """By method, route and status."""
        return {
            (sample.labels["method"], sample.labels["route"], sample.labels["status"]): sample.value
            for family in self.registry.collect()
            for sample in family.samples
            if sample.name == "vaani_http_requests_total"
        }


@pytest.fixture
async def counted() -> AsyncIterator[Counted]:
    async def show(request: web.Request) -> web.Response:
        match request.match_info["id"]:
            case "away":
                raise web.HTTPServiceUnavailable
            case "bug":
                raise ValueError
        return web.Response(text="shown")

    async def stream(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"bit by bit")
        return response

    registry = CollectorRegistry()
    app = web.Application(middlewares=[HttpMetrics(registry).middleware()])
    app.add_routes([web.get("/things/{id}", show), web.get("/stream", stream)])
    async with TestClient(TestServer(app)) as client:
        yield Counted(registry, client)


async def test_requests_are_counted_by_the_route_as_it_is_declared(counted: Counted) -> None:
    for name in ("one", "two", "away", "bug"):
        await counted.client.get(f"/things/{name}?token=secret")
    assert counted.requests() == {
        ("GET", "/things/{id}", "2xx"): 2,
        ("GET", "/things/{id}", "5xx"): 1,
        ("GET", "/things/{id}", "503"): 1,
    }


async def test_whatever_strangers_ask_for_is_one_series_for_each_kind_of_refusal(counted: Counted) -> None:
    for path in ("/wp-admin", "/.env", "/things"):
        await counted.client.get(path)
    for method in ("POST", "PROPFIND", "MKCOL"):
        await counted.client.request(method, "/things/one")
    assert counted.requests() == {("*", "unknown", "4xx"): 6}


async def test_only_what_is_answered_as_a_whole_is_timed(counted: Counted) -> None:
    await counted.client.get("/stream")
    assert counted.registry.get_sample_value("vaani_http_seconds_count", {"method": "GET"}) is None
    await counted.client.get("/things/one")
    assert counted.registry.get_sample_value("vaani_http_seconds_count", {"method": "GET"}) == 1
    assert counted.requests()["GET", "/stream", "2xx"] == 1
