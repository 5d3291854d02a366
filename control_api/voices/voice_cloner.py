"""Who makes a voice of a recording: a service, or an engine of this server's own. One port for both."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Original:
    """What a voice is made of."""

    name: str
    """No two have the same: what is left of one that went wrong is found by it."""
    description: str
    language: str
    sound: Path
    content_type: str


class VoiceCloner(Protocol):
    """Raises RefusedError: 409 for what the customer can mend, 502 or 503 for the engine's own troubles."""

    async def clone(self, original: Original) -> str:
        """What the new voice is called there. Nothing of it is left there if this raises, as far as can be known."""
        ...

    async def forget(self, voice: str) -> None:
        """One that is gone already is forgotten."""
        ...
