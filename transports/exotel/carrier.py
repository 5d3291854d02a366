"""Exotel as a carrier: places calls, and finds out what became of them.

Exotel takes no key that would make a repeated request harmless. So a request is sent once, and it is known to the byte
whether it was: its body is handed over by a generator, which looks at the deadline when the connection is there, and
which an HTTP client can only ask once. As long as it was not asked, no call can come of it.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, aclosing, suppress
from datetime import datetime, timedelta
from urllib.parse import urlencode

from aiohttp import (
    AddrInfoType,
    ClientError,
    ClientResponse,
    ClientSession,
    ClientTimeout,
    DummyCookieJar,
    TCPConnector,
)
from yarl import URL

from transports.carrier import CarrierError, CarrierStatus, Dial, Trouble
from transports.exotel import rest
from transports.exotel.account import ExotelAccount
from transports.exotel.recording import opened
from transports.request_pace import RequestPace, TooMany

BIGGEST_ANSWER = 1_048_576
SKEW = timedelta(seconds=60)
"""By which Exotel's clock and ours may differ."""
MOST_PAGES = 10


def exotel_session() -> ClientSession:
    """The connections for an ExotelLine. A request that was given up is not sent later by the system's own retries."""
    return ClientSession(connector=TCPConnector(socket_factory=_abrupt_socket), cookie_jar=DummyCookieJar())


class ExotelLine:
    """One account. A session of `exotel_session` is to be used for it."""

    def __init__(
        self,
        account: ExotelAccount,
        http: ClientSession,
        *,
        status_url: Callable[[Dial], str],
        stream_url: Callable[[Dial], str],
        clock: Callable[[], datetime],
        timeout: float = 20.0,
        pace: RequestPace | None = None,
    ) -> None:
        """`timeout` is the seconds of one request, connecting included: the longest that a dial is in flight.

        `status_url` is where Exotel reports a call's state, `stream_url` the socket it opens in the mode `direct`.
        """
        self._account, self._http, self._clock = account, http, clock
        self._status_url, self._stream_url = status_url, stream_url
        self._timeout = timeout
        self._pace = pace or RequestPace()

    async def dial(self, call: Dial) -> str:
        """Exotel's id of the call. Raises CarrierError; no request is sent at the deadline or later."""
        form = rest.connect_form(
            self._account,
            call,
            status_url=self._status_url(call),
            stream_url=self._stream_url(call) if self._account.mode == "direct" else "",
        )
        left = (call.deadline - self._clock()).total_seconds()
        if left <= 0:
            raise CarrierError(Trouble.UNREACHABLE, "it is too late to dial")
        try:
            await self._pace.turn(left)
        except TooMany as error:
            raise CarrierError(Trouble.BUSY_LINE, str(error), retry_after=error.wait) from None
        status, headers, body = await self._post(_Letter(form, call.deadline, self._clock))
        if not 200 <= status < 300:
            refused = rest.refusal(status, headers, body)
            if refused.trouble is Trouble.BUSY_LINE:
                self._pace.hold(rest.retry_after(headers))
            raise refused
        try:
            return rest.read_placed(body)
        except rest.UnreadableError as error:
            raise CarrierError(Trouble.DOUBT, f"Exotel's answer holds {error}") from None

    async def find(self, call: Dial) -> CarrierStatus | None:
        """None: Exotel has no such call. Raises CarrierError of the trouble DOUBT, and of no other."""
        if call.carrier_call:
            return await self._details(call.carrier_call)
        # Before this moment a request may still be on its way, and an empty list proves nothing.
        settled = self._clock() - timedelta(seconds=self._timeout) >= call.deadline
        carrier_call = await self._look_up(call)
        if carrier_call is None:
            if not settled:
                raise CarrierError(Trouble.DOUBT, "the call may not stand in Exotel's list yet")
            return None
        status = await self._details(carrier_call)
        if status is None:
            raise CarrierError(Trouble.DOUBT, "Exotel lists a call and denies it")
        return status

    async def recorded(self, carrier_call: str) -> str:
        """Where Exotel's own recording of a call is; empty: it has none, or not yet. Raises CarrierError."""
        status = await self._details(carrier_call)
        return "" if status is None else status.recording

    def recording(self, address: str, headers: Mapping[str, str]) -> AbstractAsyncContextManager[ClientResponse | None]:
        """As `transports.exotel.recording.opened`."""
        return opened(self._account, self._http, address, headers)

    async def _details(self, carrier_call: str) -> CarrierStatus | None:
        url = URL(self._account.details(carrier_call) + "?details=true", encoded=True)
        body = await self._get(url, missing_is_none=True)
        if body is None:
            return None
        try:
            status = rest.read_details(body)
        except rest.UnreadableError as error:
            raise CarrierError(Trouble.DOUBT, f"Exotel's answer holds {error}") from None
        if status.carrier_call != carrier_call:
            raise CarrierError(Trouble.DOUBT, "Exotel told of another call")
        return status

    async def _look_up(self, call: Dial) -> str | None:
        """The id of a call of which only our own id, its numbers and its time are known."""
        earliest = call.placed_at.replace(microsecond=0) - SKEW
        latest = call.deadline + timedelta(seconds=self._timeout) + SKEW
        likely: list[tuple[tuple[bool, timedelta], str]] = []
        for number in rest.number_forms(call.to_number):
            async with aclosing(self._list(number, earliest, latest)) as listing:
                async for listed in listing:
                    if listed.custom == call.call:
                        return listed.carrier_call
                    if listed.custom is not None or not _numbers_match(listed, call):
                        continue
                    if listed.created is None:
                        raise CarrierError(Trouble.DOUBT, "Exotel does not say when a call was placed")
                    if earliest <= listed.created <= latest:
                        likely.append((_distance(call.placed_at, listed.created), listed.carrier_call))
            if likely:
                break
        return min(likely)[1] if likely else None

    async def _list(self, number: str, earliest: datetime, latest: datetime) -> AsyncGenerator[rest.ListedCall, None]:
        query = {
            "From": number,
            "DateCreated": rest.between(earliest, latest),
            "PageSize": str(rest.PAGE),
            "SortBy": "DateCreated:asc",
        }
        path = f"{self._account.calls}.json?{urlencode(query)}"
        for _ in range(MOST_PAGES):
            body = await self._get(URL(self._account.root + path, encoded=True))
            try:
                calls, following = rest.read_page(body or b"")
            except rest.UnreadableError as error:
                raise CarrierError(Trouble.DOUBT, f"Exotel's answer holds {error}") from None
            for listed in calls:
                yield listed
            if not following:
                return
            path = _path(following)
            if not path.startswith(f"{self._account.calls}.json?"):  # our credentials go nowhere else
                raise CarrierError(Trouble.DOUBT, "Exotel's list goes on elsewhere")
        raise CarrierError(Trouble.DOUBT, "Exotel's list does not end")

    async def _post(self, letter: _Letter) -> tuple[int, Mapping[str, str], bytes]:
        try:
            async with self._http.post(
                f"{self._account.root}{self._account.calls}/connect.json",
                data=letter.pages(),
                headers={
                    "Authorization": self._account.authorization,
                    "Content-Type": "application/x-www-form-urlencoded",
                    "Content-Length": str(letter.size),
                },
                allow_redirects=False,
                timeout=ClientTimeout(total=self._timeout),
            ) as reply:
                body = b""  # the status of a refusal says enough
                with suppress(ClientError, TimeoutError, OSError):
                    body = await _whole(reply)
                return reply.status, reply.headers, body
        except (ClientError, TimeoutError, OSError) as error:
            if letter.posted:
                raise CarrierError(Trouble.DOUBT, f"no answer from Exotel ({type(error).__name__})") from None
            if letter.too_late:
                raise CarrierError(Trouble.UNREACHABLE, "connecting to Exotel took too long") from None
            raise CarrierError(Trouble.UNREACHABLE, f"no connection to Exotel ({type(error).__name__})") from None

    async def _get(self, url: URL, *, missing_is_none: bool = False) -> bytes | None:
        """The answer's body; None if there is no such thing, and that is an answer."""
        try:
            await self._pace.turn(self._timeout, read=True)
            async with self._http.get(
                url,
                headers={"Authorization": self._account.authorization},
                allow_redirects=False,
                timeout=ClientTimeout(total=self._timeout),
            ) as reply:
                if reply.status == 200:
                    return await _whole(reply)
                if reply.status == 404 and missing_is_none:
                    return None
                wait = None
                if reply.status == 429:
                    wait = rest.retry_after(reply.headers)
                    self._pace.hold(wait)
                raise CarrierError(Trouble.DOUBT, f"Exotel answered {reply.status}", retry_after=wait)
        except TooMany as error:
            raise CarrierError(Trouble.DOUBT, str(error), retry_after=error.wait) from None
        except (ClientError, TimeoutError, OSError) as error:
            raise CarrierError(Trouble.DOUBT, f"no answer from Exotel ({type(error).__name__})") from None


