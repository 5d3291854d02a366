"""A line to PostgreSQL that can be cut and mended, and that counts what is asked on it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

SOCKET = ".s.PGSQL.5432"


class Line:
    """A socket in `folder` that leads to the one in `server`."""

    def __init__(self, folder: Path, server: Path) -> None:
        self._near, self._far = folder / SOCKET, server / SOCKET
        self._carrying: set[asyncio.Task[None]] = set()
        self._door: asyncio.Server | None = None
        self.asked = 0
        """Messages of clients: who waits for each answer before it asks again has made so many round trips."""

    async def mend(self) -> None:
        self._door = await asyncio.start_unix_server(self._enter, self._near)

    async def cut(self) -> None:
        """Whoever is on it is cut off, and nobody can call."""
        assert self._door is not None
        self._door.close()
        for task in self._carrying:
            task.cancel()
        await asyncio.gather(*self._carrying, return_exceptions=True)

    def _enter(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._carry(reader, writer))
        self._carrying.add(task)
        task.add_done_callback(self._carrying.discard)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        back, forth = await asyncio.open_unix_connection(self._far)
        answers = asyncio.create_task(self._pump(back, writer))
        try:
            while message := await reader.read(1 << 16):
                self.asked += 1
                forth.write(message)
        finally:
            answers.cancel()
            for end in (writer, forth):
                end.close()
                with suppress(OSError):
                    await end.wait_closed()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while message := await reader.read(1 << 16):
            writer.write(message)
        writer.close()


@asynccontextmanager
async def line(folder: Path, server: Path) -> AsyncIterator[Line]:
    line = Line(folder, server)
    await line.mend()
    try:
        yield line
    finally:
        await line.cut()
