"""Settings → a running server. The only file that knows how all the parts fit."""

from __future__ import annotations

import asyncio
import gc
import logging
import socket
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from aiohttp import ClientSession, web
from prometheus_client import CollectorRegistry
from pydantic import SecretStr

from control_api.access.addresses import trusted_networks
from control_api.app import create_app
from control_api.records.live import LiveSocket
from control_api.records.stories import Stories
from dialer.dialer import Dialer
from processors.meter import Metrics
from processors.models import ModelMissing
from processors.recorder import RecordingThread
from processors.smart_turn import SmartTurn
from processors.voice_detector import VoiceDetector
from server import demo, warmup
from server.after_a_crash import mended
from server.assembly import Workshop
from server.call import Office
from server.control import services
from server.door import listening
from server.journal import Ledger
from server.letters import Letters
from server.logs import AccessLog
from server.metrics import DialerMetrics, LoopLag, metrics_route
from server.node import node_name
from server.relay import relay
from server.settings import Settings
from server.start import StartError, alone
from server.switchboard import Switchboard
from server.telephony import Floor, now, prices_of, telephony
from storage.bus import MemoryBus
from storage.database import Database
from storage.ids import CALL, new_id
from storage.migrations import migrate
from storage.recordings import Recordings
from storage.seed import seed
from transports.exotel.endpoint import Credentials, ExotelEndpoint

_log = logging.getLogger(__name__)

BOOKS_SECONDS = 20.0
"""What the books of calls that are over have left on the way out, if the database is away."""


@dataclass(slots=True)
class Server:
    switchboard: Switchboard
    url: str
    """Where it listens."""
    first_key: str | None = field(default=None, repr=False)
    """The first organisation's key, if one was made up just now: shown once."""
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    """The models are loaded: calls are taken."""
    settled: asyncio.Event = field(default_factory=asyncio.Event)
    """It is ready, or known never to be: `unready` says why."""
    unready: str = "The models are being loaded."
    """Why it is not, while it is not."""


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[Server]:
    """Listens within the block; on the way out it closes what it opened. Drain it first. Raises StartError."""
    async with AsyncExitStack() as stack:
        stack.enter_context(alone(settings.data_dir))
        held = stack.enter_context(_port(settings))
        settings = settings.model_copy(update={"port": settings.port or held.getsockname()[1]})
        await migrate(settings.database)
        database = await stack.enter_async_context(Database(settings.database))
        if not await database.is_secured():
            _log.warning("the database's user is held by no row security: let it be no superuser, without BYPASSRLS")
        recordings = Recordings(settings.data_dir)
        first_key = await _first_start(database, settings)
        node = await asyncio.to_thread(node_name, settings)
        prices = prices_of(settings)
        await mended(database, recordings, node, prices)

        http = await stack.enter_async_context(ClientSession())
        shared = await stack.enter_async_context(services(settings, database, http))
        registry = CollectorRegistry()
        floor = Floor()
        telephone = await stack.enter_async_context(
            telephony(settings, database, shared.seal, node=node, floor=floor, metrics=DialerMetrics(registry))
        )
        shared = replace(shared, simulator=settings.simulator, wake=telephone.dialer.wake.set, prices=prices)
        metrics = Metrics(registry)
        stories = Stories(MemoryBus())
        judge = SmartTurn()
        stack.callback(judge.close)
        recording_thread = RecordingThread()
        stack.callback(recording_thread.close)
        workshop = Workshop(
            http=http,
            detector=stack.enter_context(_detector()),
            judge=judge.finished,
            recordings=recording_thread,
            metrics=metrics,
            max_seconds=settings.max_call_seconds,
        )
        ledger = Ledger(database)
        office = Office(database, ledger, stories, recordings, metrics, node, shared.seal, telephone.desk)
        switchboard = Switchboard(
            office,
            workshop,
            max_calls=settings.max_calls,
            country=settings.country,
            ringing=telephone.dialer.ringing,
        )
        floor.switchboard = switchboard
        server = Server(switchboard, settings.url, first_key)

        def not_ready() -> str | None:
            """For those that ask whether calls are taken."""
            return "The server is going down." if switchboard.draining else taken()

        def taken() -> str | None:
            """For those that bring one."""
            return switchboard.admit() if server.ready.is_set() else server.unready

        lag = LoopLag(registry)
        app = create_app(
            [
                *_exotel(settings, switchboard, metrics, taken).routes(),
                *LiveSocket(shared, stories).routes(),
                *telephone.callbacks.routes(),
                metrics_route(registry),
            ],
            services=shared,
            ready=not_ready,
        )
        await stack.enter_async_context(
            _beside(
                ledger.keep(),
                relay(database, stories),
                lag.watch(),
                _make_ready(server, settings, judge),
                _dial(telephone.dialer, server.ready),
                Letters(database, settings.smtp, now, url=settings.url).keep(),
            )
        )
        stack.push_async_callback(ledger.write)
        stack.push_async_callback(office.closings.settle, min(settings.drain_seconds, BOOKS_SECONDS))
        held.close()
        await _listen(stack, app, settings)
        yield server


