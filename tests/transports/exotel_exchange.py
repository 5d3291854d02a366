"""A stand-in for Exotel: its REST API on a port of this machine, with people who answer or do not.

Beside tests it runs on its own: `python -m tests.transports.exotel_exchange --port 9000`.
"""

from __future__ import annotations

import asyncio
import os
import random
import time
from base64 import b64encode
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import orjson
from aiohttp import ClientError, ClientSession, ClientTimeout, web
from multidict import MultiMapping

from tests.transports.exotel_answers import API_KEY, API_TOKEN, SID, Fault, acceptable, answer, cut, refusing
from tests.transports.exotel_subscribers import Manner, PlacedCall, encoded, ist, national, open_stream
from transports.simulator.exotel_wire import CallFacts
from transports.simulator.flow import Next, SimulatedFlow

TRIES = 3
"""Of a status callback that is not answered by 200."""


class ExotelExchange:
    """An async context manager. `faults` befall the next dials, `read_faults` the next of all other requests."""

    def __init__(self, manner: Manner | None = None, *, port: int = 0, log: Path | None = None) -> None:
        """Each dial that is accepted is a line of JSON in the file `log` before it is answered."""
        self.manner = manner or Manner()
        self.url = ""
        self.calls: dict[str, PlacedCall] = {}
        self.forms: list[dict[str, list[str]]] = []
        """Of the dials, accepted or not."""
        self.asked: list[str] = []
        """Method and path with query of every request."""
        self.faults: deque[Fault] = deque()
        self.read_faults: deque[Fault] = deque()
        self._port, self._log = port, log
        self._chance = random.Random(self.manner.seed)
        self._times: deque[float] = deque()
        self._lives: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        root = f"/v1/Accounts/{SID}"
        app = web.Application(middlewares=[self._guard])
        app.router.add_post(f"{root}/Calls/connect.json", self._connect)
        app.router.add_get(f"{root}/Calls.json", self._list)
        app.router.add_get(f"{root}/Calls/{{sid}}.json", self._details)
        app.router.add_get(f"{root}/Numbers/{{number}}.json", self._number)
        app.router.add_get(f"{root}/ActiveStreams", self._streams)
        self._http = ClientSession(timeout=ClientTimeout(total=15))
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port).start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}"
        return self

    async def __aexit__(self, *_: object) -> None:
        for life in self._lives:
            life.cancel()
        await self.over()
        await self._runner.cleanup()
        await self._http.close()

    async def over(self) -> None:
        """Returns when every call has ended and everything has been told of it."""
        while self._lives:
            await asyncio.gather(*self._lives, return_exceptions=True)

    async def tell(self, report: Mapping[str, Any], url: str) -> int:
        """Posts a status callback, forged or not → the status of the answer, 0 if there was none."""
        content_type, body = encoded(report, self.manner.callbacks)
        try:
            async with self._http.post(url, data=body, headers={"Content-Type": content_type}) as reply:
                return reply.status
        except (ClientError, TimeoutError):
            return 0

    def place(self, form: MultiMapping[str], *, created: datetime | None = None) -> PlacedCall:
        """Also for tests that want a call in the books which nobody dialled over HTTP."""
        call = PlacedCall(
            account=SID,
            customer=national(form["From"]),
            exophone=national(form["CallerId"]),
            custom=form.get("CustomField", ""),
            outcome=self.manner.outcome(form["From"]),
            created=created or datetime.now(UTC),
            status_url=form.get("StatusCallback", ""),
            events=frozenset(form.getall("StatusCallbackEvents[]", ["terminal"])),
            stream_url=form.get("StreamUrl", "") or self.manner.voicebot,
        )
        self.calls[call.sid] = call
        if self._log is not None:
            line = {"sid": call.sid, "from": form["From"], "caller_id": form["CallerId"], "custom": call.custom}
            with self._log.open("ab") as log:
                log.write(orjson.dumps(line | {"at": call.created.isoformat()}) + b"\n")
                log.flush()
                os.fsync(log.fileno())
        life = asyncio.create_task(self._life(call))
        self._lives.add(life)
        life.add_done_callback(self._lives.discard)
        return call

    async def _life(self, call: PlacedCall) -> None:
        await asyncio.sleep(self.manner.ring)
        reports = []
        if call.outcome in ("completed", "machine"):
            call.answer(datetime.now(UTC))
            if "answered" in call.events and self.manner.extended:
                reports.append(call.report("answered"))
                if not self.manner.shuffled:
                    await self._deliver(call, reports.pop())
            if self.manner.opens_streams and call.stream_url:
                with suppress(ClientError, TimeoutError):  # a call whose socket breaks, or never opens, is over
                    while await open_stream(self._http, call, self.manner.talk) and await self._comes_back(call):
                        pass
            else:
                await asyncio.sleep(self.manner.talk)
        call.end(datetime.now(UTC))
        reports.append(call.report("terminal", extended=self.manner.extended))
        for report in reports:
            if not self.manner.shuffled:
                await self._deliver(call, report)
        if self.manner.shuffled:
            copies = reports * self.manner.copies
            self._chance.shuffle(copies)
            for report in copies:
                await self._send(call, report)

    async def _comes_back(self, call: PlacedCall) -> bool:
        """Plays the rest of the flow: whether it opens another stream."""
        if self.manner.applets is None:
            return False
        facts = CallFacts(call_sid=call.sid, from_number=call.customer, to_number=call.exophone)
        flow = SimulatedFlow(self.manner.applets, facts, self._http, speed=0)
        return await flow.after_the_bot() is Next.VOICEBOT

    async def _deliver(self, call: PlacedCall, report: Mapping[str, Any]) -> None:
        for _ in range(self.manner.copies):
            await self._send(call, report)

    async def _send(self, call: PlacedCall, report: Mapping[str, Any]) -> None:
        unheard = self._chance.random() < self.manner.missing
        if unheard or not call.status_url or self.manner.callbacks == "none":
            return
        await asyncio.sleep(self.manner.late)
        for _ in range(TRIES):
            if await self.tell(report, call.status_url) == 200:
                return
            await asyncio.sleep(0.05)

    @web.middleware
    async def _guard(self, request: web.Request, handler: Any) -> web.StreamResponse:
        self.asked.append(f"{request.method} {request.path_qs}")
        expected = "Basic " + b64encode(f"{API_KEY}:{API_TOKEN}".encode()).decode()
        if request.headers.get("Authorization") != expected:
            return answer(refusing(401, "Authentication failed"))
        if self._too_many():
            return answer(refusing(429, "Too many requests", Retry_After="1"))
        if request.method != "POST" and self.read_faults:
            fault = self.read_faults.popleft()
            return cut(request) if fault.cut else answer(fault)
        served: web.StreamResponse = await handler(request)
        return served

    def _too_many(self) -> bool:
        now = time.monotonic()
        while self._times and self._times[0] <= now - 60:
            self._times.popleft()
        if self.manner.requests_a_minute and len(self._times) >= self.manner.requests_a_minute:
            return True
        self._times.append(now)
        return False

    async def _connect(self, request: web.Request) -> web.Response:
        form = await request.post()
        fields = {name: [str(value) for value in form.getall(name)] for name in form}
        self.forms.append(fields)
        if not acceptable(fields):
            return answer(refusing(400, "Bad or missing parameters", code=34001))
        fault = self.faults.popleft() if self.faults else None
        if fault is not None and not fault.placed:
            return cut(request) if fault.cut else answer(fault)
        lost = self._chance.random() < self.manner.lose_answers
        delay = self._chance.uniform(*self.manner.accept_delay)
        if self.manner.placed_late:
            await asyncio.sleep(delay)
        call = self.place(form)  # type: ignore[arg-type]  # no field of ours is a file
        if not self.manner.placed_late:
            await asyncio.sleep(delay)
        if lost or (fault is not None and fault.cut):
            return cut(request)
        return answer(fault) if fault is not None else web.json_response({"Call": call.record()})

    async def _details(self, request: web.Request) -> web.Response:
        call = self.calls.get(request.match_info["sid"])
        if call is None:
            return answer(refusing(404, "Call not found"))
        record = call.record()
        if request.query.get("details") == "true":
            record["Details"] = call.details()
        return web.json_response({"Call": record})

    async def _list(self, request: web.Request) -> web.Response:
        """Only what is spelt as Exotel stores it is found."""
        wanted = request.query.get("From", "").split(",")
        since, until = _range(request.query.get("DateCreated", ""))
        found = [
            call
            for call in sorted(self.calls.values(), key=lambda call: call.created)
            if (wanted == [""] or call.customer in wanted) and since <= ist(call.created) <= until
        ]
        size = min(int(request.query.get("PageSize", 50)), 100)
        after = request.query.get("After", "")
        at = next((index for index, call in enumerate(found) if call.sid == after), -1) + 1
        page, rest = found[at : at + size], found[at + size :]
        following = str(request.rel_url.update_query(After=page[-1].sid)) if rest else None
        custom = self.manner.lists_custom_field
        return web.json_response(
            {
                "Metadata": {"Total": len(found), "PageSize": size, "PrevPageUri": None, "NextPageUri": following},
                "Calls": [call.record() | ({"CustomField": call.custom} if custom else {}) for call in page],
            }
        )

    async def _number(self, request: web.Request) -> web.Response:
        circle = {"Circle": "KA", "CircleName": "Karnataka Telecom Circle", "Type": "Mobile"}
        operator = {"Operator": "A", "OperatorName": "Airtel", "DND": "Yes"}
        return web.json_response({"Numbers": {"PhoneNumber": request.match_info["number"]} | circle | operator})

    async def _streams(self, _: web.Request) -> web.Response:
        active = sum(call.answered is not None and call.ended is None for call in self.calls.values())
        counts = f"<ActiveStreamCount>{active}</ActiveStreamCount><ThrottleLimit>100</ThrottleLimit>"
        text = f'<?xml version="1.0" encoding="UTF-8"?><TwilioResponse><Stream>{counts}</Stream></TwilioResponse>'
        return web.Response(text=text, content_type="application/xml")


def _range(condition: str) -> tuple[str, str]:
    ends = dict(each.split(":", 1) for each in condition.split(";") if each)
    return ends.get("gte", ""), ends.get("lte", "~")


if __name__ == "__main__":
    from tests.transports.exotel_standalone import main

    main()
