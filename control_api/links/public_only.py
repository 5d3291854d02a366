"""A way out that leads to public addresses only, whatever a name stands for and however an address is written.

The guard stands where the socket is made, and looks at the very address that it is made for: a name that is looked up
twice cannot lie, and an address that is never looked up does not slip by.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import partial
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Any

from aiohappyeyeballs import AddrInfoType
from aiohttp import ClientSession, ClientTimeout, DummyCookieJar, TCPConnector
from aiohttp.abc import AbstractResolver, ResolveResult

CONNECTIONS = 250
IDLE_SECONDS = 2.0
"""How long a connection is kept: few servers close it sooner, and what is sent at that moment would be lost."""
LOOKUPS = 64
"""Names looked up at once. They have threads of their own: one that nobody answers for takes one, however many ask."""

_CARRIERS_OF_V4 = tuple(map(IPv6Network, ("::/96", "::ffff:0:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48")))
"""Addresses whose last 32 bits are one of the older kind, beside those that the library takes apart."""

_SITE = IPv6Network("fec0::/10")
"""Private networks of old, which the library does not count among them."""

Address = IPv4Address | IPv6Address


class PrivateAddressError(OSError):
    """What was to be reached is not on the public internet. Nothing was sent, and no connection begun."""

    def __init__(self) -> None:
        super().__init__("it leads to a private address")


def is_public(address: Address) -> bool:
    """Also of what it stands for, where one kind of address is written within another."""
    return all(one.is_global and not one.is_multicast and one not in _SITE for one in _meant(address))


@asynccontextmanager
async def public_session(*, private: bool = False) -> AsyncIterator[ClientSession]:
    """Follows what it is told, keeps no cookies and knows no proxy. `private`: it leads anywhere.

    A private address is a ClientConnectorError whose `os_error` is a PrivateAddressError, or one that says the same.
    """
    names = _Names()
    connector = TCPConnector(
        limit=CONNECTIONS,
        keepalive_timeout=IDLE_SECONDS,
        resolver=names,
        use_dns_cache=False,
        socket_factory=_anywhere if private else _outside,
    )
    try:
        async with ClientSession(
            connector=connector, cookie_jar=DummyCookieJar(), timeout=ClientTimeout(total=60), auto_decompress=False
        ) as session:
            yield session
    finally:
        await names.close()


def _outside(place: AddrInfoType) -> socket.socket:
    host = str(place[4][0]).partition("%")[0]
    if place[0] not in (socket.AF_INET, socket.AF_INET6) or not is_public(ip_address(host)):
        raise PrivateAddressError
    return _anywhere(place)


def _anywhere(place: AddrInfoType) -> socket.socket:
    family, kind, protocol, *_ = place
    return socket.socket(family, kind, protocol)


def _meant(address: Address) -> Iterator[Address]:
    if isinstance(address, IPv4Address):
        yield address
        return
    if any(address in network for network in _CARRIERS_OF_V4):
        yield IPv4Address(int(address) & 0xFFFF_FFFF)
    inner = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    yield from (one for one in inner if one is not None)
    if address.ipv4_mapped is None:
        yield address


class _Names(AbstractResolver):
    """The system's own way to look names up, in threads of its own."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(LOOKUPS, thread_name_prefix="names")
        self._looks: dict[tuple[str, int, int], asyncio.Future[list[Any]]] = {}
        """Those under way: who gives up leaves the thread at it, and who asks next waits for the same."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        asked = host, port, int(family)
        look = self._looks.get(asked)
        if look is None:
            look = self._looks[asked] = asyncio.get_running_loop().run_in_executor(
                self._threads, socket.getaddrinfo, *asked, socket.SOCK_STREAM, 0, socket.AI_ADDRCONFIG
            )
            look.add_done_callback(partial(self._looked, asked))
        found = await asyncio.shield(look)
        return [
            ResolveResult(
                hostname=host,
                host=str(place[0]),
                port=int(place[1]),
                family=kind,
                proto=protocol,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for kind, _, protocol, _, place in found
        ]

    def _looked(self, asked: tuple[str, int, int], look: asyncio.Future[list[Any]]) -> None:
        del self._looks[asked]
        if not look.cancelled():
            look.exception()  # perhaps nobody waits for it any more

    async def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
