"""One simulated call: a person at the far end of Exotel's own wire, in real time, faster, or in step."""

from __future__ import annotations

import asyncio
import binascii
import socket
import time
import wave
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from aiohttp import ClientSession, ClientWebSocketResponse, WSMsgType, encode_basic_auth

from pipeline.audio import decode, level
from pipeline.frames import FRAME_SECONDS
from pipeline.tasks import alongside
from transports.simulator.ear import Ear
from transports.simulator.exotel_wire import CallFacts, CarrierWriter
from transports.simulator.faults import NO_FAULTS, Faults, Mischief
from transports.simulator.people import Person

AUDIBLE = -55.0
"""dBFS from which people hear that somebody speaks."""
TIME_LIMIT = 3600.0
"""Seconds after which Exotel ends a stream."""
CLOSE_WAIT = 2.0
"""Seconds that the server has to close the line after a `stop`."""


@dataclass(frozen=True, slots=True)
class Happening:
    """`what` is one of: answered, reply, clear, mark, dtmf, stop, cut, closed."""

    at: float
    """Seconds since the answer, in the call's time."""
    what: str


@dataclass(slots=True)
class Conversation:
    """What was on the line. Both tracks start at the answer and are as long as each other; empty if not recorded."""

    rate: int
    call: str = ""
    """The server's own id of the call."""
    said: bytearray = field(default_factory=bytearray, repr=False)
    """The caller, as it left the phone: before noise and loss."""
    heard: bytearray = field(default_factory=bytearray, repr=False)
    """The bot, as it came out of the phone."""
    seconds: float = 0.0
    """From the answer to the end, in the call's time."""
    log: list[Happening] = field(default_factory=list)
    gave_up: bool = False
    """The caller waited for the bot in vain."""
    close_code: int | None = None

    @property
    def bot_left(self) -> bool:
        """The server put the line down, and the caller had not."""
        return not self.times("stop") and not self.times("cut")

    def times(self, what: str) -> list[float]:
        return [each.at for each in self.log if each.what == what]

    def save(self, path: Path) -> None:
        """A stereo WAV file: caller left, bot right. Blocks."""
        tracks = [np.frombuffer(bytes(track), "<i2") for track in (self.said, self.heard)]
        with wave.open(str(path), "wb") as file:
            file.setnchannels(2)
            file.setsampwidth(2)
            file.setframerate(self.rate)
            file.writeframes(np.column_stack(tracks).tobytes())


