"""What somebody outside is told of a call that is over, and how far that is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class ReportKind(StrEnum):
    SERVER = "server"
    """To the server that the call's plan names."""
    LANGFUSE = "langfuse"


@dataclass(frozen=True, slots=True)
class CallReport:
    """One for each call and kind, without its words: they are put together when it is sent."""

    call_id: str
    organisation_id: str
    kind: ReportKind
    asked_at: datetime
    due_at: datetime | None
    """When somebody is to send it; of one that somebody is sending: when the next one may. None: it is over."""
    event_id: str
    """The same at every try: whoever is told twice can see it."""
    tries: int = 0
    """Begun so far."""
    lease: str = ""
    """Of whoever took it last: only the same one may say what came of it."""
    trouble: str | None = None
    """What went wrong at the last try."""
