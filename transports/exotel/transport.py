"""A call over Exotel's Voicebot socket.

Writing never waits and needs no task: a server's WebSocket frame is a few bytes before the text, so whole frames go
straight to the connection, which keeps them in order, before or after the pongs and closes that aiohttp writes there
the same way. A carrier that does not read what we write is given up once `STALLED` bytes wait for it. Since nothing
is held back on this side of the connection, whatever was sent stands before a `clear`, and nothing stale after it.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Callable
from typing import Any, Literal

from aiohttp import WSCloseCode, WSMessage, WSMsgType, web

from pipeline.audio import decode
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
from transports.exotel import wire
from transports.playout import ALIGNMENT, LEAD, Playout
from transports.rfc6455 import text_frame
from transports.said import Said
from transports.steady import QUIET, Steady

MOST_BAD = 50
"""Unreadable messages in a row after which whoever is there is no carrier."""
STALLED = 262_144
"""Bytes written but not taken by the carrier after which the line is stalled: seconds of sound."""
BIGGEST_CHUNK = 100_000
"""Bytes of sound in one message that Exotel takes at most."""
CLOSE_WAIT = 2.0
"""Seconds in which a carrier must take what is left and answer our close."""
CLEAR_ECHO = 1.0
"""Seconds of the call in which a carrier may send our own `clear` back."""
RECOUNT = 250
"""Messages that one may be late. A count that goes back further began anew."""
DIGITS = frozenset("0123456789*#ABCD")

Ending = Literal["", "callended", "stopped", "closed", "silent", "stalled", "broken", "hangup", "transfer"]
"""Why the line went down. The first four came from the carrier or the caller; empty while it is up."""

_log = logging.getLogger(__name__)


class ExotelTransport:
    """One call. `trouble` is told a short fixed name for everything that was wrong on the wire."""

    def __init__(
        self,
        ws: web.WebSocketResponse[Any],
        connection: asyncio.WriteTransport,
        start: wire.Start,
        *,
        rate: int,
        call: str = "",
        chunk_bytes: int = 1600,
        lead: float = LEAD,
        shape: wire.OutboundShape = "extended",
        trouble: Callable[[str], None] = lambda kind: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`chunk_bytes` is for 8 kHz and grows with the rate."""
        self.rate = rate
        self.ending: str = ""
        """One of `Ending`."""
        self.transfer_to = ""
        self._ws, self._connection = ws, connection
        self._call, self._trouble = call, trouble
        self._codec = start.codec
        alignment = ALIGNMENT if start.codec == "pcm16" else 2 * ALIGNMENT  # of what is on the wire, one byte a sample
        chunk = min(chunk_bytes * rate // wire.RATES[0], BIGGEST_CHUNK)
        chunk = max(chunk - chunk % alignment, alignment)
        self._playout = Playout(rate, chunk=chunk, lead=lead, alignment=alignment)
        self._writer = wire.Writer(start.stream_sid, start.codec, shape)
        self._steady = Steady(rate, clock)
        self._slices = 0
        self._said = Said(clock)
        self._last_chunk = 0
        self._bad = 0
        self._told: set[str] = set()
        self._cleared_at = -CLEAR_ECHO
        self._alarm: Alarm | None = None
        self._closing: asyncio.Task[None] | None = None

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
                    slices = self._came(message.data) if message.type is WSMsgType.TEXT else self._no_text(message)
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

    def _news(self) -> list[Frame]:
        """What has to be told before the next sound."""
        return self._said.take() + self._playout.news()

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
                if self._playout.pause(self._steady.now()):
                    self._clear()
            case Resume():
                self._playout.resume()
                self._write_due()
            case Interrupt():
                if self._playout.clear(self._steady.now()):
                    self._clear()
            case Hangup():
                self._put_down("hangup", 1000)
            case Transfer(to):
                self.transfer_to = to
                self._write_due()
            case Background(bed):
                self._playout.lay(bed)

    async def close(self, code: int = 1000) -> None:
        if self._alarm is not None:
            self._alarm.close()  # nobody may read `receive` to its end
        self._put_down("closed", code)
        if self._closing is not None:
            await asyncio.shield(self._closing)

    def _came(self, text: bytes) -> list[bytes]:
        """The slices of sound that a message completes."""
        try:
            event = wire.parse(text)
        except wire.WireError as error:
            return self._unreadable(error.kind)
        self._bad = 0
        if isinstance(event, wire.Media):
            return self._sound(event)
        match event:
            case wire.Mark(name):
                self._said.note(self._playout.mark(name))
                self._write_due()
            case wire.Dtmf(digit) if digit in DIGITS:
                if not self._said.add([Digit(digit, self._steady.now())], cost=1):
                    self._count("flood")
            case wire.Dtmf():
                self._count("bad_digit")
            case wire.Stop(reason):
                self.ending = "stopped" if reason == "stopped" else "callended"
            case wire.Start():
                self._count("duplicate_start")
            case wire.Cleared():
                self._flushed()
            case wire.Unknown():
                self._count("unknown_event")
        self._steady.alive()
        return self._steady.catch_up()

    def _sound(self, media: wire.Media) -> list[bytes]:
        lost = self._lost_before(media.chunk) if media.chunk else 0
        if len(media.payload) & 1 and self._codec == "pcm16":
            self._count("odd_length")
        dropped = self._steady.dropped
        slices = self._steady.push(decode(media.payload, self._codec), lost)
        if self._steady.dropped > dropped:
            self._count("backlog")
        return slices

    def _lost_before(self, chunk: int) -> int:
        """Messages that are missing between the last one and this one."""
        last = self._last_chunk
        if chunk <= last:
            self._count("out_of_order")
            if last - chunk > RECOUNT:
                self._last_chunk = chunk
            return 0
        self._last_chunk = chunk
        if not last or chunk == last + 1:
            return 0
        self._count("lost")
        return chunk - last - 1

    def _flushed(self) -> None:
        """The far end dropped what it had not played: on its own, or because we asked, which changes nothing more."""
        now = self._steady.now()
        if self._playout.paused or now - self._cleared_at < CLEAR_ECHO:
            self._count("echoed_clear")
        else:
            self._playout.clear(now)

    def _no_text(self, message: WSMessage) -> list[bytes]:
        if message.type is WSMsgType.BINARY:
            return self._unreadable("not_text")
        if message.type is WSMsgType.ERROR:
            too_big = getattr(message.data, "code", None) == WSCloseCode.MESSAGE_TOO_BIG
            self._count("oversize" if too_big else "broken_frame")
        self.ending = self.ending or "closed"
        return []

    def _nothing_came(self) -> list[bytes]:
        if self._steady.down:
            self._count("silent_line")
            self._put_down("silent", 1001)
            return []
        return self._steady.fill()

    def _write_due(self) -> None:
        if self._playout.idle and self.transfer_to:
            self._put_down("transfer", 1000)
        if self.ending or self._playout.silent:
            return
        now = self._steady.now()
        for action in self._playout.due(now):
            self._write(self._writer.mark(action) if isinstance(action, str) else self._writer.media(action, now))

    def _clear(self) -> None:
        self._cleared_at = self._steady.now()
        self._write(self._writer.clear())

    def _write(self, text: bytes) -> None:
        if self._connection.is_closing():
            return
        if self._connection.get_write_buffer_size() > STALLED:
            self._count("stalled")
            self._connection.abort()  # a close would wait behind all that is not taken
            self._put_down("stalled", 1001)
            return
        self._connection.write(text_frame(text))

    def _put_down(self, ending: Ending, code: int) -> None:
        """Closes without waiting; `close` waits for it."""
        self.ending = self.ending or ending
        if self._closing is None:
            self._closing = asyncio.ensure_future(self._shut(code))

    async def _shut(self, code: int) -> None:
        answered = False
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_WAIT):
                await self._ws.close(code=code)
            answered = True
        if not answered or self._connection.get_write_buffer_size():
            self._connection.abort()  # what a carrier does not take would keep the socket open for ever

    def _unreadable(self, kind: str) -> list[bytes]:
        self._steady.alive()
        self._count(kind)
        self._bad += 1
        if self._bad >= MOST_BAD:
            self._put_down("broken", 1003)
        return self._steady.catch_up()

    def _count(self, kind: str) -> None:
        self._trouble(kind)
        if kind not in self._told:
            self._told.add(kind)
            _log.warning("trouble on an Exotel line", extra={"call": self._call, "kind": kind})
