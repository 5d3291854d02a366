"""Servers in processes of their own on one PostgreSQL and one Redis, and callers who notice when they are cut off."""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import aiohttp
import psutil

from storage.database import Database
from storage.nodes import Node
from storage.records import Call, CallStatus, FlowKind
from tests.patience import until
from tests.server.house import scripted
from tests.storage.samples import NOW, TOKEN
from transports.simulator.exotel_wire import CallFacts, CarrierWriter

ROOT = Path(__file__).parents[2]
PLAN = scripted(greeting="Hello there, how can I help you today?")
SILENCE = bytes(1600)
PIECE_SECONDS = 0.1
"""Of silence, at 8 kHz."""
HEADERS = {"Authorization": f"Bearer {TOKEN}"}


@dataclass
class Caller:
    """Says nothing, in real time, until it hangs up."""

    sid: str
    socket: aiohttp.ClientWebSocketResponse
    was_cut: bool = False
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)

    def begin(self) -> None:
        self._tasks = [asyncio.create_task(self._speak()), asyncio.create_task(self._listen())]

    async def hang_up(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.socket.close()

    async def _speak(self) -> None:
        writer, at = CarrierWriter(CallFacts(call_sid=self.sid, stream_sid=self.sid)), 0.0
        with suppress(ConnectionError):  # it is noticed where it listens
            await self.socket.send_str(writer.start().decode())
            while True:
                await self.socket.send_str(writer.media(SILENCE, at).decode())
                await asyncio.sleep(PIECE_SECONDS)
                at += PIECE_SECONDS

    async def _listen(self) -> None:
        async for _ in self.socket:
            pass
        self.was_cut = True


@dataclass
class Cluster:
    database: Database
    http: aiohttp.ClientSession
    callers: list[Caller] = field(default_factory=list)

    async def rings(self, url: str, sid: str) -> Caller:
        socket = await self.http.ws_connect(f"{url.replace('http', 'ws', 1)}/ws/exotel")
        caller = Caller(sid, socket)
        self.callers.append(caller)
        caller.begin()
        await until(lambda: self._is_open(sid))
        return caller

    async def row(self, sid: str) -> Call:
        async with self.database.read() as work:
            row = await work.calls.by_carrier("exotel", sid)
        assert row is not None
        return row

    async def nodes(self) -> list[Node]:
        async with self.database.read() as work:
            return await work.nodes.every()

    async def over(self, sid: str, seconds: float = 15.0) -> Call:
        async def ended() -> bool:
            return (await self.row(sid)).status is CallStatus.ENDED

        await until(ended, seconds)
        return await self.row(sid)

    async def _is_open(self, sid: str) -> bool:
        async with self.database.read() as work:
            return await work.calls.by_carrier("exotel", sid) is not None


@asynccontextmanager
async def cluster_of(database_url: str) -> AsyncIterator[Cluster]:
    fresh = aiohttp.TCPConnector(force_close=True)  # a connection for each: it may reach another process
    async with Database(database_url) as database, aiohttp.ClientSession(connector=fresh) as http:
        async with database.begin() as work:
            (flow,) = [flow for flow in await work.flows.every() if flow.kind is FlowKind.INBOUND]
            agent = await work.agents.get(flow.agent_id or "")
            assert agent is not None
            await work.agents.save(replace(agent, config=PLAN), now=NOW)
        cluster = Cluster(database, http)
        try:
            yield cluster
        finally:
            for caller in cluster.callers:
                await caller.hang_up()


@asynccontextmanager
async def server(folder: Path, *arguments: str, **variables: str) -> AsyncIterator[tuple[Process, str]]:
    """Its process, and where it answers, once it is ready. Killed at the end, if it still runs."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "VAANI_PORT": "0", "VAANI_DATA_DIR": str(folder), **variables}
    with (folder.parent / f"{folder.name}.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "server", *arguments, cwd=folder.parent, env=environment, stdout=PIPE, stderr=log
        )
        children: list[psutil.Process] = []
        try:
            url = await _ready(process)
            children = psutil.Process(process.pid).children()
            yield process, url
        finally:
            if process.returncode is None:
                children += psutil.Process(process.pid).children()
                process.kill()
            for child in children:
                with suppress(psutil.NoSuchProcess):
                    child.kill()
            await process.communicate()


async def _ready(process: Process) -> str:
    assert process.stdout is not None
    async with asyncio.timeout(50):
        while not (line := (await process.stdout.readline()).decode()).startswith("Vaani answers at "):
            assert line, "it ended"
        url = line.split()[-1]
        async with aiohttp.ClientSession() as http:
            while True:
                async with http.get(f"{url}/readyz") as answer:
                    if answer.status == 200:
                        return url
                await asyncio.sleep(0.05)
