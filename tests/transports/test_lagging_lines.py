"""A far end that talks on, but sends hardly any sound: its call's time goes by all the same."""

from __future__ import annotations

import base64
import json
from collections import Counter
from collections.abc import Callable
from typing import Any, cast

import pytest
from aiohttp import WSMessage, WSMsgType

from pipeline.frames import AudioIn, Digit, Frame
from pipeline.transport import Transport
from transports.browser.transport import BrowserTransport
from transports.browser.wire import parse_start
from transports.exotel import wire
from transports.exotel.transport import ExotelTransport
from transports.webrtc.peer import Peer
from transports.webrtc.plain import Plain
from transports.webrtc.transport import WebRtcTransport

SECONDS = 20.0
SAMPLE = bytes(2)


class Socket:
    """The same message every 50 ms, and then the end. The connection beneath it takes all."""

    def __init__(self, message: bytes | str) -> None:
        self.time = 100.0
        binary = isinstance(message, bytes)
        data = message if isinstance(message, bytes) else message.encode()
        self._message = WSMessage(WSMsgType.BINARY if binary else WSMsgType.TEXT, data, None)

    def clock(self) -> float:
        return self.time

    async def receive(self) -> WSMessage:
        self.time += 0.05
        return self._message if self.time < 100 + SECONDS else WSMessage(WSMsgType.CLOSED, None, None)

    async def close(self, **how: Any) -> None:
        pass

    def is_closing(self) -> bool:
        return True

    def get_write_buffer_size(self) -> int:
        return 0


class Connection(Socket):
    """WebRTC's packets of 2.5 ms, one every 50 ms."""

    down = False

    async def sound(self) -> tuple[bytes, int] | None:
        self.time += 0.05
        return (SAMPLE * 40, 0) if self.time < 100 + SECONDS else None

    def tell(self, texts: list[str]) -> None:
        pass


def browser(message: bytes | str, trouble: Callable[[str], None]) -> Transport:
    socket: Any = Socket(message)
    return BrowserTransport(socket, socket, parse_start('{"type":"start"}'), trouble=trouble, clock=socket.clock)


def exotel(message: dict[str, Any], trouble: Callable[[str], None]) -> Transport:
    socket: Any = Socket(json.dumps(message))
    start = wire.parse(b'{"event":"start","start":{"stream_sid":"MZ1","call_sid":"c1"}}')
    assert isinstance(start, wire.Start)
    return ExotelTransport(socket, socket, start, rate=8000, trouble=trouble, clock=socket.clock)


async def webrtc(_message: None, trouble: Callable[[str], None]) -> Transport:
    peer: Any = Connection("")
    line = WebRtcTransport(Plain(), trouble=trouble, clock=peer.clock)
    await line.joins(cast(Peer, peer))
    return line


KEYS = {"type": "dtmf", "digits": "0123456789*#ABCD" * 2}
MEDIA = {"event": "media", "media": {"payload": base64.b64encode(SAMPLE).decode()}}


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (browser, json.dumps(KEYS)),
        (browser, "{}"),
        (browser, SAMPLE),
        (browser, b""),
        (exotel, {"event": "dtmf", "dtmf": {"digit": "5"}}),
        (exotel, {"event": "who knows"}),
        (exotel, MEDIA),
        (webrtc, None),
    ],
    ids=["keys", "nonsense", "samples", "nothing", "exotel-keys", "exotel-words", "exotel-samples", "webrtc-samples"],
)
async def test_words_and_crumbs_of_sound_do_not_stop_a_calls_clock(line: Any, message: Any) -> None:
    troubles: Counter[str] = Counter()
    made = line(message, lambda kind: troubles.update([kind]))
    transport: Transport = made if line is not webrtc else await made
    frames: list[Frame] = [frame async for frame in transport.receive()]
    await transport.close()
    sounds = [frame.at for frame in frames if isinstance(frame, AudioIn)]
    went_by = 50 * 0.05 if message == "{}" else SECONDS  # so many unreadable messages end a call
    assert went_by - 1.2 < sounds[-1] < went_by
    assert sum(isinstance(frame, Digit) for frame in frames) <= 64 + 20 * SECONDS
    assert bool(troubles["flood"]) == (message == json.dumps(KEYS))
