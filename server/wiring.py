"""Settings → a running server. The only file that knows how all the parts fit."""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import partial

from aiohttp import ClientSession, TCPConnector

from control_api.app import create_app
from control_api.links.addressing import Addressing
from control_api.links.delivery_upkeep import look_after
from control_api.links.dispatcher import Dispatcher
from control_api.links.flow_urls import FlowUrls
from control_api.links.webhook_sender import WebhookSender
from control_api.records.listening import ListenSocket
from control_api.records.live import LiveSocket
from control_api.records.stored_sound import StoredSounds
from control_api.records.stories import Stories
from dialer.dialer import Dialer
from processors import pipecat_keeper
from processors.breaker import Breakers
from processors.llm import openai
from processors.models import ModelMissing
from processors.recorder import RecordingThread
from processors.smart_turn import SmartTurn
from processors.sound_store import SoundStore
from processors.tools.requests import Outside
from processors.voice_detector import VoiceDetector
from server import warmup
from server.address import free_port, listen
from server.after_a_crash import mended, taken_over
from server.analysis.analyst import Analyst
from server.assembly import Workshop
from server.beside import beside
from server.browser_calls import SOCKET, BrowserCalls
from server.cluster.bus_of import bus_of
from server.cluster.commands import Commands, hang_up
from server.cluster.heartbeat import Heartbeat
from server.cluster.node import node_name
from server.cluster.seat import Seat
from server.control import services
from server.every_metric import EveryMetric
from server.exotel import exotel
from server.exotel_flow import ExotelFlow
from server.first_start import first_start
from server.journal import Ledger
from server.keeper import Keeper
from server.letters import Letters
from server.library import Library
from server.live_commands import perform
from server.messages.posting import LAST_SECONDS, Posts
from server.messages.reporter import Reporter
from server.metrics import metrics_route, metrics_site
from server.office import Office
from server.overview_metrics import watch
from server.relay import relay
from server.settings import Settings
from server.sounds.backgrounds import Backgrounds
from server.sounds.recorded_lines import RecordedLines
from server.start import StartError, alone
from server.switchboard import Switchboard
from server.telephony import Floor, now, prices_of, telephony
from server.transfers import TransferDesk
from server.uploads import Uploads
from server.webrtc import webrtc
from storage.database import Database
from storage.migrations import migrate
from storage.recording_store import RecordingStore
from storage.recordings import Recordings
from transports.browser.endpoint import BrowserEndpoint

_log = logging.getLogger(__name__)

