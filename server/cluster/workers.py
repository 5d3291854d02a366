"""Several processes that answer on one port of this machine: a parent that starts, replaces and ends them.

Each has a listening socket of its own (SO_REUSEPORT), which the parent opened and keeps open. A connection that waits
in it while a process is replaced, or after one has died, is taken by the next.
"""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import signal
import socket
import sys
from asyncio.subprocess import Process
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from server.cluster.node import node_name
from server.cluster.seat import READY
from server.command import console, welcome
from server.first_start import first_start
from server.keyring import keyring, not_lost
from server.settings import Settings
from server.start import StartError, alone
from storage.database import Database
from storage.migrations import migrate

FIRST_WAIT, LONGEST_WAIT = 0.5, 15.0
"""Seconds before a process that has died is replaced; each wait is twice the one before."""
SOUND_SECONDS = 60.0
"""Who has lived so long did not die of its start."""
RETIRE = signal.SIGUSR1
"""Another one has your place: take no connection any more, then drain."""

_log = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class _Worker:
    process: Process
    line: asyncio.StreamReader
    end: asyncio.StreamWriter
    """Of the line: while it is held, the process knows that we live."""
    started: float
    ready: asyncio.Event = field(default_factory=asyncio.Event)


class Workers:
    def __init__(self, settings: Settings, node: str, doors: list[socket.socket]) -> None:
        self._settings, self._node, self._doors = settings, node, doors
        self._seated: list[_Worker | None] = [None] * len(doors)
        self._all: set[_Worker] = set()
        """Those who drain as well."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._stopping = asyncio.Event()
        self._rolling = asyncio.Lock()

    async def start(self) -> None:
        """Returns once all are ready. Raises StartError if one ends before it is."""
        for slot in range(len(self._doors)):
            self._seated[slot] = await self._spawn(slot)
        for worker in list(self._all):
            await _ready(worker)
            if not worker.ready.is_set():
                await self.stop()
                raise StartError("One of the processes could not start: its own message says why.")
        for slot in range(len(self._doors)):
            self._beside(slot)

    async def stop(self) -> None:
        """Each drains. Asked twice, each stops at once."""
        self._stopping.set()
        for worker in self._all:
            _signal(worker, signal.SIGTERM)
        for worker in list(self._all):
            await worker.process.wait()
        for task in self._tasks:
            task.cancel()

    async def replace_all(self) -> None:
        """One after the other: each goes when the next one in its place is ready."""
        async with self._rolling:
            for slot in range(len(self._doors)):
                if self._stopping.is_set():
                    return
                fresh = await self._spawn(slot)
                await _ready(fresh)
                if not fresh.ready.is_set():
                    _log.error("a process could not be replaced: the one before goes on", extra={"slot": slot})
                    return
                old, self._seated[slot] = self._seated[slot], fresh
                if old is not None:
                    _signal(old, RETIRE)
        _log.info("all processes were replaced", extra={"workers": len(self._doors)})

    def _beside(self, slot: int) -> None:
        task = asyncio.create_task(self._keep(slot))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _keep(self, slot: int) -> None:
        """Starts another one whenever the one in this place dies."""
        wait = FIRST_WAIT
        while not self._stopping.is_set():
            seated = self._seated[slot]
            if seated is not None:
                status = await seated.process.wait()
                if seated is not self._seated[slot] or self._stopping.is_set():
                    continue
                lived = asyncio.get_running_loop().time() - seated.started
                wait = FIRST_WAIT if lived >= SOUND_SECONDS else wait
                _log.error("a process has died", extra={"slot": slot, "status": status, "again_in": wait})
            await asyncio.sleep(wait)
            wait = min(wait * 2, LONGEST_WAIT)
            if seated is self._seated[slot] and not self._stopping.is_set():
                self._seated[slot] = await self._spawn(slot)

    async def _spawn(self, slot: int) -> _Worker:
        ours, theirs = socket.socketpair()
        door = self._doors[slot]
        node = f"{self._node[:60]}.{slot}-{secrets.token_hex(3)}"
        command = [sys.executable, "-m", "server", "worker", node, str(slot), str(door.fileno()), str(theirs.fileno())]
        with theirs:
            process = await asyncio.create_subprocess_exec(
                *command,
                pass_fds=(door.fileno(), theirs.fileno()),
                start_new_session=True,  # Ctrl-C is for the parent, which tells them
            )
        reader, writer = await asyncio.open_connection(sock=ours)
        worker = _Worker(process, reader, writer, asyncio.get_running_loop().time())
        self._all.add(worker)
        task = asyncio.create_task(self._gone(worker))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return worker

    async def _gone(self, worker: _Worker) -> None:
        await worker.process.wait()
        worker.end.close()
        self._all.discard(worker)


async def _ready(worker: _Worker) -> None:
    """Or it has ended."""
    if await worker.line.readline() == READY:
        worker.ready.set()


def _signal(worker: _Worker, number: signal.Signals) -> None:
    if worker.process.returncode is None:
        worker.process.send_signal(number)


def must_share(settings: Settings) -> None:
    """Raises StartError."""
    if settings.redis_url is None or not settings.database.startswith("postgresql"):
        raise StartError(
            "Several processes need a PostgreSQL and a Redis to share: set VAANI_DATABASE_URL and VAANI_REDIS_URL."
        )


async def serve_many(settings: Settings, count: int) -> None:
    """Until SIGTERM, and then until the last call is over. SIGHUP replaces every process. Raises StartError."""
    must_share(settings)
    with alone(settings.data_dir), _doors(settings, count) as doors:
        await migrate(settings.database)
        async with Database(settings.database) as database:
            first_key = await first_start(database, settings)
            await not_lost(settings, database)
        await asyncio.to_thread(keyring, settings)
        port = doors[0].getsockname()[1]
        settings = settings.model_copy(update={"port": port})
        workers = Workers(settings, await asyncio.to_thread(node_name, settings), doors)
        stop, again = asyncio.Event(), asyncio.Event()

        def asked_to_stop() -> None:
            if stop.is_set():
                again.set()
            stop.set()

        loop = asyncio.get_running_loop()
        rolls: set[asyncio.Task[None]] = set()

        def asked_to_replace() -> None:
            task = asyncio.create_task(workers.replace_all())
            rolls.add(task)
            task.add_done_callback(rolls.discard)

        for name in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(name, asked_to_stop)
        starting = asyncio.create_task(workers.start())
        stopped = asyncio.create_task(stop.wait())
        await asyncio.wait([starting, stopped], return_when=asyncio.FIRST_COMPLETED)
        if starting.done():
            await starting
            loop.add_signal_handler(signal.SIGHUP, asked_to_replace)
            welcome(settings.url, first_key)
            console.print(f"{count} processes. Ctrl-C stops them, SIGHUP replaces one after the other.")
            await stop.wait()
        ending = asyncio.create_task(workers.stop())
        hurried = asyncio.create_task(again.wait())
        await asyncio.wait([ending, hurried], return_when=asyncio.FIRST_COMPLETED)
        if not ending.done():
            await workers.stop()
        await ending
        for task in (starting, stopped, hurried, *rolls):
            task.cancel()


@contextmanager
def _doors(settings: Settings, count: int) -> Iterator[list[socket.socket]]:
    """Bound, and listening only once a process listens. Raises StartError."""
    doors: list[socket.socket] = []
    try:
        port = _free(settings)
        for _ in range(count):
            door = _socket(settings)
            doors.append(door)
            door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            door.bind((settings.host, port))
            os.set_inheritable(door.fileno(), False)
        yield doors
    except OSError as error:
        raise StartError(f"The server cannot listen: {error.strerror or error}.") from None
    finally:
        for door in doors:
            door.close()


def _free(settings: Settings) -> int:
    """The port, which nobody else may have: with SO_REUSEPORT another group of ours would not be noticed."""
    with _socket(settings) as probe:
        probe.bind((settings.host, settings.port))
        port: int = probe.getsockname()[1]
        return port


def _socket(settings: Settings) -> socket.socket:
    made = socket.socket(socket.AF_INET6 if ":" in settings.host else socket.AF_INET)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    return made
