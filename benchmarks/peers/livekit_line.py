"""Exotel's websocket as the audio input and output of a LiveKit Agents session."""

from __future__ import annotations

import asyncio
import json
import time
from base64 import b64decode, b64encode
from collections import deque

from aiohttp import WSMsgType, web
from livekit import rtc
from livekit.agents.voice import io
from script import RATE

PIECE_SECONDS = 0.04
"""Length of one outgoing message, as Pipecat's default has it."""

LEAD_SECONDS = 0.2
"""Sound sent ahead of its time: the queue that LiveKit's own room output keeps at the far end."""

PIECE_BYTES = int(PIECE_SECONDS * RATE) * 2


class LineInput(io.AudioInput):
    """What the caller says, as it comes from the websocket. Ends when the line is down."""

    def __init__(self, websocket: web.WebSocketResponse) -> None:
        super().__init__(label="Exotel")
        self._frames: asyncio.Queue[rtc.AudioFrame | None] = asyncio.Queue()
        self._websocket = websocket

    async def __anext__(self) -> rtc.AudioFrame:
        frame = await self._frames.get()
        if frame is None:
            raise StopAsyncIteration
        return frame

    async def pump(self) -> None:
        """Read the websocket until Exotel says stop or closes it."""
        async for message in self._websocket:
            if message.type is not WSMsgType.TEXT:
                continue
            event = json.loads(message.data)
            if event["event"] == "stop":
                break
            if event["event"] == "media":
                pcm = b64decode(event["media"]["payload"])
                self._frames.put_nowait(rtc.AudioFrame(pcm, RATE, 1, len(pcm) // 2))
        self._frames.put_nowait(None)


class LineOutput(io.AudioOutput):
    """Sends a reply in real time, `LEAD_SECONDS` ahead; `clear` empties what the far end still holds."""

    def __init__(self, websocket: web.WebSocketResponse, stream_sid: str) -> None:
        super().__init__(label="Exotel", capabilities=io.AudioOutputCapabilities(pause=True), sample_rate=RATE)
        self._websocket = websocket
        self._stream_sid = stream_sid
        self._rest = b""
        self._pieces: deque[bytes] = deque()
        self._whole = False
        self._more = asyncio.Event()
        self._running = asyncio.Event()
        self._running.set()
        self._sent = 0.0
        self._dry_at = 0.0
        self._player: asyncio.Task[None] | None = None
        self._clearing: set[asyncio.Task[None]] = set()

    async def capture_frame(self, frame: rtc.AudioFrame) -> None:
        await super().capture_frame(frame)
        sound = self._rest + bytes(frame.data)
        whole = len(sound) - len(sound) % PIECE_BYTES
        self._pieces.extend(sound[at : at + PIECE_BYTES] for at in range(0, whole, PIECE_BYTES))
        self._rest = sound[whole:]
        self._whole = False
        self._more.set()
        if self._player is None:
            self._player = asyncio.create_task(self._play())

    def flush(self) -> None:
        super().flush()
        if self._player is None:
            return
        if self._rest:
            self._pieces.append(self._rest.ljust(PIECE_BYTES, b"\0"))
            self._rest = b""
        self._whole = True
        self._more.set()

    def clear_buffer(self) -> None:
        if self._player is None:
            return
        self._player.cancel()
        heard = self._silence_far_end()
        self._finished(heard, interrupted=True)

    def pause(self) -> None:
        super().pause()
        if self._running.is_set():  # said again with every voiced window while the caller speaks
            self._running.clear()
            self._silence_far_end()

    def resume(self) -> None:
        super().resume()
        self._running.set()

    def close(self) -> None:
        """The line is down: nothing more is sent or reported."""
        if self._player is not None:
            self._player.cancel()
            self._player = None

    async def _play(self) -> None:
        clock = asyncio.get_running_loop().time
        self.on_playback_started(created_at=time.time())
        self._dry_at = clock()
        while self._pieces or not self._whole:
            if not self._pieces:
                self._more.clear()
                await self._more.wait()
                continue
            await self._running.wait()
            self._dry_at = max(self._dry_at, clock())
            await asyncio.sleep(self._dry_at - LEAD_SECONDS - clock())
            if not self._running.is_set():
                continue
            payload = b64encode(self._pieces.popleft()).decode()
            self._dry_at += PIECE_SECONDS
            self._sent += PIECE_SECONDS
            await self._send({"event": "media", "stream_sid": self._stream_sid, "media": {"payload": payload}})
        await asyncio.sleep(self._dry_at - clock())
        self._finished(self._sent, interrupted=False)

    def _silence_far_end(self) -> float:
        """Have Exotel drop what it still holds, if anything. Returns how many seconds of the reply were heard."""
        held = self._dry_at - asyncio.get_running_loop().time()
        if held <= 0:
            return self._sent
        self._sent -= held
        self._dry_at -= held
        clearing = asyncio.create_task(self._send({"event": "clear", "stream_sid": self._stream_sid}))
        self._clearing.add(clearing)
        clearing.add_done_callback(self._clearing.discard)
        return self._sent

    def _finished(self, heard: float, *, interrupted: bool) -> None:
        self._player = None
        self._pieces.clear()
        self._rest = b""
        self._sent = 0.0
        self.on_playback_finished(playback_position=heard, interrupted=interrupted)

    async def _send(self, message: dict[str, object]) -> None:
        if not self._websocket.closed:
            await self._websocket.send_str(json.dumps(message))
