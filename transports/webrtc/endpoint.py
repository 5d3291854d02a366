"""Where pages offer a connection: our own shape, and SmallWebRTC's, which Pipecat's clients speak."""

from __future__ import annotations

import asyncio
import importlib
import logging
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from aiohttp import hdrs, web

from pipeline.transport import Incoming
from transports.browser_line import BrowserLine, Refusal
from transports.webrtc.ice import NO_SERVERS, IceServers
from transports.webrtc.language import Language
from transports.webrtc.offers import (
    MOST_SECTIONS,
    Candidates,
    Leaving,
    Offer,
    OfferError,
    OurOffer,
    PipecatOffer,
    Shape,
    Start,
    Wanted,
    read,
    session_of,
    shaped,
    wanted_by,
)
from transports.webrtc.plain import Plain
from transports.webrtc.rtvi import Rtvi
from transports.webrtc.transport import WebRtcTransport

CONNECT_WAIT = 60.0
"""Seconds in which a connection must come up."""
MOST_WAITING = 20
"""Connections of one account that are not up yet: each holds sockets."""

OURS, PIPECAT = "/webrtc/offer", "/api/offer"
OUR_NAME, PIPECAT_NAME = f"POST {OURS}", f"POST {PIPECAT}"
"""What the limits of all that belongs to each are counted under."""
SESSION = "/sessions/{session}/api/offer"

_log = logging.getLogger(__name__)

Answer = Callable[[BrowserLine, Incoming], Awaitable[None]]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Admit(Protocol):
    async def __call__(
        self, request: web.Request, flow: str, variables: Mapping[str, str] = {}, *, carrier: str, name: str
    ) -> Incoming:
        """The call that the request may have; its `account` is whose it is. Raises Refusal."""
        ...


class Whose(Protocol):
    async def __call__(self, request: web.Request, *, name: str) -> str:
        """The account of whoever asks. Raises Refusal."""
        ...


@dataclass(frozen=True, slots=True)
class _Line:
    transport: WebRtcTransport
    account: str
    call: str


