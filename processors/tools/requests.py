"""A request to a server that somebody else has named, and its answer; or what went wrong, fit for a model to read."""

from __future__ import annotations

import asyncio
import codecs
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from aiohttp import ClientConnectorError, ClientError, ClientResponse, ClientSession, ClientTimeout
from pydantic import SecretStr
from yarl import URL

from processors.tools.options import Retries

LARGEST_ANSWER = 256 << 10
"""Bytes."""
LONGEST_REASON = 500
"""Characters of what a server says of its troubles."""
NEVER_AGAIN = frozenset({400, 401, 403, 404, 405, 410, 422})
"""Statuses after which the same request fares no better."""
TEXTS = ("text/", "application/json", "application/problem+json", "application/xml")
CHARSETS = ("utf-8", "utf-16", "ascii", "iso8859", "cp125")
"""How the names of those begin that are read in linear time, and as text."""


class RequestError(Exception):
    """It came to nothing. The text is one sentence without addresses, headers or what was answered."""

    def __init__(self, what: str, *, status: int = 0, says: str = "") -> None:
        super().__init__(what)
        self.status = status
        """Of the answer; 0: there was none."""
        self.says = says
        """The server's own words of it, if it has any: for a model, and for no log."""


def told(error: Exception) -> str:
    """What a model is told of it."""
    says = error.says[:LONGEST_REASON] if isinstance(error, RequestError) else ""
    return f"{error}: {says}" if says else str(error)


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    kind: str
    """Its content type, without parameters."""
    text: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)

    def json(self) -> Any:
        """Raises RequestError."""
        try:
            answer = orjson.loads(self.text)
            orjson.dumps(answer)  # it reads what is nested deeper than anybody could write or show again
        except ValueError:
            raise RequestError("it answered something that is no JSON") from None
        except TypeError:
            raise RequestError("what it answered is nested too deeply") from None
        return answer


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    url: str = field(repr=False)
    """Encoded already."""
    headers: Mapping[str, SecretStr]
    seconds: float
    """One try may take, to the end of the answer."""
    body: Any = field(default=None, repr=False)
    """Sent as JSON; None: nothing is."""
    query: Mapping[str, str] = field(default_factory=dict, repr=False)


Read = Callable[[ClientResponse], Awaitable[Reply]]
ONCE = Retries()
NO_TIMEOUT = ClientTimeout(total=None)


async def whole(response: ClientResponse) -> Reply:
    """All of an answer that is text. Raises RequestError."""
    kind = checked(response)
    data = bytearray()
    async for part in response.content.iter_any():
        data += part
        if len(data) > LARGEST_ANSWER:
            raise RequestError(f"its answer is longer than {LARGEST_ANSWER >> 10} KiB", status=response.status)
    try:
        text = data.decode(_charset(response))
    except (UnicodeDecodeError, LookupError):
        raise RequestError("its answer is no text that can be read", status=response.status) from None
    return Reply(response.status, kind, text, response.headers)


def _charset(response: ClientResponse) -> str:
    """Raises LookupError."""
    name = codecs.lookup(response.charset or "utf-8").name
    if not name.startswith(CHARSETS):
        raise LookupError
    return name


def checked(response: ClientResponse) -> str:
    """The kind of an answer that may be read. Raises RequestError."""
    if response.status >= 300:
        raise RequestError(f"it answered with the status {response.status}", status=response.status)
    kind = response.content_type if "Content-Type" in response.headers else "text/plain"
    if not kind.startswith(TEXTS) and not kind.endswith("+json"):
        raise RequestError("it answered something that is no text", status=response.status)
    if response.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise RequestError("its answer is packed, which nobody asked for", status=response.status)
    return kind


@dataclass(frozen=True, slots=True)
class Outside:
    """The way to addresses that users have given."""

    http: ClientSession
    """It has to refuse private addresses itself, where the socket is made."""
    plain: bool = False
    """HTTP without encryption will do."""

    async def asked(self, request: Request, retries: Retries = ONCE, *, read: Read = whole) -> Reply:
        """Raises RequestError."""
        for tried in range(retries.times + 1):
            try:
                return await self._once(request, read)
            except RequestError as error:
                final = error.status in NEVER_AGAIN or error.status in retries.not_after or 300 <= error.status < 400
                if tried == retries.times or final:
                    raise
            await asyncio.sleep(retries.seconds * (2**tried if retries.growing else 1))
        raise AssertionError

    async def _once(self, request: Request, read: Read) -> Reply:
        try:
            place = _place(request, plain=self.plain)
            sent = {
                "User-Agent": "Vaani",
                "Accept": "application/json, text/*;q=0.9",
                **{name: value.get_secret_value() for name, value in request.headers.items()},
                "Accept-Encoding": "identity",
            }
            data = None if request.body is None else orjson.dumps(request.body, default=str)
            if data is not None:
                sent = {**sent, "Content-Type": "application/json"}
            async with (
                asyncio.timeout(request.seconds),
                self.http.request(
                    request.method, place, data=data, headers=sent, allow_redirects=False, timeout=NO_TIMEOUT
                ) as response,
            ):
                try:
                    return await read(response)
                except RequestError:
                    response.close()  # what is left of it nobody reads
                    raise
        except TimeoutError:
            raise RequestError(f"it did not answer within {request.seconds:g} seconds") from None
        except ClientConnectorError:
            raise RequestError("it cannot be reached") from None
        except (ClientError, OSError):
            raise RequestError("the connection broke, or what it answered is not HTTP") from None
        except (ValueError, TypeError):  # a header that cannot be sent: the text of the error would show it
            raise RequestError("its address, headers or arguments cannot be sent") from None


def _place(request: Request, *, plain: bool) -> URL:
    """Raises RequestError, or ValueError."""
    place = URL(request.url, encoded=True)
    if place.scheme != "https" and not (plain and place.scheme == "http"):
        raise RequestError("its address does not begin with https://")
    if place.user is not None or not place.host:
        raise RequestError("its address is none that can be asked")
    return place.update_query(request.query) if request.query else place
