"""Outgoing calls: the dialer, its carriers, and what it hears from them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from math import ceil

from control_api.links.flow_urls import FlowUrls
from dialer.dialer import Dialer
from dialer.timing import Prices, Timing
from pipeline.frames import Hangup
from server.callbacks import Callbacks
from server.carrier_recordings import CarriersRecordings
from server.carriers import ConnectedCarriers, Places
from server.desks import OutboundDesk
from server.metrics import DialerMetrics
from server.settings import Settings
from server.simulator import simulated_network
from server.switchboard import Switchboard
from server.transfers import TransferDesk
from storage.database import Database
from storage.sealing import Seal
from transports.carrier import CarrierStatus
from transports.exotel.carrier import exotel_session
from transports.simulator.flow import Applets


async def nobody(call: str, reason: str) -> None:
    """There is no other process."""


@dataclass(slots=True)
class Floor:
    """The live calls of this process. Before there is a switchboard there are none, and no room for any."""

    switchboard: Switchboard | None = None
    transfers: TransferDesk | None = None
    hang_up_elsewhere: Callable[[str, str], Awaitable[None]] = nobody
    """Ends a call of another process for a reason."""

    @property
    def room(self) -> int:
        return 0 if self.switchboard is None else self.switchboard.room

    def has(self, call: str) -> bool:
        return self.switchboard is not None and call in self.switchboard

    async def carrier_over(self, organisation: str, call: str) -> None:
        """The carrier says that it is over: so is a transfer of it."""
        if self.transfers is not None:
            await self.transfers.carrier_over(organisation, call)

    async def hang_up(self, call: str, reason: str) -> None:
        if self.switchboard is None or not self.switchboard.command(call, Hangup(reason)):
            await self.hang_up_elsewhere(call, reason)


@dataclass(frozen=True, slots=True)
class Telephony:
    dialer: Dialer
    callbacks: Callbacks
    desk: OutboundDesk
    recordings: CarriersRecordings
    """That carriers have made."""


@asynccontextmanager
async def telephony(
    settings: Settings, database: Database, seal: Seal, *, node: str, floor: Floor, metrics: DialerMetrics
) -> AsyncIterator[Telephony]:
    """Places nothing until the dialer is run."""
    timing = Timing(
        ring=timedelta(seconds=settings.ring_seconds), call=timedelta(seconds=ceil(settings.max_call_seconds))
    )
    prices = prices_of(settings)
    async with AsyncExitStack() as stack:

        async def report(call: str, token: str, status: CarrierStatus) -> None:
            await callbacks.simulated(call, token, status)

        urls = FlowUrls.of(settings.url, seal)

        async def applets(call: str, base: str) -> Applets | None:
            async with database.read() as work:
                attempt = await work.attempts.get(call)
            if attempt is None:
                return None
            whose = attempt.organisation_id
            return Applets(urls.passthru(whose), urls.connect(whose), base)

        network = None
        if settings.simulator is not False:
            network = await stack.enter_async_context(simulated_network(settings, report, applets))
        carriers = ConnectedCarriers(
            database,
            seal,
            await stack.enter_async_context(exotel_session()),
            places=Places(
                settings.url,
                settings.exotel.token.get_secret_value(),
                user=settings.exotel.user,
                password=settings.exotel.password.get_secret_value(),
            ),
            clock=now,
            simulator=network,
            exotel_url=settings.exotel.url,
            request_seconds=timing.request.total_seconds(),
        )
        dialer = Dialer(
            database,
            carriers,
            node=node,
            clock=now,
            timing=timing,
            prices=prices,
            simulator=settings.simulator,
            room=lambda: floor.room,
            is_live=floor.has,
            ended=metrics.ended,
            troubled=metrics.troubled,
        )
        callbacks = Callbacks(
            database,
            carriers,
            timing=timing,
            prices=prices,
            clock=now,
            is_live=floor.has,
            hang_up=floor.hang_up,
            carrier_over=floor.carrier_over,
            told=dialer.told,
        )
        desk = OutboundDesk(timing, prices, dialer.on_the_line, dialer.told)
        yield Telephony(dialer, callbacks, desk, CarriersRecordings(database, carriers))


def prices_of(settings: Settings) -> Prices:
    return Prices(attempt=_parts(settings.price_per_attempt), minute=_parts(settings.price_per_minute))


def now() -> datetime:
    return datetime.now(UTC)


def _parts(price: Decimal) -> int:
    """Credits → ten-thousandths."""
    return int(price * 10_000)
