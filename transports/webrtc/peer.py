"""One connection by aiortc: sound both ways, and text over the page's data channel.

Imported with the first offer: aiortc takes half a second, for which a server without calls from browsers need not wait.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from aiortc import (
    RTCConfiguration,
    RTCDataChannel,
    RTCIceServer,
    RTCPeerConnection,
    RTCRtpSender,
    RTCSessionDescription,
)
from aiortc.exceptions import InternalError, InvalidAccessError, InvalidStateError, OperationError
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from aiortc.rtcconfiguration import RTCBundlePolicy
from aiortc.sdp import candidate_from_sdp
from av import AudioFrame, Packet

from pipeline.frames import FRAME_SECONDS
from transports.webrtc.ice import IceServers
from transports.webrtc.offers import OfferError
from transports.webrtc.opus import OpusIn, OpusOut

LATE = 0.3
"""Seconds behind after which sound is dropped: what is less late is sent in a burst, and the page catches up."""
UNTOLD = 200
"""Messages kept until the page's channel is open."""
UNREAD = 262_144
"""Bytes that wait for a page after which it is told no more: it has stopped reading."""
LAST_WORDS = 0.5
"""Seconds in which what was told last reaches the page."""

_OPUS = [codec for codec in RTCRtpSender.getCapabilities("audio").codecs if codec.mimeType.lower() == "audio/opus"]
_BROKEN = (
    *(ValueError, KeyError, IndexError, TypeError, AttributeError, AssertionError, RuntimeError),  # aiortc's parser's
    *(InternalError, InvalidAccessError, InvalidStateError, OperationError),
)

# They name addresses of those who call at each step.
for _name in ("aiortc", "aioice"):
    logging.getLogger(_name).setLevel(logging.ERROR)


class Peer:
    """`next_sound` is asked for 20 ms of sound every 20 ms; `told` gets what the page says over its channel."""

    def __init__(
        self, rate: int, next_sound: Callable[[], bytes | None], told: Callable[[str], None], ice: IceServers
    ) -> None:
        servers = [RTCIceServer(**server) for server in ice.shown()]  # none, not aiortc's default
        self._connection = RTCPeerConnection(RTCConfiguration(servers, bundlePolicy=RTCBundlePolicy.MAX_BUNDLE))
        self._told = told
        self._audio = self._connection.addTransceiver(_Voice(rate, next_sound), direction="sendrecv")
        self._audio.setCodecPreferences(_OPUS)
        self._in = OpusIn(rate)
        self._track: MediaStreamTrack | None = None
        self._channel: RTCDataChannel | None = None
        self._opened = asyncio.Event()
        """The channel is there."""
        self._untold: deque[str] = deque(maxlen=UNTOLD)
        self._settled = asyncio.Event()
        self._negotiating = asyncio.Lock()
        self._closing: asyncio.Task[None] | None = None
        self._connection.on("track", self._on_track)
        self._connection.on("datachannel", self._on_channel)
        self._connection.on("connectionstatechange", self._on_state)

    @property
    def up(self) -> bool:
        return self._connection.connectionState == "connected"

    @property
    def down(self) -> bool:
        return self._connection.connectionState in ("failed", "closed")

    async def answer(self, sdp: str) -> str:
        """The answer to an offer: the first, or one that changes what was agreed. Raises OfferError."""
        if "m=audio" not in sdp:
            raise OfferError("sdp must offer audio")
        async with self._negotiating:
            try:
                await self._connection.setRemoteDescription(RTCSessionDescription(sdp, "offer"))
                for transceiver in self._connection.getTransceivers():
                    if transceiver is not self._audio:
                        transceiver.direction = "inactive"  # a picture is neither shown nor decoded
                await self._connection.setLocalDescription(await self._connection.createAnswer())
            except _BROKEN:
                raise OfferError(
                    "sdp is no offer that can be answered: it must offer Opus, with ICE and DTLS"
                ) from None
        if self._audio.currentDirection not in ("sendrecv", "sendonly"):
            raise OfferError("sdp must offer audio that is received as well as sent")
        return self._connection.localDescription.sdp

    async def candidate(self, text: str, mid: str | None, index: int | None) -> None:
        """One more way to the page; an empty text: there are no more. Raises OfferError."""
        try:
            found = candidate_from_sdp(text.removeprefix("candidate:")) if text else None
            if found is not None:
                found.sdpMid, found.sdpMLineIndex = mid, index
            await self._connection.addIceCandidate(found)
        except _BROKEN:
            raise OfferError("candidates must be written as the browser gives them") from None

    async def settled(self) -> None:
        """Returns once it is up, or never will be."""
        await self._settled.wait()

    async def sound(self) -> tuple[bytes, int] | None:
        """The next sound, of any length, and how many like it were lost before; None once the page sends no more.

        Waits for ever where none comes.
        """
        if self._track is None:
            await asyncio.get_running_loop().create_future()
        assert self._track is not None
        try:
            frame = await self._track.recv()
        except MediaStreamError:
            return None
        assert isinstance(frame, AudioFrame)
        return self._in.sound(frame)

    def tell(self, texts: Sequence[str]) -> None:
        """Over the page's channel; kept for it until it is open."""
        channel = self._channel
        for text in texts:
            if channel is None:
                self._untold.append(text)
            elif channel.readyState == "open" and channel.bufferedAmount < UNREAD:
                channel.send(text)

    async def close(self) -> None:
        if self._closing is None:
            self._closing = asyncio.ensure_future(self._close())
        await asyncio.shield(self._closing)

    async def _close(self) -> None:
        if self.up:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LAST_WORDS):
                    await self._all_told()
        await self._connection.close()
        self._settled.set()

    async def _all_told(self) -> None:
        if self._untold:
            await self._opened.wait()
        channel = self._channel
        if channel is not None and channel.readyState == "open" and channel.bufferedAmount:
            empty = asyncio.Event()
            channel.on("bufferedamountlow", empty.set)
            await empty.wait()

    def _on_track(self, track: MediaStreamTrack) -> None:
        if track.kind == "audio" and self._track is None:
            self._track = track

    def _on_channel(self, channel: RTCDataChannel) -> None:
        self._channel = channel
        channel.on("message", self._on_message)
        untold, self._untold = self._untold, deque(maxlen=UNTOLD)
        self.tell(untold)
        self._opened.set()

    def _on_message(self, message: str | bytes) -> None:
        if isinstance(message, str):
            self._told(message)

    def _on_state(self) -> None:
        if self.up or self.down:
            self._settled.set()


class _Voice(MediaStreamTrack):
    """What is said to the page, by the wall."""

    kind = "audio"

    def __init__(self, rate: int, next_sound: Callable[[], bytes | None]) -> None:
        super().__init__()
        self._next_sound = next_sound
        self._out = OpusOut(rate)
        self._now = asyncio.get_running_loop().time
        self._due: float | None = None

    async def recv(self) -> Packet[Any]:
        now = self._now()
        self._due = now if self._due is None else self._due + FRAME_SECONDS
        if self._due > now:
            await asyncio.sleep(self._due - now)
        elif now - self._due > LATE:
            missed = int((now - self._due) / FRAME_SECONDS)
            self._out.skip(missed)
            for _ in range(missed):
                self._next_sound()
            self._due += missed * FRAME_SECONDS
        if self.readyState != "live":
            raise MediaStreamError
        return self._out.packet(self._next_sound())
