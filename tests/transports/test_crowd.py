"""Many callers at once, and what they noticed."""

from urllib.parse import urlsplit

import pytest

from pipeline.frames import AudioDone, AudioIn, AudioOut, Frame, Interrupt
from tests.transports.exchange import Serve
from transports.loopback import quiet, tone
from transports.rfc6455 import header, next_message, text_frame
from transports.simulator.crowd import Crowd, Track


def prompt_bot() -> object:
    """Falls silent as soon as the caller speaks, answers as soon as the caller is silent."""
    state: dict[int, tuple[bool, int]] = {}

    def on(frame: Frame) -> list[Frame]:
        if not isinstance(frame, AudioIn):
            return []
        spoke, reply = state.get(0, (False, 0))
        speaks = any(frame.pcm)
        state[0] = (speaks, reply + (spoke and not speaks))
        if speaks and not spoke:
            return [Interrupt(frame.at)]
        return [AudioOut(tone(0.8), reply + 1), AudioDone(reply + 1)] if spoke and not speaks else []

    return on


async def test_a_crowd_notices_answers_cuts_and_how_much_it_heard(serve: Serve) -> None:
    exchange = await serve(prompt_bot())
    address = urlsplit(exchange.url)
    assert address.hostname is not None
    assert address.port is not None
    pcm = quiet(0.1) + tone(0.2) + quiet(0.4) + tone(0.2) + quiet(1.2)
    track = Track(pcm, [(0.1, 0.3), (0.7, 0.9)])
    crowd = Crowd(address.hostname, address.port, track, calls=1)
    (call,) = (await crowd.run()).calls
    assert (call.refused, call.dropped, call.uncut, call.stale) == (0, False, 0, 0)
    assert len(call.answers) == 2
    assert len(call.cuts) == 1
    assert all(0 < answer < 0.15 for answer in call.answers)
    assert 0 < call.cuts[0] < 0.15
    assert 0.8 < call.heard < 1.6
    assert all(late < 0.1 for late in call.lateness)
    await exchange.over.wait()
    assert exchange.bot.caller == pcm


async def test_a_full_server_is_noticed(serve: Serve) -> None:
    exchange = await serve(admit=lambda: "full")
    address = urlsplit(exchange.url)
    assert address.hostname is not None
    assert address.port is not None
    report = await Crowd(address.hostname, address.port, Track(quiet(0.1), []), calls=3).run()
    assert [call.refused for call in report.calls] == [503, 503, 503]


@pytest.mark.parametrize("size", [0, 125, 126, 65535, 65536])
def test_frames_of_every_size_are_read_back(size: int) -> None:
    frame = text_frame(bytes(size))
    assert next_message(frame, 0) == (1, len(header(size)), len(frame))
    assert next_message(frame[:-1], 0) is None
    assert next_message(b"??" + frame, 2) == (1, 2 + len(header(size)), 2 + len(frame))
