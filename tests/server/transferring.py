"""A whole server, somebody who calls it through a flow of its carrier, and a queue of human agents."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

from control_api.links.flow_urls import FlowUrls
from pipeline.audio import frame_bytes
from server.keyring import keyring
from storage.records import Call, CallStatus
from tests.patience import until
from tests.server.serving import Serving
from tests.storage.samples import TOKEN
from transports.simulator.exotel_wire import CallFacts
from transports.simulator.flow import Applets, Next, SimulatedFlow
from transports.simulator.line import SimulatedLine
from transports.simulator.people import Moment, Person

QUEUE = "sales_specialist"
CALLER, LINE = "+919800000077", "+918000000002"


class Listener(Person):
    """Says nothing, and stays until told to leave."""

    def __init__(self) -> None:
        super().__init__([])
        self.leaves = False

    def tick(self, bot_audible: bool) -> Moment:
        return Moment(bytes(frame_bytes(8000)), gone=self.leaves)


@dataclass
class Phone:
    """One call, from the first line to whatever its carrier's flow makes of it."""

    house: Serving
    person: Person = field(default_factory=Listener)
    sid: str = "CA1"
    streams: int = 0
    flows: list[SimulatedFlow] = field(default_factory=list)
    ways: list[Next] = field(default_factory=list)

    @property
    def facts(self) -> CallFacts:
        return CallFacts(f"MZ{self.streams}", self.sid, "simulator", CALLER, LINE)

    async def run(self) -> None:
        urls = FlowUrls.of(self.house.server.url, await asyncio.to_thread(keyring, self.house.settings))
        while True:
            self.streams += 1
            talk = await SimulatedLine(self.house.wire, self.person, self.facts, speed=0).run(self.house.http)
            if not talk.bot_left:
                return
            async with self.house.database.read() as work:
                organisation = await work.organisations.first()
            assert organisation is not None
            applets = Applets(urls.passthru(organisation.id), urls.connect(organisation.id))
            flow = SimulatedFlow(applets, self.facts, self.house.http, speed=0)
            self.flows.append(flow)
            self.ways.append(await flow.after_the_bot())
            if self.ways[-1] is not Next.VOICEBOT:
                return

    async def row(self) -> Call:
        async with self.house.database.read() as work:
            call = await work.calls.by_carrier("exotel", self.sid)
        assert call is not None
        return call

    async def call(self) -> Call:
        """Once it is in progress."""
        found: list[Call] = []

        async def there() -> bool:
            async with self.house.database.read() as work:
                call = await work.calls.by_carrier("exotel", self.sid)
            if call is not None and call.status is CallStatus.IN_PROGRESS:
                found.append(call)
            return bool(found)

        await until(there)
        return found[0]


@dataclass
class Desk:
    """Asks the API of a server."""

    house: Serving

    async def ask(self, method: str, path: str, json: Any = None) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        url = f"{self.house.server.url}/api/voice{path}"
        async with self.house.http.request(method, url, json=json, headers=headers) as answer:
            return answer.status, await answer.json()

    async def queue(self, *phones: str, **more: Any) -> str:
        _, queue = await self.ask("POST", "/queues", {"name": QUEUE, **more})
        for phone in phones:
            status, _ = await self.ask("POST", f"/queues/{queue['uuid']}/members", {"name": "Asha", "phone": phone})
            assert status == 201
        return str(queue["uuid"])

    async def transfer(self, call: str, brief: str = "Wants the desk by Friday.", **more: Any) -> tuple[int, Any]:
        body = {"target": QUEUE, "agent_brief": brief, **more}
        return await self.ask("POST", f"/calls/{call}/transfer", body)

    async def transfers(self, call: str) -> list[dict[str, Any]]:
        _, found = await self.ask("GET", f"/calls/{call}/transfers")
        return list(found["transfers"])

    async def said(self, call: str, text: str) -> None:
        """Returns once the transcript has it."""

        async def there() -> bool:
            return any(turn.text == text for turn in await self.house.turns(call))

        await until(there)
