"""The far end of a call over WebRTC: a page, by aiortc, over real UDP."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from fractions import Fraction
from typing import Any

import numpy as np
import orjson
from aiohttp import ClientSession, web
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from av import AudioFrame

from pipeline.frames import Frame
from pipeline.transport import Incoming
from transports.browser_line import BrowserLine, Refusal
from transports.webrtc.endpoint import WebRtcEndpoint

WIRE_RATE = 48_000
FRAME = 960


def sine(hertz: float, seconds: float, rate: int, *, loud: float = 8000.0) -> bytes:
    wave = loud * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)
    return wave.astype("<i2").tobytes()


def pitch(pcm: bytes, rate: int) -> float:
    """The strongest frequency, in hertz."""
    samples = np.frombuffer(pcm, "<i2").astype(np.float64)
    strength = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(np.argmax(strength) * rate / len(samples))


class Microphone(MediaStreamTrack):
    """Says `pcm`, mono at 48 kHz, over and over; in stereo, for aiortc makes mono quieter."""

    kind = "audio"

    def __init__(self, pcm: bytes) -> None:
        super().__init__()
        self._pcm, self._frames, self._began = pcm, 0, time.monotonic()

    async def recv(self) -> AudioFrame:
        if self.readyState != "live":
            raise MediaStreamError
        await asyncio.sleep(self._began + self._frames * 0.02 - time.monotonic())
        frame = AudioFrame(format="s16", layout="stereo", samples=FRAME)
        at = self._frames * FRAME * 2 % len(self._pcm)
        frame.planes[0].update(np.frombuffer(self._pcm[at : at + FRAME * 2], "<i2").repeat(2).tobytes())
        frame.sample_rate, frame.time_base, frame.pts = WIRE_RATE, Fraction(1, WIRE_RATE), self._frames * FRAME
        self._frames += 1
        return frame


class Page:
    def __init__(self, microphone: MediaStreamTrack, *, video: bool = False) -> None:
        self.connection = RTCPeerConnection(RTCConfiguration([]))
        self.heard = bytearray()
        """Mono PCM16 at 48 kHz."""
        self.said: list[Any] = []
        """What came over the channel, read."""
        self.gone = asyncio.Event()
        self.channel = self.connection.createDataChannel("chat")
        self.channel.on("message", lambda text: self.said.append(orjson.loads(text)))
        self.channel.on("close", self.gone.set)
        self.connection.addTrack(microphone)
        if video:
            self.connection.addTransceiver("video", direction="sendrecv")
        self._ear: asyncio.Task[None] | None = None
        self.connection.on("track", self._listen)

    async def offer(self) -> dict[str, Any]:
        await self.connection.setLocalDescription(await self.connection.createOffer())
        return {"sdp": self.connection.localDescription.sdp, "type": "offer"}

    async def take(self, answer: Mapping[str, Any]) -> None:
        await self.connection.setRemoteDescription(RTCSessionDescription(answer["sdp"], answer["type"]))

    def say(self, message: object) -> None:
        self.channel.send(message if isinstance(message, str) else orjson.dumps(message).decode())

    def kinds(self) -> list[str]:
        return [message["type"] for message in self.said]

    async def close(self) -> None:
        await self.connection.close()
        if self._ear is not None:
            self._ear.cancel()  # aiortc ends no track of a connection that never came up
            await asyncio.wait([self._ear])

    def _listen(self, track: MediaStreamTrack) -> None:
        if track.kind == "audio":
            self._ear = asyncio.ensure_future(self._hear(track))

    async def _hear(self, track: MediaStreamTrack) -> None:
        while True:
            try:
                frame = await track.recv()
            except MediaStreamError:
                return
            assert isinstance(frame, AudioFrame)
            self.heard += frame.to_ndarray().reshape(-1, 2)[:, 0].tobytes()


class House:
    """A server with one endpoint: keys are accounts, and every flow but `none` is there."""

    def __init__(self) -> None:
        self.url = ""
        self.frames: list[Frame] = []
        self.on: Callable[[Frame], list[Frame]] = lambda frame: []
        self.lines: list[BrowserLine] = []
        self.calls: list[Incoming] = []
        self.troubles: list[str] = []
        self.over = asyncio.Event()
        self.refusal: Refusal | None = None
        """With which a call is answered that was admitted."""

    async def whose(self, request: web.Request, *, name: str) -> str:
        key = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if not key:
            raise Refusal(401, "A key is required")
        return key

    async def admit(
        self, request: web.Request, flow: str, variables: Mapping[str, str] = {}, *, carrier: str, name: str
    ) -> Incoming:
        account = await self.whose(request, name=name)
        if flow == "none":
            raise Refusal(404, "Flow not found")
        call = f"cal_{len(self.calls)}"
        self.calls.append(Incoming(carrier, account=account, call=call, flow=flow, custom=variables))
        return self.calls[-1]

    async def answer(self, line: BrowserLine, incoming: Incoming) -> None:
        if self.refusal is not None:
            raise self.refusal
        self.lines.append(line)
        async for frame in line.receive():
            self.frames.append(frame)
            for reply in self.on(frame):
                line.send(reply)
        line.tell({"type": "end", "outcome": "connected"})
        self.over.set()


@asynccontextmanager
async def open_house(**options: Any) -> AsyncIterator[tuple[House, ClientSession, WebRtcEndpoint]]:
    house = House()
    endpoint = WebRtcEndpoint(house.admit, house.whose, house.answer, trouble=house.troubles.append, **options)
    app = web.Application()
    app.add_routes(endpoint.routes())
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    house.url = f"http://{host}:{port}"
    try:
        async with ClientSession(house.url, headers={"Authorization": "Bearer acme"}) as http:
            yield house, http, endpoint
    finally:
        await endpoint.close()
        await runner.cleanup()
