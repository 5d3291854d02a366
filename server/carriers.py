"""The carriers that organisations have accounts with, as the dialer wants them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from urllib.parse import quote, urlencode

from aiohttp import ClientSession

from dialer import ports
from dialer.accounts import EXOTEL, SIMULATOR
from storage.assets import Integration
from storage.database import Database
from storage.sealing import Seal, SealedError, integration_secret
from transports import carrier
from transports.exotel.account import ExotelAccount
from transports.exotel.carrier import ExotelLine
from transports.request_pace import RequestPace


class Line(Protocol):
    """A carrier in the words of the media path."""

    async def dial(self, call: carrier.Dial) -> str: ...

    async def find(self, call: carrier.Dial) -> carrier.CarrierStatus | None: ...


class Adapted:
    """The same line in the dialer's words."""

    def __init__(self, line: Line) -> None:
        self._line = line

    async def dial(self, call: ports.Dial) -> str:
        try:
            return await self._line.dial(call)
        except carrier.CarrierError as error:
            raise _told(error) from None

    async def find(self, call: ports.Dial) -> ports.CarrierStatus | None:
        try:
            status = await self._line.find(call)
        except carrier.CarrierError as error:
            raise _told(error) from None
        return None if status is None else adapted(status)


def adapted(status: carrier.CarrierStatus) -> ports.CarrierStatus:
    return ports.CarrierStatus(
        status.carrier_call,
        ports.CarrierState(status.state.value),
        machine=status.machine,
        talk_seconds=status.talk_seconds,
        reason=status.reason,
        recording=status.recording,
    )


def _told(error: carrier.CarrierError) -> ports.CarrierError:
    return ports.CarrierError(ports.Trouble(error.trouble.value), str(error), retry_after=error.retry_after)


@dataclass(frozen=True, slots=True)
class Places:
    """How the outside reaches this server."""

    url: str
    """Of HTTP, without a slash at the end."""
    socket_secret: str = ""
    """The last part of the path /ws/exotel/{token}."""
    user: str = ""
    password: str = field(default="", repr=False)
    """What a carrier has to show at the socket; empty: nothing."""

    def status(self, call: carrier.Dial) -> str:
        return f"{self.url}/webhooks/exotel/status?{urlencode({'call': call.call, 'token': call.token})}"

    def stream(self, call: carrier.Dial) -> str:
        return f"{self.socket}?{urlencode({'call': call.call, 'token': call.token})}"

    @property
    def socket(self) -> str:
        secret = f"/{self.socket_secret}" if self.socket_secret else ""
        scheme, _, host = self.url.replace("http", "ws", 1).partition("://")
        shown = f"{quote(self.user, safe='')}:{quote(self.password, safe='')}@" if self.user else ""
        return f"{scheme}://{shown}{host}/ws/exotel{secret}"


class ConnectedCarriers:
    """Lines are kept as long as the account they are for is not changed."""

    def __init__(
        self,
        database: Database,
        seal: Seal,
        http: ClientSession,
        *,
        places: Places,
        clock: Callable[[], datetime],
        simulator: Line | None = None,
        exotel_url: str = "",
        request_seconds: float = 20.0,
    ) -> None:
        """`http` is a session of `exotel_session`; `exotel_url` is where Exotel is, if not at its own address."""
        self._database, self._seal, self._http, self._places, self._clock = database, seal, http, places, clock
        self._simulator = None if simulator is None else Adapted(simulator)
        self._exotel_url, self._request_seconds = exotel_url, request_seconds
        self._lines: dict[str, tuple[Integration, ExotelLine]] = {}
        self._paces: dict[tuple[str, str], RequestPace] = {}

    async def line(self, organisation: str, provider: str) -> ports.PhoneLine | None:
        """Raises CarrierError for an account that cannot be used."""
        if provider == SIMULATOR:
            return self._simulator
        if provider != EXOTEL:
            return None
        exotel = await self.exotel(organisation)
        return None if exotel is None else Adapted(exotel)

    async def exotel(self, organisation: str) -> ExotelLine | None:
        """As `line`, in the words of the media path."""
        async with self._database.read(organisation) as work:
            kept = await work.integrations.get(EXOTEL)
        if kept is None:
            self._lines.pop(organisation, None)
            return None
        if organisation not in self._lines or self._lines[organisation][0] != kept:
            try:
                self._lines[organisation] = kept, self._exotel(kept)
            except (SealedError, ValueError, KeyError):  # their texts might hold what is sealed
                raise ports.CarrierError(ports.Trouble.ACCOUNT, "the account cannot be opened") from None
        return self._lines[organisation][1]

    def _exotel(self, kept: Integration) -> ExotelLine:
        def opened(name: str) -> str:
            sealed = kept.secrets[name]
            return self._seal.open(
                sealed, organisation=kept.organisation_id, name=integration_secret(kept.provider, name)
            )

        app_id = kept.settings.get("app_id", "")
        account = ExotelAccount(
            kept.settings["account_sid"],
            opened("api_key"),
            opened("api_token"),
            subdomain=kept.settings["subdomain"],
            mode="flow" if app_id else "direct",
            app_id=app_id,
            base_url=self._exotel_url,
        )
        return ExotelLine(
            account,
            self._http,
            status_url=self._places.status,
            stream_url=self._places.stream,
            clock=self._clock,
            timeout=self._request_seconds,
            pace=self._paces.setdefault((kept.organisation_id, account.sid), RequestPace()),
        )