@asynccontextmanager
async def _beside(*works: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Work that goes on during the block. One that fails ends it; what the block itself raises leaves as it is."""
    trouble: Exception | None = None
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(work) for work in works]
        try:
            yield
        except Exception as error:  # noqa: BLE001 - a task group would wrap it: raised below as it came
            trouble = error
        finally:
            for task in tasks:
                task.cancel()
    if trouble is not None:
        raise trouble


async def _dial(dialer: Dialer, ready: asyncio.Event) -> None:
    """Nobody is called before the server can hold a conversation."""
    await ready.wait()
    await dialer.run()


def _detector() -> VoiceDetector:
    try:
        return VoiceDetector()
    except ModelMissing as missing:
        raise StartError(str(missing)) from None


def _exotel(
    settings: Settings, switchboard: Switchboard, metrics: Metrics, not_ready: Callable[[], str | None]
) -> ExotelEndpoint:
    exotel = settings.exotel
    return ExotelEndpoint(
        switchboard.answer,
        new_call_id=lambda: new_id(CALL),
        admit=not_ready,
        credentials=Credentials(exotel.user, _plain(exotel.password), _plain(exotel.token)),
        chunk_bytes=exotel.chunk_bytes,
        lead=exotel.lead_seconds,
        outbound_shape=exotel.outbound_shape,
        trouble=lambda kind: metrics.trouble.labels(kind).inc(),
    )


def _plain(secret: SecretStr) -> str:
    return secret.get_secret_value()


async def _first_start(database: Database, settings: Settings) -> str | None:
    """Makes the first organisation, its key and the demo line, if there is none.

    The key, to be shown once, if it is not one that the operator has chosen.
    """
    chosen = settings.bootstrap_api_key
    async with database.begin() as work:
        made = await seed(
            work,
            now=datetime.now(UTC),
            config=demo.plan(),
            voice_config=demo.VOICE,
            language=demo.LANGUAGE,
            token=_plain(chosen) if chosen is not None else None,
        )
    return made.token if made is not None and chosen is None else None


async def _make_ready(server: Server, settings: Settings, judge: SmartTurn) -> None:
    try:
        await warmup.load(judge, models=settings.models_dir, stt_threads=settings.stt_threads)
    except ModelMissing as missing:
        _log.error("a model is missing: no call can be taken", extra={"what": str(missing)})
        server.unready = str(missing)
    else:
        gc.collect()
        gc.freeze()  # what was loaded stays: no collection has to look through it again while calls are on
        server.ready.set()
    server.settled.set()


def _port(settings: Settings) -> socket.socket:
    """Holds a free one until the server listens, if any will do: the API tells its own address before."""
    held = socket.socket(socket.AF_INET6 if ":" in settings.host else socket.AF_INET)
    try:
        if settings.port == 0:
            held.bind((settings.host, 0))
    except OSError as error:
        held.close()
        raise _cannot_listen(error) from None
    return held


async def _listen(stack: AsyncExitStack, app: web.Application, settings: Settings) -> None:
    door = listening(
        app,
        settings.host,
        settings.port,
        trusted=trusted_networks(settings.trusted_proxies),
        access_log_class=AccessLog,
        shutdown_timeout=1.0,
    )
    try:
        await stack.enter_async_context(door)
    except OSError as error:
        raise _cannot_listen(error) from None


def _cannot_listen(error: OSError) -> StartError:
    return StartError(f"The server cannot listen: {error.strerror or error}.")
