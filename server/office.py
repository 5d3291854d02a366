"""Where a call's books are kept, and what else it shares with the calls of its process."""

from __future__ import annotations

from dataclasses import dataclass, field

from processors.meter import Metrics
from processors.tools.requests import Outside
from server.closings import Closings
from server.desks import Desk, InboundDesk
from server.journal import Ledger
from server.messages.posting import Posts
from storage.bus import EventBus
from storage.database import Database
from storage.recordings import Recordings
from storage.sealing import Seal


@dataclass(frozen=True, slots=True)
class Office:
    database: Database
    ledger: Ledger
    bus: EventBus
    recordings: Recordings
    metrics: Metrics
    node: str
    seal: Seal
    """Opens the credentials that its calls need."""
    outbound: Desk
    inbound: Desk = field(default_factory=InboundDesk)
    closings: Closings = field(default_factory=Closings)
    outside: Outside | None = None
    """How tools reach servers that users have named; None: they do not."""
    posts: Posts | None = None
    """By which calls tell their own servers of themselves; None: they do not."""
