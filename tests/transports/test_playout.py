"""What a line owes to what was said on it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.frames import AudioDone, AudioOut, Frame, Heard, Played
from transports.heard_words import SPEAKING_PACE
from transports.playout import Playout

RATE = 8000
SECOND = 2 * RATE
CHUNK = 1600
LEAD = 0.2


def sound(seconds: float, start: int = 0) -> bytes:
    """Every sample tells its place."""
    return b"".join(((start + i) % 30000 + 1).to_bytes(2, "little") for i in range(round(seconds * RATE)))


class Line:
    """A far end that is told of everything at once, and 20 ms that go by when asked."""

    def __init__(self, **options: float) -> None:
        self.playout = Playout(RATE, chunk=CHUNK, lead=LEAD, **options)  # type: ignore[arg-type]
        self.ticks = 0
        self.sent: list[bytes | str] = []
        self.frames: list[Frame] = []

    @property
    def now(self) -> float:
        return self.ticks * 0.02

    def say(self, pcm: bytes, reply: int = 1, text: str = "", *, done: bool = True, at: float | None = None) -> None:
        self.playout.add(AudioOut(pcm, reply, text))
        if done:
            self.playout.done(AudioDone(reply))
        self.send(at)

    def send(self, at: float | None = None) -> None:
        self.sent += self.playout.due(self.now if at is None else at)

    def go(self, ticks: int) -> None:
        for _ in range(ticks):
            self.frames += self.playout.news() + self.playout.tick(self.now)
            self.ticks += 1
            self.send()

    def echo(self) -> None:
        for mark in [action for action in self.sent if isinstance(action, str)]:
            self.frames += self.playout.mark(mark)

    @property
    def sent_sound(self) -> bytes:
        return b"".join(action for action in self.sent if isinstance(action, bytes))

    @property
    def heard(self) -> list[Heard]:
        return [frame for frame in self.frames if isinstance(frame, Heard)]

    @property
    def heard_sound(self) -> bytes:
        return b"".join(frame.pcm for frame in self.heard)

    @property
    def played(self) -> list[Played]:
        return [frame for frame in self.frames if isinstance(frame, Played)]


def test_a_reply_is_heard_whole_and_in_order() -> None:
    line = Line()
    line.say(sound(1.0))
    line.go(60)
    assert line.heard_sound == sound(1.0)


def test_no_more_than_the_lead_and_one_chunk_is_ever_ahead() -> None:
    line = Line()
    line.say(sound(3.0))
    for _ in range(150):
        ahead = len(line.sent_sound) - len(line.heard_sound)
        assert ahead < (LEAD + 0.1) * SECOND
        line.go(1)
    assert line.heard_sound == sound(3.0)


def test_the_far_end_never_runs_dry_while_sound_waits() -> None:
    line = Line()
    line.say(sound(2.0))
    line.go(110)
    times = [frame.at for frame in line.heard]
    ends = [frame.at + len(frame.pcm) / SECOND for frame in line.heard]
    assert times[1:] == pytest.approx(ends[:-1])


def test_every_message_is_a_multiple_of_320_bytes_and_the_tail_is_padded_with_silence() -> None:
    line = Line()
    line.say(sound(0.333))
    line.go(30)
    chunks = [action for action in line.sent if isinstance(action, bytes)]
    assert all(len(chunk) % 320 == 0 for chunk in chunks)
    assert line.sent_sound[: len(sound(0.333))] == sound(0.333)
    assert not any(line.sent_sound[len(sound(0.333)) :])
    line.echo()
    assert line.played[-1].seconds == pytest.approx(0.333)


def test_the_first_sound_does_not_wait_for_a_whole_chunk() -> None:
    line = Line()
    line.say(sound(0.03), done=False)
    assert line.sent == [sound(0.03)[:320]]


def test_sound_sent_between_two_ticks_is_heard_from_that_sample_on() -> None:
    line = Line()
    line.go(5)
    line.say(sound(0.1), at=0.1 + 0.05375)
    line.go(10)
    assert line.heard[0].at == 0.15375
    assert round(line.heard[0].at * RATE) == 1230
    at = 1230
    for frame in line.heard:
        assert round(frame.at * RATE) == at
        at += len(frame.pcm) // 2


def test_a_reply_is_complete_when_its_mark_comes_back() -> None:
    line = Line()
    line.say(sound(0.2), text="Good morning.")
    line.go(12)
    assert not any(played.complete for played in line.played)
    line.echo()
    assert line.played[-1] == Played(1, 0.0, 0.2, "Good morning.", complete=True, over=True)
    assert line.playout.idle


def test_a_lost_echo_costs_a_second() -> None:
    line = Line()
    line.say(sound(0.2))
    line.go(59)
    assert not any(played.complete for played in line.played)
    line.go(2)
    assert line.played[-1].complete


def test_an_early_echo_counts_and_no_sound_of_it_is_taken_back() -> None:
    line = Line()
    line.say(sound(0.2), text="Yes.")
    line.go(4)
    line.echo()
    assert line.played[-1] == Played(1, 0.0, 0.2, "Yes.", complete=True, over=True)
    line.playout.pause(line.now)
    line.playout.resume()
    line.go(20)
    assert line.heard_sound == sound(0.2)
    assert len(line.sent_sound) == len(sound(0.2))


def test_each_phrase_heard_whole_is_told() -> None:
    line = Line()
    line.say(sound(0.4), text="One moment.", done=False)
    line.say(sound(0.4), text="I am looking it up.")
    line.go(21)
    assert [(played.text, played.complete) for played in line.played] == [("One moment.", False)]
    line.go(20)
    line.echo()
    assert [(played.text, played.complete) for played in line.played][1:] == [
        ("One moment. I am looking it up.", False),
        ("One moment. I am looking it up.", True),
    ]


def test_a_cut_reply_tells_the_words_that_were_heard() -> None:
    line = Line()
    line.say(sound(1.0), text="One two three four five six.")
    line.go(25)
    line.playout.clear(line.now)
    line.go(1)
    assert line.played == [Played(1, 0.0, 0.5, "One two three", complete=False, over=True)]


def test_a_phrase_that_is_still_being_made_is_reckoned_by_its_length() -> None:
    text = "a word " * 14
    line = Line()
    line.say(sound(1.0), text=text, done=False)
    line.go(50)
    line.playout.clear(line.now)
    line.go(1)
    assert len(line.played[0].text) == pytest.approx(SPEAKING_PACE, abs=5)


def test_after_a_clear_nothing_is_sent_or_heard_and_waiting_replies_were_not() -> None:
    line = Line()
    line.say(sound(1.0), reply=1, text="First.")
    line.say(sound(1.0), reply=2, text="Second.")
    line.go(10)
    sent = len(line.sent)
    line.playout.clear(line.now)
    line.say(sound(1.0), reply=2)  # its maker was too late to stop
    line.go(100)
    assert len(line.sent) == sent
    assert line.heard_sound == sound(1.0)[: SECOND // 5]
    assert line.played[1] == Played(2, 0.2, 0.0, "", complete=False, over=True)


def test_a_pause_takes_back_what_was_not_heard_and_a_resume_goes_on_to_the_sample() -> None:
    line = Line()
    line.say(sound(1.0))
    line.go(10)
    assert line.playout.pause(line.now + 0.005)
    line.go(25)
    assert line.heard_sound == sound(1.0)[: round(0.205 * SECOND)]
    line.playout.resume()
    line.send()
    line.go(60)
    assert line.heard_sound[:SECOND] == sound(1.0)


def test_marks_from_before_a_pause_mean_nothing_after_it() -> None:
    line = Line()
    line.say(sound(0.2))
    old = line.sent[-1]
    line.go(2)
    line.playout.pause(line.now)
    line.playout.resume()
    line.send()
    assert line.sent[-1] != old
    assert isinstance(old, str)
    assert line.playout.mark(old) == []


def test_a_pause_on_a_silent_line_needs_no_clear() -> None:
    assert not Line().playout.pause(0.0)


@pytest.mark.parametrize("ticks", [0, 5, 100])
def test_sound_for_a_reply_that_is_done_is_ignored_and_the_next_reply_is_heard(ticks: int) -> None:
    line = Line()
    line.say(sound(0.2))
    line.go(ticks)
    line.say(sound(0.5, 8000), reply=1, done=False)  # its voice failed and was tried again
    line.say(sound(0.3), reply=2)
    line.go(200)
    assert line.heard_sound == sound(0.2) + sound(0.3)
    assert [(played.reply, played.seconds) for played in line.played if played.over] == [(1, 0.2), (2, 0.3)]
    assert line.playout.idle


def test_an_empty_reply_completes() -> None:
    line = Line()
    line.say(b"")
    line.echo()
    line.go(1)
    assert [played.complete for played in line.played] == [True]


def test_a_line_without_marks_completes_by_its_own_reckoning() -> None:
    line = Line(echo_wait=0.0)
    line.say(sound(0.2), text="Yes.")
    line.go(10)
    assert line.played == [Played(1, 0.0, 0.2, "Yes.", complete=True, over=True)]


def test_when_the_line_goes_down_what_was_heard_is_told() -> None:
    line = Line()
    line.say(sound(1.0), text="One two three four.")
    line.go(10)
    line.frames += line.playout.end(line.now + 0.05)
    assert line.heard_sound == sound(1.0)[: SECOND // 4]
    assert line.played[-1].seconds == pytest.approx(0.25)


def test_a_chunk_that_no_carrier_would_take_is_refused() -> None:
    with pytest.raises(ValueError):
        Playout(RATE, chunk=1000)


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("say"), st.integers(0, 3000)),
        st.tuples(st.just("done"), st.just(0)),
        st.tuples(st.just("go"), st.integers(1, 20)),
        st.tuples(st.just("pause"), st.integers(0, 1600)),
        st.tuples(st.just("resume"), st.just(0)),
        st.tuples(st.just("echo"), st.just(0)),
    ),
    max_size=40,
)


@given(STEPS)
def test_however_it_is_paused_nothing_is_lost_or_heard_twice(steps: list[tuple[str, int]]) -> None:
    line = Line()
    made: dict[int, bytes] = {}
    reply, place = 1, 0
    echoed = 0
    for step, size in steps:
        match step:
            case "say":
                pcm = sound(size / RATE, place)
                place += size
                made[reply] = made.get(reply, b"") + pcm
                line.say(pcm, reply, done=False)
            case "done":
                line.say(b"", reply)
                made.setdefault(reply, b"")
                reply += 1
            case "go":
                line.go(size)
            case "pause":
                line.playout.pause(line.now + size / RATE)
            case "resume":
                line.playout.resume()
                line.send()
            case _:  # echoes that come exactly when the far end gets there
                if line.playout._line_end <= line.ticks * 160:
                    for mark in [action for action in line.sent[echoed:] if isinstance(action, str)]:
                        line.frames += line.playout.mark(mark)
                    echoed = len(line.sent)
        assert sum(len(frame.pcm) for frame in line.heard) <= len(line.sent_sound)
    line.playout.resume()
    line.say(b"", reply)
    line.go(800)
    for number, whole in made.items():
        heard = b"".join(frame.pcm for frame in line.heard if frame.reply == number)
        assert heard.startswith(whole)
        assert not any(heard[len(whole) :])
        assert len(heard) - len(whole) < 320
    ends = [round(frame.at * RATE) + len(frame.pcm) // 2 for frame in line.heard]
    starts = [round(frame.at * RATE) for frame in line.heard]
    assert all(start >= end for start, end in zip(starts[1:], ends[:-1], strict=True))
    assert [played.reply for played in line.played if played.complete] == sorted({*made, reply})


@given(STEPS, st.integers(0, 1600))
def test_whatever_came_before_nothing_follows_a_clear(steps: list[tuple[str, int]], late: int) -> None:
    line = Line()
    reply, paused = 1, 0.0
    for step, size in steps:
        match step:
            case "say":
                line.say(sound(size / RATE), reply, done=False)
            case "done":
                line.say(b"", reply)
                reply += 1
            case "go":
                line.go(size)
            case "pause":
                paused = max(paused, line.now + size / RATE)
                line.playout.pause(paused)
            case _:
                line.playout.resume()
                line.send()
    sent, at = len(line.sent), max(line.now + late / RATE, paused)
    line.playout.clear(at)
    line.frames.clear()
    line.go(50)
    assert len(line.sent) == sent
    assert all(frame.at + len(frame.pcm) / SECOND <= at + 1e-9 for frame in line.heard)
    assert line.playout.idle
