"""A server that takes Exotel's status callbacks, for tests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from aiohttp import web
from multidict import MultiDict

from tests.transports.exotel_dials import CALLER_ID
from tests.transports.exotel_exchange import ExotelExchange
from tests.transports.exotel_subscribers import Manner, PlacedCall
from transports.exotel.callbacks import StatusReport, read_report


class Reports:
    """An async context manager. Answers each report with `status`."""

    def __init__(self, status: int = 200) -> None:
        self.read: list[StatusReport] = []
        self.requests: list[web.Request] = []
        self.url = ""
        self._status = status

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_post("/exotel/status", self._take)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}/exotel/status?token=fab"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    async def _take(self, request: web.Request) -> web.Response:
        self.requests.append(request)
        self.read.append(read_report(request.headers["Content-Type"], await request.read()))
        return web.Response(status=self._status)


@dataclass(frozen=True)
class Told:
    call: PlacedCall
    read: list[StatusReport]


async def reports(digits: str, manner: Manner, *, status: int = 200) -> Told:
    """All that is told of one call to a number that ends so."""
    async with Reports(status) as server, ExotelExchange(manner) as exchange:
        form = MultiDict({"From": f"+91980000{digits}", "CallerId": CALLER_ID, "CustomField": "cal_1"})
        form["StatusCallback"] = server.url
        for event in ("terminal", "answered"):
            form.add("StatusCallbackEvents[]", event)
        call = exchange.place(form)
        await exchange.over()
        return Told(call, server.read)
