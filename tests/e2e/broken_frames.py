"""Websocket frames that break RFC 6455: `python -m tests.e2e.broken_frames URL COUNT`.

Opens a connection for each, so many of each kind, and prints one JSON object: for each kind how many came, how many the
server closed, the codes it gave, and after how many seconds at most. Runs beside the server, so that its own memory is
not counted as the server's.
"""

from __future__ import annotations

import asyncio
import json
import struct
import sys
import time
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

FIN, RSV1, RSV2, RSV3 = 0x80, 0x40, 0x20, 0x10
CONTINUED, TEXT, CLOSE, PING = 0, 1, 8, 9
AT_ONCE = 50
PATIENCE = 20.0
"""Seconds after which the server has failed."""


def frame(head: int, payload: bytes = b"", *, length: bytes | None = None, masked: bool = True) -> bytes:
    """`length` tells another one than the payload's."""
    if length is None:
        size = len(payload)
        length = bytes([size]) if size < 126 else b"\x7e" + struct.pack(">H", size)
    mask = b"\x12\x34\x56\x78" if masked else b""
    first = length[0] | (0x80 if masked else 0)
    payload = bytes(sign ^ mask[place % 4] for place, sign in enumerate(payload)) if masked else payload
    return bytes([head, first]) + length[1:] + mask + payload


KINDS: Mapping[str, bytes] = {
    "not_masked": frame(FIN | TEXT, b"{}", masked=False),
    "first_reserved_bit": frame(FIN | RSV1 | TEXT, b"{}"),
    "second_reserved_bit": frame(FIN | RSV2 | TEXT, b"{}"),
    "third_reserved_bit": frame(FIN | RSV3 | TEXT, b"{}"),
    "unknown_data": frame(FIN | 3, b"{}"),
    "unknown_control": frame(FIN | 11, b"{}"),
    "ping_in_pieces": frame(PING, b"x"),
    "ping_too_long": frame(FIN | PING, b"x" * 126),
    "continuation_of_nothing": frame(FIN | CONTINUED, b"{}"),
    "message_within_a_message": frame(TEXT, b"{") + frame(FIN | TEXT, b"}"),
    "not_utf8": frame(FIN | TEXT, b"\xff\xfe"),
    "longer_than_anything": frame(FIN | TEXT, b"{}", length=b"\x7f" + struct.pack(">Q", (1 << 63) - 1)),
    "close_of_one_byte": frame(FIN | CLOSE, b"\x03"),
    "close_with_no_such_code": frame(FIN | CLOSE, struct.pack(">H", 1005)),
}


async def one(host: str, port: int, request: bytes, broken: bytes) -> float | None:
    """Seconds until it was gone; None: the server never closed it."""
    reader, writer = await asyncio.open_connection(host, port)
    try:
        writer.write(request)
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101 ")
        sent = time.monotonic()
        writer.write(broken)
        try:
            async with asyncio.timeout(PATIENCE):
                while await reader.read(1000):
                    pass
        except ConnectionError:
            pass
        except TimeoutError:
            return None
        return time.monotonic() - sent
    finally:
        writer.transport.abort()


async def several(
    left: Iterator[int], times: list[float | None], host: str, port: int, request: bytes, broken: bytes
) -> None:
    """One after the other, as long as any are left."""
    times.extend([await one(host, port, request, broken) for _ in left])


async def flood(url: str, count: int) -> dict[str, dict[str, float]]:
    place = urlsplit(url)
    assert place.hostname is not None
    assert place.port is not None
    request = (
        f"GET {place.path} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    ).encode()
    told = {}
    for kind, broken in KINDS.items():
        times: list[float | None] = []
        left = iter(range(count))
        await asyncio.gather(
            *(several(left, times, place.hostname, place.port, request, broken) for _ in range(min(AT_ONCE, count)))
        )
        gone = [seconds for seconds in times if seconds is not None]
        told[kind] = {"came": len(times), "gone": len(gone), "last": round(max(gone, default=0.0), 2)}
    return told


if __name__ == "__main__":
    print(json.dumps(asyncio.run(flood(sys.argv[1], int(sys.argv[2])))))  # noqa: T201 - what it is for
