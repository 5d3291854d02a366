"""What a handler has at hand: who asks, when, and what the server is made of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Any, Protocol

from aiohttp import ClientSession, web

from control_api.access.auth import Caller, SignIn
from control_api.access.limits import Limits
from control_api.assistant.levels import Unobeyed, all_unobeyed
from control_api.catalogue import Catalogue
from control_api.records.carrier_sound import CarrierRecordings, NoCarrierRecordings
from control_api.records.stored_sound import StoredSounds
from control_api.voices.voice_cloner import VoiceCloner
from control_api.web.errors import conflict
from control_api.web.vocabulary import Vocabulary
from dialer.timing import Prices
from storage.assets import Customer
from storage.database import Database, UnitOfWork
from storage.records import Agent, Call, Flow, Organisation
from storage.sealing import Seal

Greeting = Callable[[Agent | None, Flow, Organisation | None, Customer], str]


def unspoken(agent: Agent | None, flow: Flow, organisation: Organisation | None, customer: Customer) -> str:
    """Of a server that makes no calls."""
    return ""


NOT_LIVE = "Call is not currently active"


class CallCommands(Protocol):
    """Tells a call that is going on, wherever its line is, to do something."""

    async def __call__(self, call: Call, command: Mapping[str, Any]) -> Mapping[str, Any]:
        """What it answers, as `server/live_commands.py` says.

        Raises RefusedError: 409 if it is not on the line any more, 503 if the process that has it does not answer.
        """
        ...


async def no_calls(call: Call, command: Mapping[str, Any]) -> Mapping[str, Any]:
    """Of a server that has none."""
    raise conflict(NOT_LIVE)


@dataclass(frozen=True, slots=True)
class Services:
    """What the handlers of a server share."""

    database: Database
    sign_in: SignIn
    limits: Limits
    seal: Seal
    http: ClientSession
    public_http: ClientSession
    """For addresses that others have given: `links/public_only.py`."""
    data: Path
    """Where files are kept."""
    public_url: str
    catalogue: Catalogue
    """Providers and voices, as data."""
    warnings: Unobeyed = all_unobeyed
    """What of the topmost level's `assistantOverrides` a call will not obey. May raise ValidationError."""
    trusted: Sequence[IPv4Network | IPv6Network] = ()
    """Proxies that are believed."""
    places: Mapping[str, str] = field(default_factory=dict)
    """Provider → where it is reached, if not at its own address."""
    unknown_variables: Callable[[Agent | None, Flow], list[str]] = lambda agent, flow: []
    """Names of the `{{variables}}` in what a flow's calls say that have no value. May raise ValidationError."""
    country: str = "IN"
    """Two letters: whose the phones in a file are that come without a country code."""
    private_webhooks: bool = False
    """Webhooks may lead to private addresses, and over plain HTTP."""
    simulator: bool | None = None
    """Whether there is a simulated carrier; None: while no real one is connected."""
    wake: Callable[[], None] = lambda: None
    """Tells this process's dialer that there is something to do."""
    prices: Prices = field(default_factory=Prices)
    """What calls cost."""
    commands: CallCommands = no_calls
    cloners: Mapping[str, VoiceCloner] = field(default_factory=dict)
    """Engines of this server's own that make voices of recordings, by name."""
    stored: StoredSounds | None = None
    """Recordings in the object store; None: all of them are on our disk."""
    carrier_recordings: CarrierRecordings = field(default_factory=NoCarrierRecordings)
    greeting: Greeting = unspoken
    """What a customer hears first. Overrides in the records may be masked. May raise ValidationError."""
    streams: Counter[str] = field(default_factory=Counter)
    """Streams of events that are open, by organisation."""
    longest_stream: float = 900.0
    """Seconds after which a stream of events ends: who reads it comes again, and shows a key that is still good."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One request of somebody who may ask it."""

    services: Services
    caller: Caller
    now: datetime
    request: web.Request
    vocabulary: Vocabulary = Vocabulary.DASHBOARD
    headers: dict[str, str] = field(default_factory=dict)
    """What the answer has besides, if a model is answered."""

    @property
    def organisation(self) -> str:
        return self.caller.organisation_id

    def read(self) -> AbstractAsyncContextManager[UnitOfWork]:
        """One view, of the caller's organisation alone."""
        return self.services.database.read(self.organisation)

    def begin(self) -> AbstractAsyncContextManager[UnitOfWork]:
        """One change, of the caller's organisation alone."""
        return self.services.database.begin(self.organisation)

    def url(self, path: str) -> str:
        """How the outside reaches `path`."""
        return f"{self.services.public_url}{path}"


SERVICES: web.AppKey[Services] = web.AppKey("services", Services)
