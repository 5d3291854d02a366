"""What carriers report of calls: Exotel over HTTP, the simulator from within."""

from __future__ import annotations

import hashlib
import hmac
import logging
import re
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

from aiohttp import web

from dialer.news import heard
from dialer.ports import CarrierError, Carriers, CarrierStatus, Dial
from dialer.reconcile import OVER
from dialer.timing import Prices, Timing
from server.carriers import adapted
from storage.database import Database
from storage.dialing import Attempt, AttemptState
from storage.ids import CALL
from transports import carrier
from transports.exotel.callbacks import ReportError, read_report

A_CALL = re.compile(rf"{CALL}[0-9a-z]{{20,30}}")
_log = logging.getLogger(__name__)


class Unheard(Exception):  # noqa: N818 - no error of ours: a report that is not believed
    """`status` is how it is answered over HTTP."""

    def __init__(self, status: int, kind: str) -> None:
        super().__init__(kind)
        self.status = status


async def never_handed_over(organisation: str, call: str) -> None:
    """Of a server that transfers no calls."""


class Callbacks:
    def __init__(
        self,
        database: Database,
        carriers: Carriers,
        *,
        timing: Timing,
        prices: Prices,
        clock: Callable[[], datetime],
        is_live: Callable[[str], bool],
        hang_up: Callable[[str, str], Awaitable[None]],
        told: Callable[[Sequence[Attempt]], None],
        carrier_over: Callable[[str, str], Awaitable[None]] = never_handed_over,
    ) -> None:
        """`hang_up` ends a call for a reason, wherever it is on the line; `told` is given the attempts that ended.

        `carrier_over` is given the organisation and the id of a call of which the carrier says so, and we do not know.
        """
        self._database, self._carriers, self._clock = database, carriers, clock
        self._timing, self._prices = timing, prices
        self._is_live, self._hang_up, self._told = is_live, hang_up, told
        self._carrier_over = carrier_over

    def routes(self) -> list[web.RouteDef]:
        return [web.post("/webhooks/exotel/status", self._exotel)]

    async def simulated(self, call: str, token: str, status: carrier.CarrierStatus) -> None:
        try:
            await self.report(call, token, adapted(status))
        except Unheard as unheard:
            _log.warning("a report of a call was not believed", extra={"call": call, "kind": str(unheard)})

    async def report(self, call: str, token: str, status: CarrierStatus) -> None:
        """Raises Unheard."""
        async with self._database.read() as work:
            attempt = await work.attempts.get(call)
        if attempt is None:
            raise Unheard(404, "unknown_call")
        if not hmac.compare_digest(hashlib.sha256(token.encode()).hexdigest(), attempt.token):
            raise Unheard(403, "wrong_token")
        if attempt.ended_at is not None and not status.recording:
            return
        if attempt.carrier_call and attempt.carrier_call != status.carrier_call:
            raise Unheard(403, "wrong_call")
        if not attempt.carrier_call:
            status = await self._confirmed(attempt, status)
        live = self._is_live(call)
        async with self._database.begin(attempt.organisation_id) as work:
            ended = await heard(work, call, status, at=self._clock(), prices=self._prices, is_live=live)
        if status.machine and (live or attempt.state is AttemptState.ANSWERED):
            await self._hang_up(call, "voicemail")
        self._told([ended] if ended is not None else [])
        if status.state in OVER and ended is None and not live:
            await self._carrier_over(attempt.organisation_id, call)

    async def _confirmed(self, attempt: Attempt, status: CarrierStatus) -> CarrierStatus:
        """The carrier's own word on a call of which we do not know yet that it was placed. Raises Unheard."""
        line = await self._carriers.line(attempt.organisation_id, attempt.provider)
        if line is None:
            raise Unheard(404, "no_account")
        try:
            found = await line.find(Dial.of(attempt, self._timing))
        except CarrierError:
            raise Unheard(503, "unconfirmed") from None
        if found is None or found.carrier_call != status.carrier_call:
            raise Unheard(403, "wrong_call")
        if status.state in OVER and found.state not in OVER:
            raise Unheard(503, "unconfirmed")  # it is told again, when the carrier knows it too
        return found

    async def _exotel(self, request: web.Request) -> web.Response:
        body = await request.read()
        call = request.query.get("call", "")
        if not A_CALL.fullmatch(call):
            return web.json_response({"detail": "The report is not believed"}, status=404)
        try:
            report = read_report(request.headers.get("Content-Type", ""), body)
            await self.report(call, request.query.get("token", ""), adapted(report.status))
        except ReportError as error:
            _log.warning("a report of a call could not be read", extra={"kind": error.kind})
            return web.json_response({"detail": "The report cannot be read"}, status=400)
        except Unheard as unheard:
            _log.warning("a report of a call was not believed", extra={"call": call, "kind": str(unheard)})
            return web.json_response({"detail": "The report is not believed"}, status=unheard.status)
        return web.json_response({"status": "ok"})
