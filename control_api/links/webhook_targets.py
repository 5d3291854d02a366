"""Where a webhook may point, and what may be sent along. Raises ValueError, with what is wrong and not where."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator, Mapping
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

from yarl import URL

LONGEST_URL = 2000
LONGEST_VALUE = 2000
MOST_HEADERS = 20

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")
_VALUE = re.compile(r"[!-~](?:[ -~]*[!-~])?")
_HOST = re.compile(r"[0-9a-z:._-]+")
_OURS = re.compile(
    "connection|content-encoding|content-length|content-type|expect|host|keep-alive|proxy-authorization|"
    "proxy-connection|te|trailer|transfer-encoding|upgrade|webhook-.*|x-nn-.*"
)
"""The server's own: what is sent, and how."""
_CARRIERS_OF_V4 = (IPv6Network("::/96"), IPv6Network("64:ff9b::/96"))
"""Addresses whose last 32 bits are one of the older kind, beside those that the library takes apart."""


def check_url(text: str, *, private: bool) -> None:
    """HTTPS to a public host by name or address. `private`: HTTP and any host will do.

    Names are not looked up: what they stand for is known only when something is sent.
    """
    if len(text) > LONGEST_URL:
        raise ValueError(f"must be at most {LONGEST_URL} characters")
    if not text.isprintable() or " " in text:
        raise ValueError("must have no spaces or control characters")
    try:
        url = URL(text)  # as whoever sends will understand it
        host, port, user, password = url.raw_host or "", url.port, url.user, url.password
    except ValueError:
        raise ValueError("must be a URL") from None
    if url.scheme != "https" and not (private and url.scheme == "http"):
        raise ValueError("must begin with https://")
    if user is not None or password is not None:
        raise ValueError("must have no credentials in it")
    if not _HOST.fullmatch(host) or len(host) > 253 or not host.strip(".") or port == 0:
        raise ValueError("must name a host")
    if not private and not _is_public(host.rstrip(".")):
        raise ValueError("must not lead to a private address")


def check_headers(headers: Mapping[str, str]) -> None:
    if len(headers) > MOST_HEADERS:
        raise ValueError(f"must be at most {MOST_HEADERS}")
    if len({name.lower() for name in headers}) < len(headers):
        raise ValueError("must name each header once")
    for name, value in headers.items():
        if not _NAME.fullmatch(name):
            raise ValueError("must have names of letters, digits and hyphens")
        if _OURS.fullmatch(name.lower()):
            raise ValueError(f"must not set {name}, which the server sets itself")
        if len(value) > LONGEST_VALUE or not _VALUE.fullmatch(value):
            raise ValueError(f"must give {name} a value of 1 to {LONGEST_VALUE} printable ASCII characters")


def _is_public(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return False
    return all(address.is_global and not address.is_multicast for address in _addresses(host))


def _addresses(host: str) -> Iterator[IPv4Address | IPv6Address]:
    """What a host says it is, however it is written, and what that stands for. Nothing of a name."""
    if ":" not in host:
        try:
            yield IPv4Address(socket.inet_aton(host))  # also 2130706433, 0x7f000001, 0177.1: as a system reads them
        except OSError:
            return
        return
    address = ip_address(host)
    assert isinstance(address, IPv6Address)
    if any(address in network for network in _CARRIERS_OF_V4):
        yield IPv4Address(int(address) & 0xFFFF_FFFF)
    inner = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    yield from (one for one in inner if one is not None)
    if address.ipv4_mapped is None:
        yield address
