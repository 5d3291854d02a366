"""The name by which a process knows its own calls again, on a database that it may share with others."""

from __future__ import annotations

import secrets
import socket

from server.settings import Settings
from server.start import StartError

FILE = "node"
"""In the data folder, which one process alone may hold."""


def node_name(settings: Settings) -> str:
    """As it is set, or else made at the first start and kept: a host may run several, and a container changes its name.

    Waits for the disk: call it from a thread, within `alone`. Raises StartError.
    """
    if settings.node is not None:
        return settings.node
    file = settings.data_dir / FILE
    try:
        kept = file.read_text().strip() if file.exists() else ""
        if not kept:
            kept = f"{socket.gethostname()}-{secrets.token_hex(3)}"
            file.write_text(f"{kept}\n")
    except OSError as error:
        raise StartError(f"The file {file} cannot be used: {error.strerror}.") from None
    return kept
