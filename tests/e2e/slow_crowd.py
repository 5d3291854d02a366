"""Clients that hold on to connections and ask for nothing: `python -m tests.e2e.slow_crowd PORT COUNT`.

Prints one JSON object: for each kind how many came, how many of them the server closed, and after how many seconds the
last one was gone. Runs beside the server, so that its own memory is not counted as the server's.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable

HEAD = b"POST /v1/calls HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 900\r\n"
PATIENCE = 30.0
"""Seconds after which the server has failed."""
Send = Callable[[asyncio.StreamWriter], Awaitable[None]]


async def half_open(writer: asyncio.StreamWriter) -> None:
    pass


async def idle(writer: asyncio.StreamWriter) -> None:
    writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")


async def half_body(writer: asyncio.StreamWriter) -> None:
    writer.write(HEAD + b'\r\n{"phone')


async def dripping_head(writer: asyncio.StreamWriter) -> None:
    await _drip(writer, HEAD + b"X-More: " + b"x" * 1000)


async def dripping_body(writer: asyncio.StreamWriter) -> None:
    writer.write(HEAD + b"\r\n")
    await _drip(writer, b"x" * 1000)


async def _drip(writer: asyncio.StreamWriter, data: bytes) -> None:
    for sign in data:
        writer.write(bytes([sign]))
        await asyncio.sleep(0.2)


KINDS: list[Send] = [half_open, idle, half_body, dripping_head, dripping_body]


async def one(kind: Send, port: int, number: int) -> float | None:
    """Seconds until it was gone; None: the server never closed it."""
    # An address for each hundred: too many of one address are closed for that alone.
    source = (f"127.0.1.{number // 100 + 1}", 0)
    reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=source)
    came = time.monotonic()
    sending = asyncio.ensure_future(kind(writer))
    try:
        async with asyncio.timeout(PATIENCE):
            while await reader.read(1000):
                pass
    except ConnectionError:
        pass
    except TimeoutError:
        return None
    finally:
        sending.cancel()
        await asyncio.wait([sending])
        writer.transport.abort()
    return time.monotonic() - came


async def crowd(port: int, count: int) -> dict[str, dict[str, float]]:
    kinds = [KINDS[number % len(KINDS)] for number in range(count)]
    times = await asyncio.gather(*(one(kind, port, number) for number, kind in enumerate(kinds)))
    told = {}
    for kind in KINDS:
        found = [seconds for seconds, of in zip(times, kinds, strict=True) if of is kind]
        gone = [seconds for seconds in found if seconds is not None]
        told[kind.__name__] = {"came": len(found), "gone": len(gone), "last": round(max(gone, default=0.0), 2)}
    return told


if __name__ == "__main__":
    print(json.dumps(asyncio.run(crowd(int(sys.argv[1]), int(sys.argv[2])))))  # noqa: T201 - what it is for
