"""Many simulated calls at once, and what they noticed: the load for benchmarks.

Lean, so that one core drives hundreds of calls: every caller says the same, as WebSocket frames made before the first
call, and one ticker writes them to all connections, spread over the message's time.
"""

from __future__ import annotations

import asyncio
import base64
import os
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import cast

from pipeline.audio import SAMPLE_BYTES
from transports.rfc6455 import masked_text_frame, next_message
from transports.simulator.exotel_wire import CallFacts, CarrierWriter

PHASE = 0.002
"""Seconds between two groups of calls: a carrier's calls do not all speak in the same instant."""
CONNECTING = 32
"""Calls that are being put through at once."""
HEAD = 20
"""Bytes in which the event of a message is named, with or without spaces."""
CLOSE_WAIT = 2.0
"""Seconds in which the last words must reach the server."""

_TEXT, _CLOSE, _PING = 1, 8, 9


@dataclass(frozen=True, slots=True)
class Track:
    """What a caller says, and when."""

    pcm: bytes = field(repr=False)
    speeches: Sequence[tuple[float, float]]
    """Start and end of each stretch of speech, in seconds from the track's start."""


@dataclass(slots=True)
class CallMeasures:
    """What one caller noticed. All in seconds."""

    answers: list[float] = field(default_factory=list)
    """From the end of the caller's speech to the first sound of the reply."""
    cuts: list[float] = field(default_factory=list)
    """From the start of speech into the bot's speech to the `clear`."""
    uncut: int = 0
    """Times that the caller spoke into the bot's speech and it was not stopped before they had done."""
    lateness: list[float] = field(default_factory=list)
    """For every message of a reply but its first: how long the line had been dry when it came; 0 if it was in time."""
    stale: int = 0
    """Sound that came between a `clear` and the end of the speech that brought it."""
    heard: float = 0.0
    """The bot's sound that was sent."""
    seconds: float = 0.0
    refused: int = 0
    """HTTP status with which the server did not take the call."""
    dropped: bool = False
    """The server hung up before the caller did."""


@dataclass(slots=True)
class CrowdReport:
    calls: list[CallMeasures]
    lag: list[float]
    """By how much each round of writing was late: above a few milliseconds, this end is the bottleneck."""


class _Call(asyncio.Protocol):
    """One connection: reads what the server sends by its first bytes, without parsing JSON."""

    def __init__(
        self, request: bytes, opening: bytes, rate: int, message: float, speeches: Sequence[tuple[float, float]]
    ) -> None:
        self.measures = CallMeasures()
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.began = 0.0
        self.sent = 0
        self.up = False
        self._request, self._opening = request, opening
        self._rate, self._message = rate, message
        self._edges = deque(edge for start, end in speeches for edge in ((start, True), (end, False)))
        self._buffer = b""
        self._line_end = 0.0
        self._marks: deque[tuple[float, bytes]] = deque()
        self._mid_reply = False
        self._speech_ended: float | None = None
        self._interrupting: float | None = None
        self._cleared = False
        self._speaking = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # uvloop's are no subclass of asyncio's
        self.transport.write(self._request)

    def connection_lost(self, exc: Exception | None) -> None:
        self.measures.dropped = self.up
        self.up = False
        for wait in (self.ready, self.done, self.over):
            if not wait.done():
                wait.set_result(None)

    def data_received(self, data: bytes) -> None:
        data = self._buffer + data if self._buffer else data
        start = 0 if self.up else self._shake_hands(data)
        now = time.monotonic()
        while self.up and (found := next_message(data, start)):
            opcode, begin, start = found
            if opcode == _TEXT:
                self._take(data[begin:start], now)
            elif opcode == _PING:
                self.transport.write(b"\x8a" + bytes((0x80 | start - begin,)) + b"\0\0\0\0" + data[begin:start])
            elif opcode == _CLOSE:
                self.transport.close()
        self._buffer = data[start:]

    def tick(self, frame: bytes, now: float) -> None:
        """The next sound of the caller goes out, and the marks that were passed."""
        if not self.sent:  # the caller's time runs with their sound: its first message is over now
            self.began = now - self._message
        self.transport.write(frame)
        self.sent += 1
        while self._marks and self._marks[0][0] <= now:
            self.transport.write(self._marks.popleft()[1])
        at = now - self.began
        while self._edges and self._edges[0][0] <= at:
            edge, starts = self._edges.popleft()
            self._speech(self.began + edge, starts=starts)

    def hang_up(self, now: float, stop: bytes) -> None:
        self.measures.seconds = now - self.began
        if self.up:
            self.up = False
            self.transport.write(stop)
            self.transport.close()
            self.done.set_result(None)

    def _shake_hands(self, data: bytes) -> int:
        end = data.find(b"\r\n\r\n")
        if end < 0:
            return 0
        status = int(data[9:12])
        if status == 101:
            self.up = True
            self.began = time.monotonic()
            self.transport.write(self._opening)
        else:
            self.measures.refused = status
            self.transport.close()
        if not self.ready.done():
            self.ready.set_result(None)
        return end + 4

    def _speech(self, at: float, *, starts: bool) -> None:
        self._speaking = starts
        if starts:
            self._interrupting = at if self._line_end > at else None
            self._speech_ended = None
        else:
            self.measures.uncut += self._interrupting is not None
            self._interrupting = None
            self._speech_ended = at
        self._cleared = False

    def _take(self, text: bytes, now: float) -> None:
        event = text[:HEAD]
        if b'"media"' in event:
            self._sound(text, now)
        elif b'"mark"' in event:
            self._mid_reply = False
            self._marks.append((self._line_end, masked_text_frame(text)))  # the echo has the shape of the mark
        elif b'"clear"' in event:
            self._mid_reply = False
            self._marks.clear()
            self._line_end = now
            self._cleared = self._speaking
            if self._interrupting is not None:
                self.measures.cuts.append(now - self._interrupting)
                self._interrupting = None

    def _sound(self, text: bytes, now: float) -> None:
        measures = self.measures
        begin = text.index(b'"', text.index(b'"payload":') + 10) + 1
        seconds = (text.index(b'"', begin) - begin) // 4 * 3 / (SAMPLE_BYTES * self._rate)
        measures.heard += seconds
        measures.stale += self._cleared
        ended = self._speech_ended
        if ended is not None and (
            not self._mid_reply or self._line_end < ended
        ):  # not every server marks a reply's end
            measures.answers.append(now - ended)
            self._speech_ended = None
        elif self._mid_reply:
            measures.lateness.append(max(now - self._line_end, 0.0))
        self._mid_reply = True
        self._line_end = max(self._line_end, now) + seconds


