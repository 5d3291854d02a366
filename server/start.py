"""What must be so before a server can start."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LOCK = "server.lock"


class StartError(Exception):
    """The server cannot start. Its text is a sentence for the operator."""


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """The data folder is this server's within the block: a second would close the first one's calls as a crash's.

    A process that is killed leaves no lock behind. Raises StartError.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = (folder / LOCK).open("w")
    except OSError as error:
        raise StartError(f"The data folder {folder} cannot be used: {error.strerror}.") from None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StartError(f"Another server is running on this data folder: {folder}.") from None
        yield