class SimulatedLine:
    """`speed` 1 is real time, 2 twice as fast; at 0 nobody waits: each 20 ms go by once the server took the last."""

    def __init__(
        self,
        url: str,
        person: Person,
        facts: CallFacts,
        *,
        credentials: tuple[str, str] | None = None,
        message_ms: int = 20,
        speed: float = 1.0,
        faults: Faults = NO_FAULTS,
        time_limit: float = TIME_LIMIT,
        recorded: bool = True,
        answered: Callable[[str], object] = lambda call: None,
    ) -> None:
        """`message_ms` is a multiple of 20; `time_limit` is in seconds of the call.

        What is recorded takes 32 kB for each of them at 8 kHz. `answered` is told the server's own id of the call, or
        an empty one.
        """
        self._answered = answered
        self._url, self._person, self._facts = url, person, facts
        self._headers: Mapping[str, str] = {"Authorization": encode_basic_auth(*credentials)} if credentials else {}
        self._frames_a_message = message_ms // 20
        self._speed, self._time_limit, self._recorded = speed, min(time_limit, TIME_LIMIT), recorded
        self._mischief = Mischief(faults)
        self._writer = CarrierWriter(facts)
        self._ear = Ear(facts.rate)
        self._talk = Conversation(facts.rate)
        self._ticks = 0
        self._began = 0.0
        self._replying = False
        self._over = asyncio.Event()
        self._in_step = asyncio.Event()

    async def run(self, http: ClientSession) -> Conversation:
        """The whole call. Raises aiohttp.ClientError if the server does not take it."""
        async with http.ws_connect(self._url, headers=self._headers, autoping=False, compress=0) as ws:
            self._talk.call = ws._response.headers.get("X-Vaani-Call", "")
            self._answered(self._talk.call)
            self._began = time.monotonic()
            self._note("answered")
            async with alongside(self._listen(ws)):
                with suppress(ConnectionError):  # the server was faster: its close is on the way
                    await self._put(ws, self._writer.connected())
                    await self._put(ws, self._writer.start())
                    await self._speak(ws)
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._over.wait(), CLOSE_WAIT)
            self._talk.close_code = ws.close_code
        self._talk.gave_up, self._talk.seconds = self._person.gave_up, self._now
        return self._talk

    async def _speak(self, ws: ClientWebSocketResponse) -> None:
        message = b""
        while not self._over.is_set():
            self._ticks += 1
            await self._pace(ws)
            heard, marks = self._ear.tick()
            moment = self._person.tick(any(heard) and level(heard) > AUDIBLE)
            if self._recorded:
                self._talk.heard += heard
                self._talk.said += moment.pcm
            for name in marks:
                await self._put(ws, self._writer.mark(name))
            if moment.digit:
                self._note("dtmf")
                await self._put(ws, self._writer.dtmf(moment.digit))
            message += moment.pcm
            if self._ticks % self._frames_a_message == 0 or moment.gone:
                await self._send(ws, message)
                message = b""
            if self._mischief.cuts(self._now):
                self._note("cut")
                ws.get_extra_info("socket").shutdown(socket.SHUT_RDWR)
                return
            if moment.gone or self._now >= self._time_limit:
                self._note("stop")
                await self._put(ws, self._writer.stop("callended" if moment.gone else "stopped"))
                return

    async def _send(self, ws: ClientWebSocketResponse, pcm: bytes) -> None:
        text = self._writer.media(self._mischief.noisy(pcm), self._now)
        if (rubbish := self._mischief.rubbish()) is not None:
            await ws.send_str(rubbish)
        if self._mischief.loses():
            return
        await self._put(ws, text)

    async def _pace(self, ws: ClientWebSocketResponse) -> None:
        """Returns when the present 20 ms are over; in real time, when the whole message is that they are part of."""
        if self._speed:
            before, part = divmod(self._ticks - 1, self._frames_a_message)
            if part == 0:  # waking up is what costs: once for all its slices
                over = (before + 1) * self._frames_a_message * FRAME_SECONDS
                due = self._began + (over + self._mischief.delay()) / self._speed
                await asyncio.sleep(max(due - time.monotonic(), 0.0))
            return
        self._in_step.clear()
        await ws.ping()
        await self._in_step.wait()

    async def _listen(self, ws: ClientWebSocketResponse) -> None:
        try:
            async for message in ws:
                if message.type is WSMsgType.PONG:
                    self._in_step.set()
                elif message.type is WSMsgType.PING:
                    await ws.pong(message.data)
                elif message.type is WSMsgType.TEXT:
                    self._take(orjson.loads(message.data))
        finally:
            self._note("closed")
            self._over.set()
            self._in_step.set()

    def _take(self, message: dict[str, Any]) -> None:
        match message["event"]:
            case "media":
                if not self._replying:
                    self._note("reply")
                    self._replying = True
                payload = binascii.a2b_base64(message["media"]["payload"], strict_mode=True)
                self._ear.play(decode(payload, self._facts.codec), self._moment)
            case "mark":
                self._note("mark")
                self._replying = False
                self._ear.mark(message["mark"]["name"])
            case "clear":
                self._note("clear")
                self._replying = False
                self._ear.clear()

    async def _put(self, ws: ClientWebSocketResponse, text: bytes) -> None:
        await ws.send_str(text.decode())

    @property
    def _now(self) -> float:
        """The end of the 20 ms that are being dealt with."""
        return self._ticks * FRAME_SECONDS

    @property
    def _moment(self) -> float:
        """Where the call's time stands: between two slices too, where time passes."""
        if not self._speed:
            return self._now
        return (time.monotonic() - self._began) * self._speed

    def _note(self, what: str) -> None:
        self._talk.log.append(Happening(self._moment, what))