class _Letter:
    """The body of a request that must be sent before a deadline, or never."""

    def __init__(self, form: bytes, deadline: datetime, clock: Callable[[], datetime]) -> None:
        self._form, self._deadline, self._clock = form, deadline, clock
        self.size = len(form)
        self.posted = False
        """It may have got there."""
        self.too_late = False

    async def pages(self) -> AsyncIterator[bytes]:
        if self._clock() >= self._deadline:
            self.too_late = True
            raise _TooLateError
        self.posted = True
        yield self._form


class _TooLateError(Exception):
    """The deadline was reached while a request waited for its connection."""


async def _whole(reply: ClientResponse) -> bytes:
    """Raises ClientError if it is longer than any answer of Exotel's."""
    parts, size = [], 0
    async for part in reply.content.iter_chunked(65_536):
        size += len(part)
        if size > BIGGEST_ANSWER:
            raise ClientError("too long")
        parts.append(part)
    return b"".join(parts)


def _numbers_match(listed: rest.ListedCall, call: Dial) -> bool:
    return rest.same_number(listed.customer, call.to_number) and any(
        rest.same_number(number, call.from_number) for number in listed.exophones
    )


def _distance(placed_at: datetime, created: datetime) -> tuple[bool, timedelta]:
    """How far a call is from the moment at which it is looked for: any after it is nearer than all before."""
    moment = placed_at.replace(microsecond=0)  # as Exotel cuts its own
    return created < moment, abs(created - moment)


def _path(uri: str) -> str:
    try:
        return URL(uri).raw_path_qs
    except ValueError:
        return ""


def _abrupt_socket(address: AddrInfoType) -> socket.socket:
    """One that forgets what it has not sent when it is closed, where the system would go on trying for minutes."""
    opened = socket.socket(*address[:3])
    opened.setblocking(False)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return opened
