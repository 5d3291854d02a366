"""An aiortc peer with no call behind it: it hears what comes and says a recording, in aiortc's own way.

`python -m benchmarks.webrtc_loopback PORT SPEECH`, where SPEECH is a file of mono PCM16 at 48 kHz.
"""

from __future__ import annotations

import asyncio
import sys
from fractions import Fraction
from pathlib import Path

import uvloop
from aiohttp import web
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from av import AudioFrame

RATE, SAMPLES = 48_000, 960


class Recording(MediaStreamTrack):
    kind = "audio"

    def __init__(self, pcm: bytes) -> None:
        super().__init__()
        self._pcm, self._sent = pcm, 0
        self._now = asyncio.get_running_loop().time
        self._began = self._now()

    async def recv(self) -> AudioFrame:
        await asyncio.sleep(self._began + self._sent * SAMPLES / RATE - self._now())
        if self.readyState != "live":
            raise MediaStreamError
        at = self._sent * SAMPLES * 2 % len(self._pcm)
        frame = AudioFrame(format="s16", layout="mono", samples=SAMPLES)
        frame.planes[0].update(self._pcm[at : at + SAMPLES * 2])
        frame.sample_rate, frame.time_base, frame.pts = RATE, Fraction(1, RATE), self._sent * SAMPLES
        self._sent += 1
        return frame


class Loopback:
    def __init__(self, pcm: bytes) -> None:
        self._pcm = pcm[: len(pcm) // (SAMPLES * 2) * SAMPLES * 2]
        self._held: set[object] = set()

    async def offer(self, request: web.Request) -> web.Response:
        asked = await request.json()
        peer = RTCPeerConnection(RTCConfiguration([]))
        peer.addTrack(Recording(self._pcm))
        peer.on("track", self._listen)
        self._held.add(peer)
        await peer.setRemoteDescription(RTCSessionDescription(asked["sdp"], "offer"))
        await peer.setLocalDescription(await peer.createAnswer())
        return web.json_response({"sdp": peer.localDescription.sdp, "type": "answer"})

    def _listen(self, track: MediaStreamTrack) -> None:
        self._held.add(asyncio.ensure_future(hear(track)))


async def hear(track: MediaStreamTrack) -> None:
    """To the end."""
    while True:
        try:
            await track.recv()
        except MediaStreamError:
            return


async def main(port: int, pcm: bytes) -> None:
    app = web.Application()
    app.add_routes([web.post("/webrtc/offer", Loopback(pcm).offer)])
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), Path(sys.argv[2]).read_bytes()))
