"""A Redis for a test: an imitation within the process, and the real one where it is installed."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from fakeredis import FakeServer
from fakeredis.aioredis import FakeAsyncRedisConnection
from redis.asyncio import BlockingConnectionPool

from control_api.access import redis_windows

INSTALLED = shutil.which("redis-server")
URL = "redis://imitation"
PID = "redis.pid"


def imitation(monkeypatch: pytest.MonkeyPatch) -> FakeServer:
    """What every pool of connections leads to from now on; its `connected` says whether it can be reached."""
    server = FakeServer()

    class Pool:
        @staticmethod
        def from_url(url: str, *, max_connections: int, timeout: float, **more: Any) -> BlockingConnectionPool:
            return BlockingConnectionPool(
                max_connections, timeout, FakeAsyncRedisConnection, server=server, retry=more["retry"]
            )

    monkeypatch.setattr(redis_windows, "BlockingConnectionPool", Pool)
    return server


@contextmanager
def real(folder: Path) -> Iterator[str]:
    """Its URL: a server of its own, which keeps nothing and hears nobody but us."""
    path = folder / "redis.sock"
    assert INSTALLED is not None
    quiet = ["--port", "0", "--save", "", "--appendonly", "no", "--daemonize", "no", "--dir", str(folder)]
    quiet += ["--pidfile", str(folder / PID)]
    process = subprocess.Popen([INSTALLED, "--unixsocket", str(path), *quiet], stdout=subprocess.DEVNULL)
    try:
        _answers(path)
        yield f"unix://{path}"
    finally:
        process.terminate()
        process.wait()


def kill(folder: Path) -> None:
    """As a machine's end would."""
    os.kill(process_of(folder), signal.SIGKILL)


def process_of(folder: Path) -> int:
    return int((folder / PID).read_text())


def _answers(path: Path) -> None:
    for _ in range(500):
        with socket.socket(socket.AF_UNIX) as line:
            if path.exists() and line.connect_ex(str(path)) == 0:
                return
        time.sleep(0.01)
    raise TimeoutError("redis-server does not answer")
