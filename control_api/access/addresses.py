"""Whose request it is: the peer's address, or the one that a trusted proxy tells of."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from itertools import islice

Network = IPv4Network | IPv6Network

UNKNOWN = "unknown"
HOPS = 32
"""Addresses of a header that are looked at, from the right: nobody sits behind more proxies."""


def trusted_networks(setting: str) -> tuple[Network, ...]:
    """The setting `VAANI_TRUSTED_PROXIES`. Raises ValueError, with a sentence that names the entry."""
    return tuple(_network(entry.strip()) for entry in setting.split(",")) if setting.strip() else ()


def client_address(peer: str | None, forwarded: Sequence[str], trusted: Sequence[Network]) -> str:
    """What a client is counted by: an IPv4 address, or the /64 of an IPv6 one, of which one client has them all.

    `forwarded` is every `X-Forwarded-For` header. It is believed from the right, as far as trusted proxies wrote it:
    the answer is the first address that is none of theirs, or the last one before something that is no address.
    """
    found = _address(peer or "")
    if found is None:
        return UNKNOWN
    told = (hop for header in reversed(forwarded) for hop in reversed(header.split(",")))
    for hop in islice(told, HOPS):
        if not _within(found, trusted):
            break
        before = _address(hop.strip())
        if before is None:
            break
        found = before
    return str(found) if found.version == 4 else str(IPv6Network((int(found) >> 64 << 64, 64)))


def is_proxy(peer: str | None, trusted: Sequence[Network]) -> bool:
    """Whether the peer is a trusted proxy, behind which many clients may be."""
    address = _address(peer or "")
    return address is not None and _within(address, trusted)


def _within(address: IPv4Address | IPv6Address, networks: Sequence[Network]) -> bool:
    return any(address in network for network in networks)


def _network(entry: str) -> Network:
    try:
        return ip_network(entry)
    except ValueError:
        shown = "".join(sign if sign.isprintable() else "?" for sign in entry[:60])
        raise ValueError(f'the entry "{shown}" is not a network like 10.0.0.0/8 or an address like 127.0.0.1') from None


def _address(text: str) -> IPv4Address | IPv6Address | None:
    """Of `1.2.3.4`, `1.2.3.4:5678`, `2001:db8::1`, `[2001:db8::1]:5678` and `fe80::1%eth0`."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
