"""A whole server in this process, on a port and a data folder of its own, and who calls it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from aiohttp import ClientSession
from pydantic import SecretStr

from server.settings import Settings
from server.wiring import Server, running
from storage.database import Database
from storage.records import Call, CallStatus, FlowKind
from tests.patience import until
from tests.server.books import Books
from tests.storage.samples import NOW, TOKEN
from transports.simulator.exotel_wire import CallFacts
from transports.simulator.line import Conversation, SimulatedLine
from transports.simulator.people import Person, Step


def settings(data: Path, **more: Any) -> Settings:
    given: dict[str, Any] = {"port": 0, "data_dir": data, "node": "one", "bootstrap_api_key": SecretStr(TOKEN)}
    return Settings(**given | more)


@dataclass
class Serving(Books):
    server: Server
    settings: Settings
    http: ClientSession

    @property
    def wire(self) -> str:
        return self.server.url.replace("http", "ws", 1) + "/ws/exotel"

    async def agent(self, config: Mapping[str, Any]) -> None:
        """What the demo line's agent does from now on."""
        async with self.database.begin() as work:
            (flow,) = [flow for flow in await work.flows.every() if flow.kind is FlowKind.INBOUND]
            agent = await work.agents.get(flow.agent_id or "")
            assert agent is not None
            await work.agents.save(replace(agent, config=config), now=NOW)

    async def call(
        self, steps: Sequence[Step] | Person, *, facts: CallFacts | None = None, speed: float = 0, **options: Any
    ) -> Conversation:
        """One simulated call to the end of its books. At speed 0 it goes as fast as the server takes it."""
        facts = facts or CallFacts()
        person = steps if isinstance(steps, Person) else Person(steps, rate=facts.rate)
        talk = await SimulatedLine(self.wire, person, facts, speed=speed, **options).run(self.http)
        await self.over(talk.call)
        return talk

    async def over(self, call: str) -> Call:
        """The row, once it is closed."""

        async def closed() -> bool:
            return (await self.row(call)).status is CallStatus.ENDED

        await until(closed)
        return await self.row(call)

    async def get(self, path: str) -> tuple[int, str]:
        async with self.http.get(self.server.url + path) as answer:
            return answer.status, await answer.text()

    async def metric(self, name: str) -> float:
        """A line of /metrics by its name and labels as they stand there; 0 if it is not there."""
        _, text = await self.get("/metrics")
        found = re.search(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE)
        return float(found[1]) if found else 0.0


@asynccontextmanager
async def serving(data: Path, plan: Mapping[str, Any] | None = None, **more: Any) -> AsyncIterator[Serving]:
    given = settings(data, **more)
    async with running(given) as server, Database(given.database) as database, ClientSession() as http:
        await server.ready.wait()
        house = Serving(database, server, given, http)
        if plan is not None:
            await house.agent(plan)
        yield house
