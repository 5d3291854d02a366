"""What the books say of a call."""

from __future__ import annotations

from dataclasses import dataclass

from storage.database import Database
from storage.records import Call, Turn, TurnLatency


@dataclass
class Books:
    database: Database

    async def row(self, call: str) -> Call:
        async with self.database.read() as work:
            row = await work.calls.get(call)
        assert row is not None
        return row

    async def turns(self, call: str) -> list[Turn]:
        async with self.database.read() as work:
            return await work.calls.turns(call)

    async def latencies(self, call: str) -> list[TurnLatency]:
        async with self.database.read() as work:
            return await work.calls.latencies(call)
