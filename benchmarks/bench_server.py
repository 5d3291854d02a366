"""A server in a process of its own, on a core of its own, and what it costs."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import psutil

from storage.database import Database
from storage.migrations import migrate
from storage.seed import seed

SERVER_CORE, LOAD_CORE = 0, 1
START_WAIT = 60.0

INSTANT: dict[str, Any] = {
    "stt": {"provider": "scripted", "options": {"lines": ["I would like to know when my order will arrive."]}},
    "llm": {"provider": "scripted", "options": {"replies": ["Your order is on its way and will arrive on Thursday."]}},
    "tts": {"provider": "scripted", "options": {"seconds_per_reply": 3.0}},
    "vad": {"stop_seconds": 0.2},
    "turns": {"after_sentence": 0, "after_number": 0, "after_open": 0},
    "smart_turn": False,
}
"""A call plan whose providers answer at once: what is measured is the server."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What a process has used since it began."""

    cpu: float
    """Seconds, all threads."""
    rss: int
    """Bytes."""


class Measured:
    """A server that runs; children counted in."""

    def __init__(self, pid: int, port: int, ready_at: float) -> None:
        self.port, self.ready_at = port, ready_at
        self._process = psutil.Process(pid)

    def cost(self) -> Cost:
        everyone = [self._process, *self._process.children(recursive=True)]
        times = [process.cpu_times() for process in everyone]
        return Cost(sum(t.user + t.system for t in times), sum(process.memory_info().rss for process in everyone))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@asynccontextmanager
async def vaani(
    folder: Path, plan: Mapping[str, Any], *, cores: str | None = str(SERVER_CORE)
) -> AsyncIterator[Measured]:
    """Our server with `plan` on its demo line, ready."""
    port = free_port()
    url = f"sqlite+aiosqlite:///{folder / 'vaani.db'}"
    await migrate(url)
    async with Database(url) as database, database.begin() as work:
        await seed(work, now=datetime.now(UTC), config=plan, voice_config={}, language="en-IN")
    environment = {
        "VAANI_DATA_DIR": str(folder),
        "VAANI_PORT": str(port),
        "VAANI_MAX_CALLS": "5000",
        "VAANI_LOG_LEVEL": "warning",
    }
    command = [sys.executable, "-m", "server"]
    async with process(command, port, environment, ready="/readyz", cores=cores) as measured:
        yield measured


@asynccontextmanager
async def process(
    command: Sequence[str],
    port: int,
    environment: Mapping[str, str] | None = None,
    *,
    ready: str | None = None,
    cores: str | None = str(SERVER_CORE),
) -> AsyncIterator[Measured]:
    """Runs `command` on `cores` (None: all) until the block ends. `ready`: the path that answers 200 once it is."""
    child = subprocess.Popen(  # noqa: ASYNC220 - nothing else runs yet
        [*(["taskset", "-c", cores] if cores else []), *command],
        env={**os.environ, **(environment or {})},
        stdout=subprocess.DEVNULL,
    )
    try:
        await _until_ready(child, port, ready)
        yield Measured(child.pid, port, time.monotonic())
    finally:
        child.terminate()
        try:
            await asyncio.to_thread(child.wait, 30)
        except subprocess.TimeoutExpired:
            child.kill()


async def _until_ready(child: subprocess.Popen[bytes], port: int, path: str | None) -> None:
    deadline = time.monotonic() + START_WAIT
    async with aiohttp.ClientSession() as http:
        while time.monotonic() < deadline:
            if child.poll() is not None:
                raise RuntimeError(f"the server ended with status {child.returncode}")
            try:
                async with http.get(f"http://127.0.0.1:{port}{path or '/'}") as answer:
                    if path is None or answer.status == 200:
                        return
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.02)
    raise TimeoutError("the server did not become ready")
