"""A call over WebRTC.

The page's clock is the call's, as on every line; what is said to it goes by the wall, 20 ms at a time. The playout
runs `AHEAD` of what is heard, so that a page whose sound comes in fits and starts hears an even voice; what it is ahead
waits on this side, and is dropped at once when the bot is cut: nothing stale follows but the packet on the way.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from typing import TYPE_CHECKING, Literal

import orjson

from pipeline.audio import frame_bytes
from pipeline.frames import (
    FRAME_SECONDS,
    AudioDone,
    AudioIn,
    AudioOut,
    Background,
    Digit,
    Frame,
    Hangup,
    Heard,
    Interrupt,
    Pause,
    Resume,
    Transfer,
    UserTurn,
)
from transports.alarm import Alarm
from transports.browser_line import Refusal
from transports.playout import Playout
from transports.said import Said
from transports.steady import QUIET, Steady
from transports.webrtc.language import Json, Language

if TYPE_CHECKING:  # aiortc is imported with the first offer
    from transports.webrtc.ice import IceServers
    from transports.webrtc.peer import Peer

RATE = 16_000
AHEAD = 0.1
"""Seconds of jitter of the page's sound that its own ear does not notice."""
PINGS = 3.0
"""Seconds without a ping, from a page that sends them, and without sound, after which it is gone."""
SILENT_TICKS = 15
"""Ticks without the bot's sound after which it has fallen silent."""
LONGEST_MESSAGE = 65_536
TEXT_COST = 20
"""A typed text asks for a reply of the language model: as much as so many keys."""

Ending = Literal["", "callended", "closed", "silent", "hangup", "transfer"]
"""Why the line went down. The first came from the page; empty while it is up."""


