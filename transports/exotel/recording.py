"""Recordings that Exotel made: MP3, for whoever shows the account's credentials, at addresses of Exotel's own."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager

from aiohttp import ClientError, ClientResponse, ClientSession, ClientTimeout
from yarl import URL

from transports.carrier import CarrierError, Trouble
from transports.exotel.account import ExotelAccount

HOSTS = ("exotel.com", "exotel.in")
"""And what lies below them. Our credentials go nowhere else."""
MOST_STEPS = 3
"""Addresses that one may lead to after the other."""
CONNECTING, SILENT = 10.0, 30.0
"""Seconds."""


def is_exotels(url: URL, account: ExotelAccount) -> bool:
    """Whether our credentials may be shown there: over TLS, but for a stand-in at the account's own address."""
    if account.base_url:
        return url.origin() == URL(account.base_url).origin()
    host = (url.host or "").lower()
    ours = any(host == known or host.endswith(f".{known}") for known in HOSTS)
    return url.scheme == "https" and url.explicit_port in (None, 443) and url.user is None and ours


@asynccontextmanager
async def opened(
    account: ExotelAccount, http: ClientSession, address: str, headers: Mapping[str, str]
) -> AsyncGenerator[ClientResponse | None, None]:
    """An answer of 200, 206 or 416, its body not read yet; None if Exotel has no such recording (any more).

    Raises CarrierError: ACCOUNT for an address that is not Exotel's and for credentials that it refuses, else DOUBT.
    """
    reply = await _followed(account, http, address, headers)
    try:
        match reply.status:
            case 200 | 206 | 416:
                yield reply
            case 404 | 410:
                yield None
            case 401 | 403:
                raise CarrierError(Trouble.ACCOUNT, "Exotel refuses our credentials for a recording")
            case status:
                raise CarrierError(Trouble.DOUBT, f"Exotel answered {status}")
    finally:
        reply.close()  # what was not read is not waited for


async def _followed(
    account: ExotelAccount, http: ClientSession, address: str, headers: Mapping[str, str]
) -> ClientResponse:
    shown = {**headers, "Authorization": account.authorization, "Accept-Encoding": "identity"}
    timeout = ClientTimeout(total=None, sock_connect=CONNECTING, sock_read=SILENT)
    try:
        url = URL(address)
        for _ in range(MOST_STEPS):
            if not is_exotels(url, account):
                raise CarrierError(Trouble.ACCOUNT, "a recording lies at an address that is not Exotel's")
            reply = await http.get(url, headers=shown, allow_redirects=False, timeout=timeout)
            if reply.status not in (301, 302, 303, 307, 308):
                return reply
            reply.close()
            url = url.join(URL(reply.headers.get("Location", "")))
    except (ClientError, TimeoutError, OSError, ValueError) as error:
        raise CarrierError(Trouble.DOUBT, f"no answer from Exotel ({type(error).__name__})") from None
    raise CarrierError(Trouble.DOUBT, "a recording of Exotel's leads from one address to the next")