UPLOAD_SECONDS = 60.0
"""What recordings have left on the way out to reach the object store."""
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
async def running(settings: Settings, seat: Seat | None = None) -> AsyncIterator[Server]:
    """Listens within the block; on the way out it closes what it opened. Drain it first. Raises StartError.

    With a seat it is one of several processes whose parent holds the data folder, and takes it when it is ready.
    """
    async with AsyncExitStack() as stack:
        if seat is None:
            stack.enter_context(alone(settings.data_dir))
        held = stack.enter_context(free_port(settings))
        settings = settings.model_copy(update={"port": settings.port or held.getsockname()[1]})
        await migrate(settings.database)
        database = await stack.enter_async_context(Database(settings.database))
        if not await database.is_secured():
            _log.warning("the database's user is held by no row security: let it be no superuser, without BYPASSRLS")
        node = seat.node if seat is not None else await asyncio.to_thread(node_name, settings)
        metrics = EveryMetric.made()
        bus = await stack.enter_async_context(bus_of(settings, database, node, metrics.capacity))
        bucket = settings.bucket
        recordings = Recordings(settings.data_dir, stays=bucket is None, node=node)
        store = None if bucket is None else await stack.enter_async_context(RecordingStore(bucket))
        first_key = await first_start(database, settings)
        prices = prices_of(settings)
        await mended(database, recordings, node, prices)

        http = await stack.enter_async_context(ClientSession(connector=TCPConnector(limit=0)))  # a call has several
        stack.push_async_callback(openai.close, http)
        stack.push_async_callback(pipecat_keeper.close, http)
        shared = await stack.enter_async_context(services(settings, database, http))
        floor = Floor()
        telephone = await stack.enter_async_context(
            telephony(settings, database, shared.seal, node=node, floor=floor, metrics=metrics.dialer)
        )
        shared = replace(shared, simulator=settings.simulator, wake=telephone.dialer.wake.set, prices=prices)
        shared = replace(shared, carrier_recordings=telephone.recordings)
        if store is not None:
            shared = replace(shared, stored=StoredSounds(store, settings.data_dir))
        stories = Stories(bus)
        judge = SmartTurn()
        stack.callback(judge.close)
        recording_thread = RecordingThread()
        stack.callback(recording_thread.close)
        outside = Outside(shared.public_http, plain=settings.allow_private_webhooks)
        workshop = Workshop(
            http=http,
            detector=stack.enter_context(_detector()),
            judge=judge.finished,
            recordings=recording_thread,
            metrics=metrics.calls,
            max_seconds=settings.max_call_seconds,
            breakers=Breakers(rests=metrics.calls.rests),
            sounds=SoundStore(settings.data_dir / "voice_cache"),
            backgrounds=Backgrounds(shared.public_http),
            recorded=RecordedLines(shared.public_http),
            outside=outside,
            library=Library(settings.knowledge, shared.public_http),
        )
        ledger = Ledger(database)
        posts = Posts(outside)
        stack.push_async_callback(posts.settle, LAST_SECONDS)
        office = Office(
            database,
            ledger,
            stories,
            recordings,
            metrics.calls,
            node,
            shared.seal,
            telephone.desk,
            outside=outside,
            posts=posts,
        )
        switchboard = Switchboard(
            office,
            workshop,
            max_calls=settings.max_calls,
            country=settings.country,
            ringing=telephone.dialer.ringing,
        )
        floor.switchboard = switchboard
        metrics.capacity.carries(settings.max_calls, lambda: switchboard.draining)
        server = Server(switchboard, settings.url, first_key)

        def not_ready() -> str | None:
            """For those that ask whether calls are taken."""
            return "The server is going down." if switchboard.draining else taken()

        def taken() -> str | None:
            """For those that bring one."""
            return switchboard.admit() if server.ready.is_set() else server.unready

        sender = WebhookSender(shared.public_http, shared.seal, private=settings.allow_private_webhooks)
        dispatcher = Dispatcher(database, sender, now, metrics.webhooks)
        commands = Commands(bus, node, partial(perform, switchboard, stories), is_here=switchboard.__contains__)
        shared = replace(shared, commands=commands.ask)
        floor.hang_up_elsewhere = partial(hang_up, database, commands)
        transfers = TransferDesk(
            database,
            stories,
            inbound=office.inbound,
            outbound=office.outbound,
            clock=now,
            counted=lambda carrier, outcome: metrics.calls.calls.labels(carrier, outcome).inc(),
        )
        floor.transfers = transfers
        flow = ExotelFlow(database, FlowUrls.of(settings.url, shared.seal), transfers, clock=now)
        browsers = BrowserCalls(shared, stories, switchboard.answer, busy=taken, wanted=switchboard.messages_of)
        page_line = BrowserEndpoint(
            partial(browsers.admit, carrier="browser", name=SOCKET),
            browsers.answer,
            trouble=lambda kind: metrics.calls.trouble.labels(kind).inc(),
        )
        by_webrtc = await stack.enter_async_context(webrtc(settings, browsers, metrics.calls))
        app = create_app(
            [
                *page_line.routes(),
                *by_webrtc.routes(),
                *exotel(settings, switchboard, metrics.calls, taken).routes(),
                *LiveSocket(shared, stories).routes(),
                *ListenSocket(shared, stories).routes(),
                *telephone.callbacks.routes(),
                *flow.routes(),
                metrics_route(metrics.registry),
            ],
            services=shared,
            ready=not_ready,
        )
        app.middlewares.insert(0, metrics.http.middleware())
        take_over = partial(taken_over, database, recordings, bus, prices)
        heartbeat = Heartbeat(database, switchboard, node=node, capacity=settings.max_calls, take_over=take_over)
        await heartbeat.join()
        stack.push_async_callback(heartbeat.leave)
        uploaders = (
            []
            if store is None
            else [Uploads(database, recordings, store, settings.data_dir, metrics.recordings_waiting)]
        )
        for uploads in uploaders:
            stack.push_async_callback(uploads.settle, UPLOAD_SECONDS)
        await stack.enter_async_context(
            beside(
                heartbeat.keep(),
                commands.keep(),
                ledger.keep(),
                relay(database, stories, Addressing(database, settings.url, dispatcher.wake.set).take),
                dispatcher.run(),
                look_after(database, now, metrics.webhooks),
                Keeper(database, recordings, store, node=node, clock=now).keep(),
                *(uploads.keep() for uploads in uploaders),
                transfers.keep(),
                metrics.lag.watch(),
                watch(database, now, metrics.overview, metrics.capacity),
                _make_ready(server, settings, judge),
                _dial(telephone.dialer, server.ready),
                Analyst(database, shared.seal, http, tried=metrics.analyses.tried).keep(),
                Reporter(database, shared.seal, outside, url=settings.url).keep(),
                Letters(database, settings.smtp, now, url=settings.url).keep(),
            )
        )
        stack.push_async_callback(ledger.write)
        stack.push_async_callback(office.closings.settle, min(settings.drain_seconds, BOOKS_SECONDS))
        held.close()
        if settings.metrics_port is not None:
            port = settings.metrics_port + (seat.slot if seat is not None else 0)
            await stack.enter_async_context(metrics_site(metrics.registry, settings.host, port))
        if seat is not None:
            await server.settled.wait()  # whoever held the place before answers until then
        await listen(stack, app, settings, seat)
        yield server


async def _dial(dialer: Dialer, ready: asyncio.Event) -> None:
    """Nobody is called before the server can hold a conversation."""
    await ready.wait()
    await dialer.run()


def _detector() -> VoiceDetector:
    try:
        return VoiceDetector()
    except ModelMissing as missing:
        raise StartError(str(missing)) from None


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
