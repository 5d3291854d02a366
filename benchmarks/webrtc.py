"""S8: what a call by WebRTC costs, over what aiortc itself costs.

The same callers ring both: aiortc's own peer, which hears them and says a recording and does nothing else, and this
server, which detects speech, takes turns and speaks. The server has one core, the callers another, and theirs is not
counted. What a process uses while nobody calls is taken off both. Speech is real, providers answer at once.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

import aiohttp
import uvloop
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from av import Packet

from benchmarks.bench_server import INSTANT, LOAD_CORE, Measured, free_port, process
from benchmarks.caller_track import conversation
from benchmarks.report import Bar, print_bars
from benchmarks.webrtc_loopback import hear
from pipeline.audio import frame_bytes, resample
from storage.database import Database
from storage.migrations import migrate
from storage.seed import Seeded, seed
from tests.speech import RATE
from transports.webrtc.opus import WIRE_RATE, OpusOut
from transports.webrtc.transport import RATE as LINE_RATE

OURS, ALONE = "Vaani", "aiortc alone"
IDLE_SECONDS, SETTLE_SECONDS = 5.0, 4.0


class Speech(MediaStreamTrack):
    """Says what was encoded once for all callers, over and over: a caller costs as little as it can."""

    kind = "audio"

    def __init__(self, packets: list[Packet[Any]]) -> None:
        super().__init__()
        self._packets, self._sent = packets, 0
        self._now = asyncio.get_running_loop().time
        self._began = self._now()

    async def recv(self) -> Packet[Any]:
        await asyncio.sleep(self._began + self._sent * 0.02 - self._now())
        if self.readyState != "live":
            raise MediaStreamError
        said = self._packets[self._sent % len(self._packets)]
        packet = Packet(bytes(said))
        packet.pts, packet.time_base = self._sent * 960, said.time_base
        self._sent += 1
        return packet


async def call(
    http: aiohttp.ClientSession, packets: list[Packet[Any]], wanted: dict[str, str], told: set[int]
) -> RTCPeerConnection:
    """Its number is in `told` once the server has told it how fast an answer was."""
    peer = RTCPeerConnection(RTCConfiguration([]))
    peer.addTrack(Speech(packets))
    peer.on("track", lambda track: asyncio.ensure_future(hear(track)))
    channel = peer.createDataChannel("chat")
    channel.on("message", lambda text: told.add(id(peer)) if '"latency"' in text else None)
    await peer.setLocalDescription(await peer.createOffer())
    async with http.post("/webrtc/offer", json={"sdp": peer.localDescription.sdp, "type": "offer", **wanted}) as reply:
        reply.raise_for_status()
        answer = await reply.json()
    await peer.setRemoteDescription(RTCSessionDescription(answer["sdp"], "answer"))
    return peer


async def cost(
    server: Measured, packets: list[Packet[Any]], calls: int, seconds: float, wanted: dict[str, str], key: str
) -> float:
    """Milliseconds of CPU for each second of each call, over what the server uses on its own."""

    async def used(while_: float) -> float:
        begin, at = server.cost().cpu, time.monotonic()
        await asyncio.sleep(while_)
        return (server.cost().cpu - begin) / (time.monotonic() - at)

    headers = {"Authorization": f"Bearer {key}"}
    async with aiohttp.ClientSession(f"http://127.0.0.1:{server.port}", headers=headers) as http:
        told: set[int] = set()
        warm = await call(http, packets, wanted, told)  # what is imported and made once
        await asyncio.sleep(SETTLE_SECONDS)
        await warm.close()
        await asyncio.sleep(SETTLE_SECONDS)
        idle = await used(IDLE_SECONDS)
        peers = [await call(http, packets, wanted, told) for _ in range(calls)]
        await asyncio.sleep(SETTLE_SECONDS)
        busy = await used(seconds)
        up = sum(peer.connectionState == "connected" and (not wanted or id(peer) in told) for peer in peers)
        for peer in peers:
            await peer.close()
    if up < calls:
        raise RuntimeError(f"{calls - up} of {calls} calls were lost or got no answer")
    return (busy - idle) / calls * 1000


@asynccontextmanager
async def ours() -> AsyncIterator[tuple[Measured, Seeded]]:
    with tempfile.TemporaryDirectory() as folder:
        url, port = f"sqlite+aiosqlite:///{Path(folder) / 'vaani.db'}", free_port()
        await migrate(url)
        async with Database(url) as database, database.begin() as work:
            seeded = await seed(work, now=datetime.now(UTC), config=INSTANT, voice_config={}, language="en-IN")
        assert seeded is not None
        environment = {"VAANI_DATA_DIR": folder, "VAANI_PORT": str(port), "VAANI_LOG_LEVEL": "warning"}
        async with process([sys.executable, "-m", "server"], port, environment, ready="/readyz") as server:
            yield server, seeded


@asynccontextmanager
async def alone(pcm: bytes) -> AsyncIterator[Measured]:
    with tempfile.TemporaryDirectory() as folder:
        speech, port = Path(folder) / "speech.pcm", free_port()
        speech.write_bytes(resample(pcm, RATE, WIRE_RATE))
        command = [sys.executable, "-m", "benchmarks.webrtc_loopback", str(port), str(speech)]
        async with process(command, port) as server:
            yield server


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    pcm = (await asyncio.to_thread(conversation, 4, 5.0)).pcm
    encoder, line = OpusOut(LINE_RATE), resample(pcm, RATE, LINE_RATE)
    size = frame_bytes(LINE_RATE)
    packets = [encoder.packet(line[at : at + size]) for at in range(0, len(line) - size + 1, size)]
    os.sched_setaffinity(0, {LOAD_CORE})
    found: dict[str, list[float]] = {ALONE: [], OURS: []}
    for _ in range(asked.rounds):
        async with alone(pcm) as server:
            found[ALONE].append(await cost(server, packets, asked.calls, asked.seconds, {}, ""))
        async with ours() as (server, seeded):
            wanted = {"flow_id": seeded.flow}
            found[OURS].append(await cost(server, packets, asked.calls, asked.seconds, wanted, seeded.token))
        print(*(f"{name}: {values[-1]:.2f} ms" for name, values in found.items()), "a call-second", flush=True)
    ratio = median(found[OURS]) / median(found[ALONE])
    print(f"{asked.calls} calls, {asked.rounds} rounds of {asked.seconds:g} s; the figure is of the medians")
    print_bars(Bar("S8 CPU of a WebRTC call over aiortc alone", ratio, 1.2, "x"))


if __name__ == "__main__":
    uvloop.run(main())
