"""A PostgreSQL of the test run's own: there when first asked for, gone with the last process that asked.

A keeper, `python -m tests.postgres FOLDER`, starts it and goes on in the background. Each process that needs it holds
a socket of the keeper's open; when the last one closes, by a crash too, the keeper stops the server and removes the
folder.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

ADMINISTRATOR = "postgres"
"""The server's superuser, and as whom it runs where the tests run as root, which it refuses."""
ASKS_SECONDS = 60
"""Who had a server started and never came for it has died."""
ROOM = 1 << 30
"""Bytes that the memory disk must have free, or the server goes to the other one."""
SETTINGS = {
    "listen_addresses": "",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "dynamic_shared_memory_type": "mmap",  # in the folder, which is removed
    "timezone": "Asia/Kolkata",  # nobody may rely on the server's being UTC
    # A test's data need not outlive a power cut.
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "1h",
    "autovacuum": "off",
}


def binaries() -> Path | None:
    """Where `initdb` and `pg_ctl` are. None if PostgreSQL is not installed."""
    found = shutil.which("initdb")
    if found is not None:
        return Path(found).resolve().parent
    versions = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    return max((file.parent for file in versions), key=lambda folder: int(folder.parent.name), default=None)


@contextlib.contextmanager
def locked(file: Path) -> Iterator[None]:
    """One process at a time."""
    with file.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def join(shared: Path) -> tuple[Path, socket.socket]:
    """The run's server: the folder of its socket, and what keeps it alive while it is open. Call it under a lock.

    `shared` is a folder that all processes of the run know.
    """
    known = shared / "postgres"
    if known.exists():
        with contextlib.suppress(OSError):
            return _ask(Path(known.read_text()))
    memory = Path("/dev/shm")  # noqa: S108 - databases are copied file by file: several times faster here
    roomy = memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > ROOM
    folder = Path(tempfile.mkdtemp(prefix="vaani-", dir=memory if roomy else None))
    with (shared / "postgres.log").open("w") as log:
        keeper = [sys.executable, "-m", "tests.postgres", str(folder)]
        subprocess.run(
            keeper, cwd=Path(__file__).parents[1], check=True, stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
    known.write_text(str(folder))
    return _ask(folder)


def _ask(folder: Path) -> tuple[Path, socket.socket]:
    line = socket.socket(socket.AF_UNIX)
    try:
        line.connect(str(folder / "keeper"))
    except OSError:
        line.close()
        raise
    return folder, line


def _keep(folder: Path) -> None:
    """Returns once the server is up; a process in the background does the rest."""
    door = socket.socket(socket.AF_UNIX)
    door.bind(str(folder / "keeper"))
    door.listen(100)
    try:
        _start(folder)
    except BaseException:
        shutil.rmtree(folder)
        raise
    if os.fork() != 0:
        os._exit(0)
    os.setsid()
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        _wait_for_the_last(door)
    finally:
        _control(folder, "stop", "--mode=immediate")
        shutil.rmtree(folder)


def _start(folder: Path) -> None:
    if os.geteuid() == 0:
        shutil.chown(folder, ADMINISTRATOR)
    _run("initdb", "--pgdata", str(folder / "data"), "--username", ADMINISTRATOR, "--auth=trust", "--encoding=UTF8",
         "--locale=C.UTF-8", "--no-sync", "--no-instructions", "--wal-segsize=4")  # fmt: skip
    given = SETTINGS | {"unix_socket_directories": str(folder)}
    with (folder / "data" / "postgresql.conf").open("a") as file:
        file.writelines(f"{name} = '{value}'\n" for name, value in given.items())
    _control(folder, "start", "--log", str(folder / "log"))


def _control(folder: Path, *command: str) -> None:
    _run("pg_ctl", "--wait", "--silent", "--pgdata", str(folder / "data"), *command)


def _run(name: str, *arguments: str) -> None:
    where = binaries()
    assert where is not None
    user = ADMINISTRATOR if os.geteuid() == 0 else None
    subprocess.run(
        [str(where / name), *arguments], check=True, user=user, group=user, cwd="/", stdin=subprocess.DEVNULL
    )


def _wait_for_the_last(door: socket.socket) -> None:
    lines = 0
    with selectors.DefaultSelector() as ears:
        ears.register(door, selectors.EVENT_READ)
        while heard := ears.select(None if lines else ASKS_SECONDS):
            for key, _ in heard:
                if key.fileobj is door:
                    line, _ = door.accept()
                    ears.register(line, selectors.EVENT_READ)
                    lines += 1
                else:
                    ears.unregister(key.fileobj)
                    lines -= 1
            if lines == 0:
                return


if __name__ == "__main__":
    _keep(Path(sys.argv[1]))
