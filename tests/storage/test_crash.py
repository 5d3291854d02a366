from __future__ import annotations

import multiprocessing
import random
from multiprocessing.connection import Connection

from sqlalchemy import text

from storage.database import Database
from storage.seed import Seeded
from tests.storage.writer import write_for_ever

KILLS = 10


async def test_a_killed_writer_loses_nothing_that_was_acknowledged(
    database_url: str, database: Database, seeded: Seeded
) -> None:
    acknowledged: list[str] = []
    chance = random.Random(7)
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload(["tests.storage.writer"])
    for _ in range(KILLS):
        hears: Connection
        hears, says = processes.Pipe(duplex=False)
        writer = processes.Process(target=write_for_ever, args=(database_url, seeded.organisation, says))
        writer.start()
        says.close()
        acknowledged += [hears.recv() for _ in range(chance.randint(1, 30))]
        if chance.random() < 0.7:
            hears.poll(chance.uniform(0, 0.01))  # die in the middle of the next one
        writer.kill()
        writer.join()
        try:
            while True:  # what it still managed to say before it died
                acknowledged.append(hears.recv())
        except EOFError:
            hears.close()

    async with database.connect() as connection:
        if connection.dialect.name == "sqlite":
            assert await connection.scalar(text("PRAGMA integrity_check")) == "ok"
            assert (await connection.execute(text("PRAGMA foreign_key_check"))).all() == []
    async with database.read() as work:
        calls, total = await work.calls.newest(100_000)
        assert set(acknowledged) <= {call.id for call in calls}
        assert total - len(acknowledged) <= KILLS  # at most the one that each was about to acknowledge
        assert len(await work.outbox.waiting(100_000)) == total
        for call in calls:
            assert len(await work.calls.turns(call.id)) == 5