class WebRtcTransport:
    """One call. `trouble` is told a short fixed name for everything that was wrong on the wire."""

    def __init__(
        self,
        language: Language,
        *,
        trouble: Callable[[str], None] = lambda kind: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.rate = RATE
        self.ending: str = ""
        """One of `Ending`."""
        self.transfer_to = ""
        self._language, self._trouble, self._clock = language, trouble, clock
        self._peer: Peer | None = None
        frame = frame_bytes(RATE)
        self._playout = Playout(RATE, chunk=frame, lead=AHEAD, alignment=frame, echo_wait=0.0)
        self._steady = Steady(RATE, clock)
        self._ready: deque[bytes] = deque()
        """What the playout has let go and the wall has not: up to `AHEAD` of sound."""
        self._slices = 0
        self._said = Said(clock)
        self._speaking = False
        self._silent_ticks = 0
        self._sound_at = clock()
        self._ping_at: float | None = None
        self._alarm: Alarm | None = None

    def new_peer(self, ice: IceServers) -> Peer:
        """A connection for this call, which `joins` makes the call's own."""
        from transports.webrtc.peer import Peer

        return Peer(RATE, self._next_sound, self.hear, ice)

    async def joins(self, peer: Peer) -> None:
        """The page is there by this connection, and by no other any more.

        Raises Refusal (404) once the call is over, and closes the connection.
        """
        if self.ending:
            await peer.close()
            raise Refusal(404, "Peer connection not found")
        before, self._peer = self._peer, peer
        if before is not None:
            await before.close()

    @property
    def peer(self) -> Peer | None:
        return self._peer

    async def receive(self) -> AsyncIterator[Frame]:
        self._alarm = alarm = Alarm(QUIET)
        self._steady = Steady(RATE, self._clock)  # the call begins now, not with the offer
        self._sound_at = self._clock()
        quiet = False
        try:
            while not self.ending:
                try:
                    slices = await alarm.wait(self._sound())
                    quiet = False
                except TimeoutError:
                    # The first time, what came may only not have been heard: the process was late, not the line.
                    slices = self._nothing_came() if quiet else []
                    quiet = True
                for pcm in slices:
                    for frame in self._news():
                        yield frame
                    at = self._slices * FRAME_SECONDS
                    self._slices += 1
                    yield AudioIn(pcm, at)
                    played = self._playout.tick(at)
                    self._notice(played)
                    for frame in played:
                        yield frame
                if self.transfer_to and self._playout.idle:
                    self._put_down("transfer")
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
            case AudioDone():
                self._playout.done(frame)
            case Pause():
                self._playout.pause(self._steady.now())
                self._ready.clear()
            case Resume():
                self._playout.resume()
            case Interrupt():
                self._playout.clear(self._steady.now())
                self._ready.clear()
            case Hangup():
                self._put_down("hangup")
            case Transfer(to):
                self.transfer_to = to
            case Background(bed):
                self._playout.lay(bed)

    def tell(self, message: Json) -> None:
        self._say(self._language.told(message))

    def hear(self, text: str) -> None:
        """What the page said over its channel."""
        self._steady.alive()
        if len(text) > LONGEST_MESSAGE:
            self._trouble("oversize")
            return
        asked = self._language.asked(text)
        if asked.pings:
            self._ping_at = self._clock()
        if asked.trouble:
            self._trouble(asked.trouble)
        self._say(asked.answers)
        now = self._steady.now()
        said: list[Frame] = [Digit(key, now) for key in asked.digits]
        if asked.text:
            said += [Interrupt(now), UserTurn(asked.text, now, now)]
        if said and not self._said.add(said, cost=TEXT_COST if asked.text else len(said)):
            self._trouble("flood")
        if asked.leaves:
            self.leave()

    def leave(self) -> None:
        """The page ends the call."""
        self._put_down("callended")

    async def close(self) -> None:
        self._put_down("closed")
        if self._alarm is not None:
            self._alarm.close()  # nobody may read `receive` to its end
        self._say(self._language.farewell())
        if self._peer is not None:
            await self._peer.close()

    async def _sound(self) -> list[bytes]:
        """The slices that the next sound completes."""
        peer = self._peer
        assert peer is not None
        heard = await peer.sound()
        if heard is None:
            if peer is self._peer:
                self.leave()
            return []
        pcm, lost = heard
        self._sound_at = self._clock()
        if self._steady.flooded:
            self._trouble("flood")
            return []
        if lost:
            self._trouble("lost")
        dropped = self._steady.dropped
        slices = self._steady.push(pcm, lost)
        if self._steady.dropped > dropped:
            self._trouble("backlog")
        return slices

    def _nothing_came(self) -> list[bytes]:
        assert self._peer is not None
        if self._peer.down:
            self.leave()
        elif self._steady.down or self._has_left():
            self._trouble("silent_line")
            self._put_down("silent")
        return [] if self.ending else self._steady.fill()

    def _has_left(self) -> bool:
        """A page that used to ping is gone without a word: long before the connection itself is given up."""
        now = self._clock()
        return self._ping_at is not None and min(now - self._ping_at, now - self._sound_at) > PINGS

    def _news(self) -> list[Frame]:
        """What has to be told before the next sound."""
        return self._said.take() + self._playout.news()

    def _next_sound(self) -> bytes | None:
        """What the page hears in the next 20 ms."""
        if not self.ending:
            due = self._playout.due(self._steady.now())
            self._ready.extend(piece for piece in due if isinstance(piece, bytes))
        return self._ready.popleft() if self._ready else None

    def _notice(self, played: Sequence[Frame]) -> None:
        """Tells the page when the bot begins to speak, and when it has fallen silent."""
        if any(isinstance(frame, Heard) for frame in played):
            self._silent_ticks = 0
            if not self._speaking:
                self._speaking = True
                self._say(self._language.speaking(True))
        elif self._speaking:
            self._silent_ticks += 1
            if self._silent_ticks >= SILENT_TICKS:
                self._speaking = False
                self._say(self._language.speaking(False))

    def _put_down(self, ending: Ending) -> None:
        self.ending = self.ending or ending

    def _say(self, messages: Sequence[Json]) -> None:
        if self._peer is not None and messages:
            self._peer.tell([orjson.dumps(message).decode() for message in messages])
