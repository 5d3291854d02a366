"""A process that writes calls until it is killed, and says of each when it is safe."""

from __future__ import annotations

import asyncio
from multiprocessing.connection import Connection

from storage.database import Database
from tests.storage.samples import a_call, a_turn


def write_for_ever(url: str, organisation: str, said: Connection) -> None:
    asyncio.run(_write(url, organisation, said))


async def _write(url: str, organisation: str, said: Connection) -> None:
    async with Database(url) as database:
        while True:
            call = a_call(organisation)
            async with database.begin(organisation) as work:
                await work.calls.open(call)
                await work.calls.add_turns([a_turn(call.id, position) for position in range(5)])
                await work.announce("call.started", {"call": call.id})
            said.send(call.id)