class WebRtcEndpoint:
    """`answer` gets each call once its connection is up, and the line is put down when it returns."""

    def __init__(
        self,
        admit: Admit,
        whose: Whose,
        answer: Answer,
        *,
        ice: IceServers = NO_SERVERS,
        origins: Sequence[str] = (),
        trouble: Callable[[str], None] = lambda kind: None,
    ) -> None:
        """`origins` are those whose pages may ask, besides our own; `*`: all.

        `trouble` is told a short fixed name for everything that was wrong on the wire.
        """
        self._admit, self._whose, self._answer = admit, whose, answer
        self._ice, self._origins, self._trouble = ice, frozenset(origins), trouble
        self._lines: dict[str, _Line] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._joining: list[str] = []
        """Whose connections are being answered."""
        self._closed = False

    def routes(self) -> Sequence[web.RouteDef]:
        served: list[tuple[str, str, Handler]] = [
            (hdrs.METH_POST, OURS, self._our_offer),
            (hdrs.METH_PATCH, OURS, self._candidates),
            (hdrs.METH_DELETE, OURS, self._leave),
            (hdrs.METH_GET, "/webrtc/ice", self._servers),
            (hdrs.METH_POST, PIPECAT, self._pipecat_offer),
            (hdrs.METH_PATCH, PIPECAT, self._candidates),
            (hdrs.METH_POST, "/start", self._start),
            (hdrs.METH_POST, SESSION, self._session_offer),
            (hdrs.METH_PATCH, SESSION, self._candidates),
        ]
        paths = sorted({path for _, path, _ in served})
        return [
            *(web.route(method, path, self._told(handler)) for method, path, handler in served),
            *(web.options(path, self._told(_nothing)) for path in paths),
        ]

    async def close(self) -> None:
        """Puts down every line, those that are not up yet as well."""
        self._closed = True
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        for line in list(self._lines.values()):  # whose task had not begun
            await line.transport.close()

    async def _our_offer(self, request: web.Request) -> web.Response:
        offer = await self._read(request, OurOffer, OUR_NAME)
        return await self._offered(request, offer, offer.wanted(), Plain, OUR_NAME)

    async def _pipecat_offer(self, request: web.Request) -> web.Response:
        offer = await self._read(request, PipecatOffer, PIPECAT_NAME)
        return await self._offered(request, offer, offer.wanted(), Rtvi, PIPECAT_NAME)

    async def _session_offer(self, request: web.Request) -> web.Response:
        offer = await self._read(request, PipecatOffer, PIPECAT_NAME)
        wanted = wanted_by(request.match_info["session"])
        return await self._offered(request, offer, wanted, Rtvi, PIPECAT_NAME)

    async def _read(self, request: web.Request, shape: type[Shape], name: str) -> Shape:
        """Raises Refusal: whoever has no key hears of that, and not of what is wrong with the body."""
        try:
            return await read(request, shape)
        except Refusal:
            await self._whose(request, name=name)
            raise

    async def _offered(
        self, request: web.Request, offer: Offer, wanted: Wanted, language: Callable[[], Language], name: str
    ) -> web.Response:
        if sum(line.startswith("m=") for line in offer.sdp.splitlines()) > MOST_SECTIONS:
            await self._whose(request, name=name)
            raise Refusal(400, f"sdp must have at most {MOST_SECTIONS} media")
        if offer.pc_id:
            line = await self._known(request, offer.pc_id, name)
            sdp = await self._changed(line, offer)
            return _answered(offer.pc_id, sdp, line.call)
        if not wanted.flow_id:
            await self._whose(request, name=name)
            raise Refusal(400, "flow_id is required")
        incoming = await self._admit(request, wanted.flow_id, wanted.variables, carrier="webrtc", name=name)
        await asyncio.to_thread(importlib.import_module, "transports.webrtc.peer")
        line = _Line(WebRtcTransport(language(), trouble=self._trouble), incoming.account, incoming.call)
        sdp = await self._joined(line, offer.sdp)
        number = secrets.token_urlsafe(16)
        self._lines[number] = line
        task = asyncio.create_task(self._call(number, line, incoming))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return _answered(number, sdp, line.call)

    def _waiting(self, account: str) -> int:
        theirs = (line.transport.peer for line in self._lines.values() if line.account == account)
        return sum(peer is None or not peer.up for peer in theirs) + self._joining.count(account)

    async def _changed(self, line: _Line, offer: Offer) -> str:
        """The answer to a later offer of the same page. Raises Refusal."""
        peer = line.transport.peer
        if offer.restart_pc or peer is None:
            return await self._joined(line, offer.sdp)
        try:
            return await peer.answer(offer.sdp)
        except OfferError as error:
            raise Refusal(400, str(error)) from None

    async def _joined(self, line: _Line, sdp: str) -> str:
        """The answer of a new connection. Raises Refusal."""
        if self._waiting(line.account) >= MOST_WAITING:
            raise Refusal(503, "Too many connections are being made")
        peer = line.transport.new_peer(self._ice)
        self._joining.append(line.account)
        try:
            answer = await peer.answer(sdp)
            if self._closed:
                raise Refusal(503, "The server is going down.")
        except BaseException as error:
            await peer.close()
            if isinstance(error, OfferError):
                raise Refusal(400, str(error)) from None
            raise
        finally:
            self._joining.remove(line.account)
        await line.transport.joins(peer)
        return answer

    async def _call(self, number: str, line: _Line, incoming: Incoming) -> None:
        try:
            if await _up(line.transport):
                await self._answer(line.transport, incoming)
        except Refusal as refused:
            _log.info("a browser's call found no free line any more", extra={"call": line.call})
            line.transport.tell({"type": "error", "error": refused.detail, "fatal": True})
        except Exception:  # noqa: BLE001 - a bug in one call ends that call, never the server
            _log.exception("a call crashed", extra={"call": line.call})
        finally:
            del self._lines[number]
            await line.transport.close()

    async def _candidates(self, request: web.Request) -> web.Response:
        name = OUR_NAME if request.path == OURS else PIPECAT_NAME
        told = await self._read(request, Candidates, name)
        line = await self._known(request, told.pc_id, name)
        peer = line.transport.peer
        assert peer is not None
        try:
            for one in told.candidates:
                await peer.candidate(one.candidate, one.sdp_mid, one.sdp_mline_index)
        except OfferError as error:
            raise Refusal(400, str(error)) from None
        return web.json_response({"status": "success"})

    async def _leave(self, request: web.Request) -> web.Response:
        asked = request.query.get("pc_id")
        leaving = await self._read(request, Leaving, OUR_NAME) if asked is None else shaped({"pc_id": asked}, Leaving)
        line = await self._known(request, leaving.pc_id, OUR_NAME)
        line.transport.leave()
        return web.json_response({"status": "success"})

    async def _servers(self, request: web.Request) -> web.Response:
        await self._whose(request, name=OUR_NAME)
        return web.json_response({"iceServers": self._ice.shown()}, headers={"Cache-Control": "no-store"})

    async def _start(self, request: web.Request) -> web.Response:
        await self._whose(request, name=PIPECAT_NAME)
        wanted = (await read(request, Start)).body
        if not wanted.flow_id:
            raise Refusal(400, "body.flow_id is required")
        told = {"sessionId": session_of(wanted), "iceConfig": {"iceServers": self._ice.shown()}}
        return web.json_response(told, headers={"Cache-Control": "no-store"})

    async def _known(self, request: web.Request, number: str, name: str) -> _Line:
        """Raises Refusal (404), also for another account's."""
        account = await self._whose(request, name=name)
        line = self._lines.get(number)
        if line is None or line.account != account:
            raise Refusal(404, "Peer connection not found")
        return line

    def _told(self, handler: Handler) -> Handler:
        """With its refusals as JSON, and with what a browser wants to hear before it shows a page the answer."""

        async def handle(request: web.Request) -> web.StreamResponse:
            try:
                answer = await handler(request)
            except Refusal as refused:
                answer = web.json_response({"detail": refused.detail}, status=refused.status)
                if refused.retry_after is not None:
                    answer.headers[hdrs.RETRY_AFTER] = str(refused.retry_after)
            answer.headers.update(self._sharing(request.headers.get(hdrs.ORIGIN)))
            return answer

        return handle

    def _sharing(self, origin: str | None) -> dict[str, str]:
        if origin is None or not self._origins & {origin, "*"}:
            return {}
        return {
            hdrs.ACCESS_CONTROL_ALLOW_ORIGIN: origin,
            hdrs.ACCESS_CONTROL_ALLOW_METHODS: "GET, POST, PATCH, DELETE, OPTIONS",
            hdrs.ACCESS_CONTROL_ALLOW_HEADERS: "Authorization, Content-Type",
            hdrs.ACCESS_CONTROL_MAX_AGE: "600",
            hdrs.VARY: "Origin",
        }


async def _up(line: WebRtcTransport) -> bool:
    """Whether its connection comes up in time. A page may make another one meanwhile."""
    try:
        async with asyncio.timeout(CONNECT_WAIT):
            while (peer := line.peer) is not None:
                await peer.settled()
                if peer is line.peer:
                    return peer.up and not line.ending
    except TimeoutError:
        pass
    return False


async def _nothing(request: web.Request) -> web.Response:
    return web.Response(status=204)


def _answered(number: str, sdp: str, call: str) -> web.Response:
    return web.json_response({"sdp": sdp, "type": "answer", "pc_id": number, "call": call})
