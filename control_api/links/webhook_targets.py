"""Where a webhook may point, and what may be sent along. Raises ValueError, with what is wrong and not where."""

from __future__ import annotations

import re
import socket
from collections.abc import Mapping
from ipaddress import IPv4Address, ip_address

from yarl import URL

from control_api.links.public_only import is_public

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
        raise ValueError(f"must begin with https://{' or http://' if private else ''}")
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
    """As far as it says itself, however it is written. A name is found out when something is sent."""
    if host == "localhost" or host.endswith(".localhost"):
        return False
    if ":" in host:
        return is_public(ip_address(host))
    try:
        packed = socket.inet_aton(host)  # also 2130706433, 0x7f000001, 0177.1: as a system reads them
    except OSError:
        return True
    return is_public(IPv4Address(packed))
