"""What of a call's sound is sent to a recogniser elsewhere."""

from __future__ import annotations

from pipeline.frames import AudioIn, SpeechStarted, SpeechStopped
from processors.stt.stretches import Hearing, Stretches

RATE = 8000
SECOND = 2 * RATE


def frames(since: float, until: float) -> list[AudioIn]:
    """Each 20 ms filled with its number."""
    return [AudioIn(bytes([n % 256]) * (SECOND // 50), n / 50) for n in range(round(since * 50), round(until * 50))]


def sent(stretches: Stretches, since: float, until: float) -> bytes:
    return b"".join(piece for frame in frames(since, until) for piece in stretches.hear(frame).pieces)


def test_speech_goes_out_from_just_before_its_beginning_to_its_end() -> None:
    stretches = Stretches(RATE)
    assert sent(stretches, 0, 2) == b""
    begun = stretches.hear(SpeechStarted(1.8))
    out = b"".join(begun.pieces) + sent(stretches, 2, 3.05)
    ended = stretches.hear(SpeechStopped(2.9))
    assert ended.ended
    assert out + b"".join(ended.pieces) == b"".join(frame.pcm for frame in frames(1.5, 3.04))
    assert sent(stretches, 3.04, 5) == b""


def test_speech_that_nobody_announced_is_heard_all_the_same() -> None:
    """As after a connection that broke in the middle of it."""
    stretches = Stretches(RATE)
    assert sent(stretches, 0, 8) == b""
    ended = stretches.hear(SpeechStopped(7.8))
    assert b"".join(ended.pieces) == b"".join(frame.pcm for frame in frames(3, 8))
    assert max(map(len, ended.pieces)) == SECOND


def test_speech_goes_out_ten_times_a_second() -> None:
    stretches = Stretches(RATE)
    stretches.hear(SpeechStarted(0))
    assert [len(stretches.hear(frame).pieces) for frame in frames(0, 0.2)] == [0, 0, 0, 0, 1, 0, 0, 0, 0, 1]


def test_an_end_of_which_nothing_was_heard_is_an_end() -> None:
    assert Stretches(RATE).hear(SpeechStopped(0.0)) == Hearing((), ended=True)