class Crowd:
    """`calls` callers who all say `track`; `headers` go with every handshake."""

    def __init__(
        self,
        host: str,
        port: int,
        track: Track,
        *,
        calls: int,
        path: str = "/ws/exotel",
        facts: CallFacts | None = None,
        message_ms: int = 20,
        headers: Mapping[str, str] | None = None,
        spread: float = 0.0,
    ) -> None:
        """`spread`: seconds over which the calls begin, so that they do not all fall silent in the same instant."""
        self._spread = spread
        self._host, self._port, self._path = host, port, path
        self._track, self._count = track, calls
        self._facts = facts or CallFacts()
        self._message = message_ms / 1000
        self._headers = dict(headers or {})
        writer = CarrierWriter(self._facts)
        size = round(self._message * self._facts.rate) * SAMPLE_BYTES
        self._frames = [
            masked_text_frame(writer.media(track.pcm[start : start + size], start / (SAMPLE_BYTES * self._facts.rate)))
            for start in range(0, len(track.pcm) - size + 1, size)
        ]
        self._stop = masked_text_frame(writer.stop())

    async def run(self) -> CrowdReport:
        """Puts all calls through, plays the track to its end on each, and hangs up."""
        groups: list[list[_Call]] = [[] for _ in range(max(round(self._message / PHASE), 1))]
        lag: list[float] = []
        everybody: list[_Call] = []
        ticker = asyncio.create_task(self._tick(groups, lag))
        began, step = time.monotonic(), 1 if self._spread else CONNECTING
        try:
            for first in range(0, self._count, step):
                numbers = range(first, min(first + step, self._count))
                await asyncio.sleep(began + self._spread * first / self._count - time.monotonic())
                for call in await asyncio.gather(*(self._connect(number) for number in numbers)):
                    everybody.append(call)
                    groups[len(everybody) % len(groups)].append(call)
            await asyncio.gather(*(call.done for call in everybody))
            if everybody:  # what was said last is still on its way to a server that is behind
                await asyncio.wait([call.over for call in everybody], timeout=CLOSE_WAIT)
        finally:
            ticker.cancel()
            await asyncio.gather(ticker, return_exceptions=True)
            for call in everybody:
                call.transport.abort()
        return CrowdReport([call.measures for call in everybody], lag)

    async def _connect(self, number: int) -> _Call:
        facts = replace(
            self._facts, stream_sid=f"{self._facts.stream_sid}{number}", call_sid=f"{self._facts.call_sid}{number}"
        )
        writer = CarrierWriter(facts)
        opening = masked_text_frame(writer.connected()) + masked_text_frame(writer.start())
        _, call = await asyncio.get_running_loop().create_connection(
            lambda: _Call(self._handshake(), opening, facts.rate, self._message, self._track.speeches),
            self._host,
            self._port,
        )
        await call.ready
        return call

    def _handshake(self) -> bytes:
        fields = {
            "Host": f"{self._host}:{self._port}",
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
            "Sec-WebSocket-Version": "13",
            **self._headers,
        }
        lines = [f"GET {self._path} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items())]
        return ("\r\n".join(lines) + "\r\n\r\n").encode()

    async def _tick(self, groups: list[list[_Call]], lag: list[float]) -> None:
        """Each group in turn, by deadlines that do not drift. A call's first sound is one message after its answer."""
        began, turn = time.monotonic(), 0
        step = self._message / len(groups)
        while True:
            turn += 1
            due = began + turn * step
            await asyncio.sleep(max(due - time.monotonic(), 0.0))
            now = time.monotonic()
            lag.append(now - due)
            for call in groups[turn % len(groups)]:
                if not call.up or now - call.began < self._message:
                    continue
                if call.sent < len(self._frames):
                    call.tick(self._frames[call.sent], now)
                else:
                    call.hang_up(now, self._stop)
