"""What a carrier recorded of a call, where we did not: asked for in the organisation's name, passed on as it comes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass
from typing import Protocol

from storage.records import Call


class CarrierSoundError(Exception):
    """The carrier does not answer, or refuses. Its text is a sentence without numbers, addresses and credentials."""


@dataclass(frozen=True, slots=True)
class CarrierSound:
    """An MP3, or the range of it that was asked for."""

    status: int
    """200, 206 or 416."""
    headers: Mapping[str, str]
    """Those that tell of length, range and version."""
    chunks: AsyncIterator[bytes]
    """Raises CarrierSoundError when it breaks off."""


class CarrierRecordings(Protocol):
    async def find(self, call: Call) -> str | None:
        """Where the carrier has one, as it is known or else asked for. Raises CarrierSoundError."""
        ...

    def opened(self, call: Call, headers: Mapping[str, str]) -> AbstractAsyncContextManager[CarrierSound | None]:
        """None if there is none. `headers` are the listener's `Range` and `If-Range`. Raises CarrierSoundError."""
        ...


class NoCarrierRecordings:
    """Of a server without telephones."""

    async def find(self, call: Call) -> str | None:
        return None

    def opened(self, call: Call, headers: Mapping[str, str]) -> AbstractAsyncContextManager[CarrierSound | None]:
        return nullcontext()
