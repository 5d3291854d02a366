"""A background goes on under the bot and while it is silent, and nothing else of a line changes by it."""

from __future__ import annotations

import base64

import numpy as np
from aiohttp import ClientSession

from pipeline.bed import Bed
from pipeline.frames import FRAME_SECONDS, AudioDone, AudioIn, AudioOut, Background, Frame, Heard, Interrupt, Played
from tests.transports.exchange import Serve, start_message, until_closed
from transports.playout import Playout

RATE = 8000
FRAME = 160
LOOP = np.arange(1, 1001, dtype="<i2")
"""Each sample of the loop has a value of its own."""


def heard_of(line: Playout, frames: int, start: int = 0) -> tuple[bytes, list[Frame]]:
    """What the far end was sent in so many frames, and what is told of it."""
    sent, told = b"", []
    for index in range(start, start + frames):
        at = index * FRAME_SECONDS
        told += line.tick(at)
        sent += b"".join(piece for piece in line.due(at + FRAME_SECONDS) if isinstance(piece, bytes))
    return sent, told


def a_line(bed: Bed | None) -> Playout:
    line = Playout(RATE, chunk=1600, echo_wait=0.0)
    if bed is not None:
        line.lay(bed)
    return line


def voice(frames: int) -> bytes:
    return np.full(frames * FRAME, 5000, "<i2").tobytes()


def test_it_goes_on_while_the_bot_is_silent_in_step_with_the_clock_and_is_told_of_nobody() -> None:
    line = a_line(Bed(LOOP.tobytes(), RATE))
    sent, told = heard_of(line, 50)
    assert told == []
    assert line.idle
    samples = np.frombuffer(sent, "<i2")
    assert 50 * FRAME <= samples.size <= 53 * FRAME
    assert (samples == LOOP[(FRAME + np.arange(samples.size)) % LOOP.size]).all()


def test_it_is_under_the_voice_and_what_is_told_of_the_voice_is_as_without_it() -> None:
    stories = []
    for bed in (None, Bed(LOOP.tobytes(), RATE)):
        line = a_line(bed)
        line.add(AudioOut(voice(20), 1, "Hello there."))
        line.done(AudioDone(1))
        sent, told = heard_of(line, 60)
        stories.append([frame for frame in told if isinstance(frame, Heard | Played)])
    assert stories[0] == stories[1]
    samples = np.frombuffer(sent, "<i2")[: 20 * FRAME]
    assert (samples == 5000 + LOOP[(FRAME + np.arange(samples.size)) % LOOP.size]).all()


def test_what_is_taken_back_in_a_pause_is_the_voice_alone_and_the_background_goes_on() -> None:
    line = a_line(Bed(LOOP.tobytes(), RATE))
    line.add(AudioOut(voice(40), 1, "Hello there."))
    line.done(AudioDone(1))
    heard_of(line, 10)
    assert line.pause(10 * FRAME_SECONDS)
    held, _ = heard_of(line, 10, start=10)
    assert 0 < np.frombuffer(held, "<i2").max() <= LOOP.size
    line.resume()
    rest, told = heard_of(line, 60, start=20)
    assert max(np.frombuffer(rest, "<i2")) <= 5000 + LOOP.size
    assert [frame.complete for frame in told if isinstance(frame, Played)][-1]
    assert sum(len(frame.pcm) for frame in told if isinstance(frame, Heard)) <= len(voice(40))


def test_a_far_end_that_holds_a_piece_of_it_is_told_to_drop_that_too() -> None:
    line = a_line(Bed(LOOP.tobytes(), RATE))
    heard_of(line, 5)
    assert line.clear(5 * FRAME_SECONDS)
    assert not a_line(None).clear(0.1)


def test_a_loop_shorter_than_a_piece_goes_round() -> None:
    bed = Bed(LOOP[:7].tobytes(), 5)
    assert np.frombuffer(bed.alone(20, 30), "<i2").tolist() == [LOOP[place % 7] for place in range(20, 50)]
    loud = np.full(3, 32767, "<i2").tobytes()
    assert bed.under(loud, 0) == loud


async def test_a_carrier_hears_it_all_through_a_call_and_a_cut_leaves_no_word_behind(
    serve: Serve, http: ClientSession
) -> None:
    bed = Bed(LOOP.tobytes(), RATE)

    def on(frame: Frame) -> list[Frame]:
        if not isinstance(frame, AudioIn):
            return []
        match round(frame.at / FRAME_SECONDS):
            case 0:
                return [Background(bed)]
            case 20:
                return [AudioOut(voice(50), 1, "Good morning."), AudioDone(1)]
            case 40:
                return [Interrupt(frame.at)]
        return []

    exchange = await serve(on)
    async with http.ws_connect(exchange.url) as ws:
        await ws.send_json(start_message())
        quiet = {"event": "media", "media": {"payload": base64.b64encode(bytes(FRAME * 2)).decode()}}
        for _ in range(60):
            await ws.send_json(quiet)
        await ws.send_json({"event": "stop", "stop": {"reason": "callended"}})
        messages = await until_closed(ws)
    events = [message["event"] for message in messages]
    cut = events.index("clear")
    assert events.count("clear") == 1

    def sound(part: list[dict[str, dict[str, str]]]) -> np.ndarray:
        sent = (base64.b64decode(message["media"]["payload"]) for message in part if "media" in message)
        return np.frombuffer(b"".join(sent), "<i2")

    before, after = sound(messages[:cut]), sound(messages[cut:])
    assert 20 * FRAME <= np.count_nonzero(before <= LOOP.size) <= 30 * FRAME
    assert np.count_nonzero(before > 5000) >= 15 * FRAME
    assert after.size >= 15 * FRAME
    assert after.max() <= LOOP.size
    assert 0 < len(exchange.bot.heard) <= 25 * FRAME * 2
