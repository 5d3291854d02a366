"""The URLs that an Exotel flow is given, and the secrets in them by which it is known when it asks.

A secret is a signature with a key made of the server's own: nothing of it is kept, and each is good for one thing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self
from urllib.parse import urlencode

from storage.sealing import Seal
from storage.signing import Signer

PASSTHRU, CONNECT, DIAL_EVENTS = (f"/webhooks/exotel/{name}" for name in ("passthru", "connect", "dial-events"))
FLOW, DIALLED = "exotel flow", "exotel dial events"
"""Purposes of the signatures."""


@dataclass(frozen=True, slots=True)
class FlowUrls:
    url: str
    """How the outside reaches this server, without a slash at the end."""
    flows: Signer
    dialled: Signer

    @classmethod
    def of(cls, url: str, seal: Seal) -> Self:
        return cls(url, seal.signer(FLOW), seal.signer(DIALLED))

    def passthru(self, organisation: str) -> str:
        return f"{self.url}{PASSTHRU}?{urlencode({'token': self._token(organisation)})}"

    def connect(self, organisation: str) -> str:
        return f"{self.url}{CONNECT}?{urlencode({'token': self._token(organisation)})}"

    def dial_events(self, transfer: str, number: int) -> str:
        about = {"transfer": transfer, "number": number}
        return f"{self.url}{DIAL_EVENTS}?{urlencode({**about, 'token': self.dialled.sign(f'{transfer}/{number}')})}"

    def whose(self, token: str) -> str | None:
        """The organisation whose flow shows this; None if it is none of ours."""
        organisation, _, signature = token.partition(".")
        return organisation if self.flows.knows(organisation, signature) else None

    def is_dialled(self, transfer: str, number: str, token: str) -> bool:
        return self.dialled.knows(f"{transfer}/{number}", token)

    def _token(self, organisation: str) -> str:
        return f"{organisation}.{self.flows.sign(organisation)}"
