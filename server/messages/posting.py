"""Messages on their way to a call's own server. Nothing in the call waits for them."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import orjson
from aiohttp import ClientResponse
from pydantic import SecretStr

from control_api.links.signature import signed
from pipeline.mailbox import Mailbox
from processors.tools.requests import Outside, Reply, Request, RequestError
from server.messages.options import ServerOptions
from storage.ids import EVENT, new_id

_log = logging.getLogger(__name__)

WAITING = 200
"""Messages of one call that are kept for a server that is slow; the oldest go first."""
LAST_SECONDS = 30.0
"""After the end of a call, in which what still waits may go out."""
SECRET = "x-vapi-secret"  # noqa: S105 - the name of a header


async def post(outside: Outside, to: ServerOptions, message: Mapping[str, Any], *, event: str) -> None:
    """One try. Whatever a 2xx answers beside it is not read. Raises RequestError."""
    body = {"message": {"timestamp": round(time.time() * 1000), **message}}
    secret = next((value for name, value in to.headers.items() if name.lower() == SECRET), None)
    secrets = [] if secret is None else [secret.get_secret_value()]
    try:
        headers = signed(orjson.dumps(body, default=str), event=event, at=datetime.now(UTC), secrets=secrets)
    except ValueError:  # it begins like one that is base64, and is none
        raise RequestError("its secret cannot be used to sign with") from None
    if not secrets:
        del headers["webhook-signature"]
    ours = {name: SecretStr(value) for name, value in headers.items()}
    await outside.asked(Request("POST", to.url, {**to.headers, **ours}, to.timeout_seconds, body), read=_taken)


async def _taken(response: ClientResponse) -> Reply:
    if response.status >= 300:
        raise RequestError(f"it answered with the status {response.status}", status=response.status)
    response.close()
    return Reply(response.status, "", "", {})


class Post:
    """The messages of one call, in order, by a task of their own. What fails is not sent again: the next tells more."""

    def __init__(self, outside: Outside, to: ServerOptions, call: str) -> None:
        self._outside, self._to, self._call = outside, to, call
        self._messages: Mailbox[Mapping[str, Any]] = Mailbox(WAITING)
        self._failed = 0
        self._task: asyncio.Task[None] | None = None

    def begin(self) -> asyncio.Task[None]:
        self._task = asyncio.create_task(self._send())
        return self._task

    def put(self, message: Mapping[str, Any]) -> None:
        """Never waits. Ignored once it was closed."""
        self._messages.put({"timestamp": round(time.time() * 1000), **message})

    def close(self) -> None:
        """Nothing more will be put; what waits has `LAST_SECONDS`."""
        self._messages.close()
        if self._task is not None:
            asyncio.get_running_loop().call_later(LAST_SECONDS, self._task.cancel)

    async def _send(self) -> None:
        try:
            async for message in self._messages:
                try:
                    await post(self._outside, self._to, message, event=new_id(EVENT))
                except RequestError as error:
                    self._failed += 1
                    if self._failed == 1:
                        about = {"call": self._call, "error": str(error)}
                        _log.warning("a call's server could not be told of it", extra=about)
                except Exception:  # noqa: BLE001 - it is logged, and the next one may fare better
                    self._failed += 1
                    _log.exception("a message of a call could not be sent", extra={"call": self._call})
        finally:
            lost = self._messages.dropped + len(self._messages)
            if lost or self._failed:
                told = {"call": self._call, "dropped": lost, "failed": self._failed}
                _log.warning("a call's server was not told everything", extra=told)


class Posts:
    """Those of all calls of the process: they outlive their calls by a little."""

    def __init__(self, outside: Outside) -> None:
        self._outside = outside
        self._tasks: set[asyncio.Task[None]] = set()

    def open(self, to: ServerOptions, call: str) -> Post:
        made = Post(self._outside, to, call)
        task = made.begin()
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return made

    async def settle(self, seconds: float) -> None:
        """Once no call is left: waits so long for what is still on its way."""
        if not self._tasks:
            return
        _, left = await asyncio.wait(self._tasks, timeout=seconds)
        for task in left:
            task.cancel()
        if left:
            await asyncio.wait(left)
