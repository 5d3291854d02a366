"""What the applets of an Exotel flow ask us once a call is to be transferred: whether, to whom, and what came of it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime

from aiohttp import web

from control_api.links.flow_urls import CONNECT, DIAL_EVENTS, PASSTHRU, FlowUrls
from dialer import hand_over
from server.refusals import is_refused
from server.transfers import TransferDesk
from storage.database import Database
from storage.records import Call, CallType
from storage.transfer_records import ON_ITS_WAY, Transfer, TransferState
from transports.exotel.applets import NOBODY, AppletError, Connection, DialState, dial_state, read_fields

STATES = {
    DialState.DIALLED: TransferState.OFFERED,
    DialState.ANSWERED: TransferState.ACCEPTED,
    DialState.OVER: TransferState.ACCEPTED,
    DialState.DECLINED: TransferState.DECLINED,
    DialState.BUSY: TransferState.BUSY,
    DialState.NO_ANSWER: TransferState.NO_ANSWER,
    DialState.CALLER_LEFT: TransferState.CALLER_LEFT,
    DialState.FAILED: TransferState.FAILED,
}
_log = logging.getLogger(__name__)


class ExotelFlow:
    def __init__(
        self, database: Database, urls: FlowUrls, desk: TransferDesk, *, clock: Callable[[], datetime]
    ) -> None:
        self._database, self._urls, self._desk, self._clock = database, urls, desk, clock

    def routes(self) -> list[web.RouteDef]:
        handlers = {PASSTHRU: self._passthru, CONNECT: self._connect, DIAL_EVENTS: self._dialled}
        return [web.route(method, path, handler) for path, handler in handlers.items() for method in ("GET", "POST")]

    async def _passthru(self, request: web.Request) -> web.Response:
        """200: the flow goes on to its Connect applet; 302: it takes the other branch."""
        transfer = await self._asked(request)
        wanted = transfer is not None and transfer.ended_at is None and transfer.state in ON_ITS_WAY
        return web.Response(status=200 if wanted else 302)

    async def _connect(self, request: web.Request) -> web.Response:
        transfer = await self._asked(request)
        if transfer is None:
            return web.json_response({"detail": "This call is not being transferred"}, status=404)
        async with self._database.begin(transfer.organisation_id) as work:
            offer = await hand_over.offer(work, transfer.id, self._clock())
            call = await work.calls.get(transfer.call_id)
            refused = call is None or await is_refused(work, call)
        if offer is None or call is None:
            return web.json_response(NOBODY)
        return web.json_response(self._connection(offer, call, refused=refused).told())

    async def _dialled(self, request: web.Request) -> web.Response:
        query = request.query
        about, number = query.get("transfer", ""), query.get("number", "")
        if not self._urls.is_dialled(about, number, query.get("token", "")):
            return _unknown()
        state = dial_state(await _fields(request))
        if state is None:
            _log.warning("an event of a transfer was not understood", extra={"transfer": about})
            return web.json_response({"detail": "The event is not understood"}, status=400)
        async with self._database.read() as work:
            known = await work.transfers.get(about)
        if known is not None:
            is_over = state is DialState.OVER
            await self._desk.heard(known, int(number), STATES[state], is_over=is_over)
        return web.json_response({"status": "ok"})

    async def _asked(self, request: web.Request) -> Transfer | None:
        """The latest transfer of the call that is asked about. Raises what strangers are answered with."""
        organisation = self._urls.whose(request.query.get("token", ""))
        if organisation is None:
            raise web.HTTPForbidden(text="The token is not known.")
        fields = await _fields(request)
        if not fields.get("callsid"):
            return None
        async with self._database.read(organisation) as work:
            return await work.transfers.by_carrier_call(fields["callsid"])

    def _connection(self, offer: hand_over.Offer, call: Call, *, refused: bool) -> Connection:
        transfer = offer.transfer
        line = call.from_number if call.call_type is CallType.OUTBOUND else call.to_number
        return Connection(
            transfer.phone,
            line or "",
            ring_seconds=offer.queue.ring_seconds,
            talk_seconds=int(hand_over.LONGEST_CONVERSATION.total_seconds()),
            is_recorded=call.recording is not None
            and not refused,  # who does not want to be recorded is not recorded there either
            whisper=transfer.brief,
            events_url=self._urls.dial_events(transfer.id, transfer.number),
            asks_again=transfer.hunts,
        )


async def _fields(request: web.Request) -> dict[str, str]:
    body = await request.read() if request.can_read_body else b""
    try:
        return read_fields(request.query.items(), request.headers.get("Content-Type", ""), body)
    except AppletError as error:
        _log.warning("a flow's question could not be read", extra={"kind": str(error)})
        raise web.HTTPBadRequest(text="The body cannot be read.") from None


def _unknown() -> web.Response:
    return web.json_response({"detail": "The token is not known"}, status=403)
