"""A call over a page's socket: binary messages are sound, text messages are JSON.

Writing never waits: whole frames go straight to the connection, in order. So what was sent before `clear` is stale to
the page, and nothing after it is. A page tells nothing of what it has played: a sound counts as heard as time goes by.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

import orjson
from aiohttp import WSCloseCode, WSMessage, WSMsgType, web

from pipeline.audio import SAMPLE_BYTES, Resampler
from pipeline.frames import (
    FRAME_SECONDS,
    AudioDone,
    AudioIn,
    AudioOut,
    Background,
    Digit,
    Frame,
    Hangup,
    Interrupt,
    Pause,
    Resume,
    Transfer,
)
from transports.alarm import Alarm
from transports.browser.wire import End, Press, Start, WireError, parse
from transports.playout import LEAD, Playout
from transports.rfc6455 import binary_frame, text_frame
from transports.said import Said
from transports.steady import QUIET, Steady

MOST_BAD = 50
"""Unreadable messages in a row after which whoever is there is no page of ours."""
STALLED = 1_048_576
"""Bytes written but not taken by the page after which the line is stalled: some ten seconds at 48 kHz."""
CLOSE_WAIT = 2.0
"""Seconds in which a page must take what is left and answer our close."""
CHUNK_SECONDS = 0.04
"""Sound in one message."""
PASSING = frozenset({"partial", "speech", "held", "resumed"})
"""Messages that only a page that asked for them is told."""
CODES = {"silent": 1001, "stalled": 1001, "broken": 1003}
"""With which the socket is closed where the call ended otherwise than one does; 1000."""
CLEAR = text_frame(b'{"type":"clear"}')
"""The page drops what it has not played yet."""

_log = logging.getLogger(__name__)


class BrowserTransport:
    """One call. `trouble` is told a short fixed name for everything that was wrong on the wire."""

    def __init__(
        self,
        ws: web.WebSocketResponse[Any],
        connection: asyncio.WriteTransport,
        start: Start,
        *,
        call: str = "",
        lead: float = LEAD,
        trouble: Callable[[str], None] = lambda kind: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.rate = start.line_rate
        self.ending = ""
        """`callended` or `closed` by the page; `silent`, `stalled` or `broken`; `hangup` or `transfer` by us."""
        self._ws, self._connection, self._start = ws, connection, start
        self._call, self._trouble = call, trouble
        chunk = round(CHUNK_SECONDS * self.rate) * SAMPLE_BYTES
        self._playout = Playout(self.rate, chunk=chunk, lead=lead, alignment=SAMPLE_BYTES, echo_wait=0.0)
        self._steady = Steady(self.rate, clock)
        self._ears = Resampler(start.sample_rate, self.rate)
        self._voice = Resampler(self.rate, start.sample_rate)
        self._half = b""
        """The first byte of a sample whose second is still to come."""
        self._slices = 0
        self._keys = Said(clock)
        self._bad = 0
        self._told: set[str] = set()
        self._alarm: Alarm | None = None
        self._is_gone = False

    async def receive(self) -> AsyncIterator[Frame]:
        self._alarm = alarm = Alarm(QUIET)
        quiet = False
        try:
            while not self.ending:
                try:
                    message = await alarm.wait(self._ws.receive())
                except TimeoutError:
                    # The first time, what came may only not have been read: the process was late, not the line.
                    slices = self._nothing_came() if quiet else []
                    quiet = True
                else:
                    slices = self._came(message)
                    quiet = False
                for pcm in slices:
                    for frame in self._news():
                        yield frame
                    at = self._slices * FRAME_SECONDS
                    self._slices += 1
                    yield AudioIn(pcm, at)
                    for frame in self._playout.tick(at):
                        yield frame
                if slices:
                    self._write_due()
        finally:
            alarm.close()
        for frame in (*self._news(), *self._playout.end(self._steady.now())):
            yield frame

    def send(self, frame: Frame) -> None:
        if self.ending:
            return
        match frame:
            case AudioOut():
                self._playout.add(frame)
                self._write_due()
            case AudioDone():
                self._playout.done(frame)
                self._write_due()
            case Pause():
                self._cut(stale=self._playout.pause(self._steady.now()))
            case Resume():
                self._playout.resume()
                self._write_due()
            case Interrupt():
                self._cut(stale=self._playout.clear(self._steady.now()))
            case Hangup():
                self._put_down("hangup")
            case Transfer():  # nobody can be put through to a page
                self._put_down("transfer")
            case Background(bed):
                self._playout.lay(bed)

    def tell(self, message: Mapping[str, Any]) -> None:
        if self._start.partials or message["type"] not in PASSING:
            self._write(text_frame(orjson.dumps(message)))

    async def close(self) -> None:
        if self._alarm is not None:
            self._alarm.close()  # nobody may read `receive` to its end
        self._put_down("closed")

    async def shut(self, code: int = 0, reason: str = "") -> None:
        """Closes the socket, once there is nothing more to tell. May be called twice."""
        self._put_down("closed")
        answered = False
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_WAIT):
                await self._ws.close(code=code or CODES.get(self.ending, 1000), message=reason.encode()[:123])
            answered = True
        if not answered or self._connection.get_write_buffer_size():
            self._connection.abort()  # what a page does not take would keep the socket open for ever

    def _news(self) -> list[Frame]:
        """What has to be told before the next sound."""
        return self._keys.take() + self._playout.news()

    def _came(self, message: WSMessage) -> list[bytes]:
        """The slices of sound that a message completes."""
        match message.type:
            case WSMsgType.BINARY:
                self._bad = 0
                return self._sound(message.data)
            case WSMsgType.TEXT:
                self._said(message.data)
                return self._steady.catch_up()
        if message.type is WSMsgType.ERROR:
            too_big = getattr(message.data, "code", None) == WSCloseCode.MESSAGE_TOO_BIG
            self._count("oversize" if too_big else "broken_frame")
        self._is_gone = True
        self._put_down("closed")
        return []

    def _sound(self, data: bytes) -> list[bytes]:
        if len(data) % SAMPLE_BYTES:
            self._count("odd_length")
        if self._steady.flooded:
            self._count("flood")
            return []
        pcm = self._half + data
        whole = len(pcm) - len(pcm) % SAMPLE_BYTES
        self._half = pcm[whole:]
        dropped = self._steady.dropped
        slices = self._steady.push(self._ears.push(pcm[:whole]))
        if self._steady.dropped > dropped:
            self._count("backlog")
        return slices

    def _said(self, text: bytes) -> None:
        self._steady.alive()
        try:
            said = parse(text)
        except WireError:
            self._count("bad_message")
            self._bad += 1
            if self._bad >= MOST_BAD:
                self._put_down("broken")
            return
        self._bad = 0
        match said:
            case Press(digits=digits):
                if not self._keys.add([Digit(key, self._steady.now()) for key in digits], cost=len(digits)):
                    self._count("flood")
            case End():
                self._put_down("callended")

    def _nothing_came(self) -> list[bytes]:
        if self._steady.down:
            self._count("silent_line")
            self._put_down("silent")
            return []
        return self._steady.fill()

    def _write_due(self) -> None:
        if self.ending:
            return
        for action in self._playout.due(self._steady.now()):
            # A mark is where a reply ends: no page is told, but what the resampler holds back of it must not wait.
            pcm = self._voice.flush() if isinstance(action, str) else self._voice.push(action)
            if pcm:
                self._write(binary_frame(pcm))

    def _cut(self, *, stale: bool) -> None:
        self._voice.flush()  # a cut reply's last bit is not the next one's first
        if stale:
            self._write(CLEAR)

    def _write(self, frame: bytes) -> None:
        if self._is_gone or self._connection.is_closing():
            return
        if self._connection.get_write_buffer_size() > STALLED:
            self._count("stalled")
            self._is_gone = True
            self._connection.abort()  # a close would wait behind all that is not taken
            self._put_down("stalled")
            return
        self._connection.write(frame)

    def _put_down(self, ending: str) -> None:
        self.ending = self.ending or ending

    def _count(self, kind: str) -> None:
        self._trouble(kind)
        if kind not in self._told:
            self._told.add(kind)
            _log.warning("trouble on a browser's line", extra={"call": self._call, "kind": kind})
