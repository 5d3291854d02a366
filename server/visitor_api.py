"""The HTTP API as a command uses it: with a key, in the dashboard's words, troubles told as sentences."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any

import aiohttp

from server.visit import VisitError

AWAY = "The server does not answer any more."
STREAM = aiohttp.ClientTimeout(total=None, sock_read=60)
"""The server gives a sign of life more often than that."""


@dataclass(frozen=True, slots=True)
class Event:
    name: str
    data: dict[str, Any]
    id: str


class Api:
    """Everything raises VisitError: in the server's own words where it refuses."""

    def __init__(self, http: aiohttp.ClientSession, url: str) -> None:
        """`http` brings the key."""
        self._http, self._url = http, f"{url}/api/voice"

    async def get(self, path: str) -> Any:
        return await self._asked("GET", path)

    async def post(self, path: str, body: Any = None) -> Any:
        return await self._asked("POST", path, json=body)

    async def delete(self, path: str) -> None:
        await self._asked("DELETE", path)

    async def upload(self, path: str, name: str, text: str) -> Any:
        form = aiohttp.FormData()
        form.add_field("file", text.encode(), filename=name)
        return await self._asked("POST", path, data=form)

    async def events(self, path: str, *, after: str) -> AsyncGenerator[Event, None]:
        """Until the server closes the stream or the line breaks. `after`: the id of the last event that was seen."""
        headers = {"Accept": "text/event-stream", "Last-Event-ID": after}
        try:
            async with self._http.get(self._url + path, headers=headers, timeout=STREAM) as answer:
                await _refused(answer)
                fields: dict[str, str] = {}
                async for line in answer.content:
                    if text := line.decode().rstrip("\r\n"):
                        name, _, value = text.partition(":")
                        fields[name] = value.removeprefix(" ")
                        continue
                    if "data" in fields:
                        yield Event(fields["event"], json.loads(fields["data"]), fields["id"])
                    fields = {}
        except aiohttp.ClientPayloadError:
            return  # the line broke in mid-stream: whoever reads may come again
        except (aiohttp.ClientError, TimeoutError):
            raise VisitError(AWAY) from None

    async def _asked(self, method: str, path: str, **more: Any) -> Any:
        try:
            async with self._http.request(method, self._url + path, **more) as answer:
                await _refused(answer)
                return None if answer.status == 204 else await answer.json()
        except (aiohttp.ClientError, TimeoutError):
            raise VisitError(AWAY) from None


async def _refused(answer: aiohttp.ClientResponse) -> None:
    if answer.status == 401:
        raise VisitError("That server has another data folder: run this where it runs.")
    if not answer.ok:
        detail = str((await answer.json())["detail"])
        raise VisitError(f"{detail[:1].upper()}{detail[1:].rstrip('.')}.")
