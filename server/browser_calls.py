"""Calls from a page in a browser: any flow of whoever asks, launched or not, without a telephone."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping

from aiohttp import web

from control_api.access.auth import require
from control_api.records.stories import Stories
from control_api.web.admission import admitted
from control_api.web.asked import Services
from control_api.web.errors import RefusedError, not_found
from pipeline.transport import Incoming, Transport
from server.broadcast import topic
from server.messages.names import is_wanted
from storage.ids import CALL, new_id
from storage.records import Scope
from transports.browser_line import BrowserLine, Refusal
from transports.webrtc.endpoint import OUR_NAME, PIPECAT_NAME

SOCKET = "GET /ws/browser-test/{flow}"
NAMES = (SOCKET, OUR_NAME, PIPECAT_NAME)
"""What their limits are counted under."""
LAST_SECONDS = 2.0
"""In which the last of a call's story reaches its page."""

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)


class BrowserCalls:
    def __init__(
        self,
        services: Services,
        stories: Stories,
        answer: Callable[[Transport, Incoming], Awaitable[None]],
        *,
        busy: Callable[[], str | None],
        wanted: Callable[[str], frozenset[str] | None] = lambda call: None,
    ) -> None:
        """`answer` runs one call to its end. `busy` says why no call can be taken now; None if one can.

        `wanted` says what the page of a call is to be told of it, by Vapi's names; None: everything.
        """
        self._services, self._stories, self._answer, self._busy = services, stories, answer, busy
        self._wanted = wanted

    async def admit(
        self, request: web.Request, flow: str, variables: Mapping[str, str] = {}, *, carrier: str, name: str
    ) -> Incoming:
        """The call that this page may have. Raises Refusal (401, 403, 404, 429, 503).

        `name` is one of NAMES; `carrier` is `browser` or `webrtc`.
        """
        organisation = await self.whose(request, name=name)
        try:
            async with self._services.database.read(organisation) as work:
                found = await work.flows.get(flow) if _ID.fullmatch(flow) else None
            if found is None:
                raise not_found("Flow")
        except RefusedError as refused:
            raise Refusal(refused.status, refused.detail, retry_after=refused.retry_after) from None
        self._refuse_if_busy()
        return Incoming(carrier, account=organisation, call=new_id(CALL), flow=found.id, custom=variables)

    async def whose(self, request: web.Request, *, name: str) -> str:
        """The organisation whose key this is, with the right to call. Raises Refusal (401, 403, 429)."""
        try:
            caller = await admitted(request, self._services, name, query_token=True)
            require(caller, Scope.CALLS_WRITE)
        except RefusedError as refused:
            raise Refusal(refused.status, refused.detail, retry_after=refused.retry_after) from None
        return caller.organisation_id

    async def answer(self, line: BrowserLine, incoming: Incoming) -> None:
        """One call to its end, told to its page as it goes. Raises Refusal (503), and what crashed the call."""
        self._refuse_if_busy()  # admitted a moment ago, and others were faster
        async with self._stories.follow(topic(incoming.call)) as story:

            async def told() -> None:
                async for message in story:
                    if is_wanted(message, self._wanted(incoming.call)):
                        line.tell(message)

            telling = asyncio.create_task(told())
            try:
                await self._answer(line, incoming)
                await asyncio.wait([telling], timeout=LAST_SECONDS)
            finally:
                telling.cancel()
                await asyncio.wait([telling])
        if not telling.cancelled():
            telling.result()

    def _refuse_if_busy(self) -> None:
        reason = self._busy()
        if reason is not None:
            raise Refusal(503, reason)
