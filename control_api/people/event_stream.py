"""Server-Sent Events as the answer to a request."""

from __future__ import annotations

import logging

from aiohttp import web
from pydantic import BaseModel

from control_api.web.serving import tell_limits

MEDIA = "text/event-stream"
HEADERS = {
    "Content-Type": f"{MEDIA}; charset=utf-8",
    "Cache-Control": "no-cache, no-transform",
    "X-Accel-Buffering": "no",  # or nginx holds the events back
}

_log = logging.getLogger(__name__)


def wanted(request: web.Request) -> bool:
    """Whether the request's `Accept` names them."""
    named = ",".join(request.headers.getall("Accept", ())).split(",")
    return any(kind.partition(";")[0].strip().lower() == MEDIA for kind in named)


class EventStream:
    """Begins with its first event: until then the request can be answered with something else."""

    def __init__(self, request: web.Request, *, by_alias: bool) -> None:
        """`by_alias`: the words of the data are the developers'."""
        self.answer = web.StreamResponse(headers=HEADERS)
        self._request, self._by_alias = request, by_alias
        self._is_heard = True

    @property
    def begun(self) -> bool:
        return self.answer.prepared

    async def send(self, event: str, data: BaseModel) -> None:
        """Nothing happens once the client has gone away."""
        text = data.model_dump_json(by_alias=self._by_alias)  # of one line
        try:
            if self._is_heard:
                if not self.begun:
                    tell_limits(self._request, self.answer)
                    await self.answer.prepare(self._request)
                await self.answer.write(f"event: {event}\ndata: {text}\n\n".encode())
        except ConnectionResetError:
            self._is_heard = False
            _log.info("a client left before its last event")
