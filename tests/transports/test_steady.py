"""A call's clock over a line that is late, silent or in a hurry."""

from transports.steady import Steady

RATE = 8000
FRAME = bytes(320)


class Wall:
    def __init__(self) -> None:
        self.time = 100.0

    def __call__(self) -> float:
        return self.time


def steady() -> tuple[Steady, Wall]:
    wall = Wall()
    return Steady(RATE, wall), wall


def test_ragged_sound_becomes_whole_slices_and_half_samples_wait() -> None:
    line, _ = steady()
    sound = bytes(range(256)) * 4
    slices = line.push(sound[:3]) + line.push(sound[3:700]) + line.push(sound[700:])
    assert b"".join(slices) == sound[:960]
    assert all(len(pcm) == 320 for pcm in slices)


def test_between_two_arrivals_the_clock_runs_with_the_wall_but_not_far() -> None:
    line, wall = steady()
    wall.time += 0.1
    line.push(FRAME * 5)
    assert line.now() == 0.1
    wall.time += 0.053
    assert round(line.now(), 6) == 0.153
    wall.time += 5
    assert round(line.now(), 6) == 0.3


def test_silence_stands_in_for_sound_that_is_overdue_and_keeps_up_with_the_wall() -> None:
    line, wall = steady()
    wall.time += 0.02
    line.push(FRAME)
    slices = 1
    for _ in range(100):
        wall.time += 0.1
        slices += len(line.fill())
    assert 0 <= 10.02 - slices * 0.02 < 0.15


def test_jitter_inside_the_cadence_is_no_silence() -> None:
    line, wall = steady()
    for _ in range(50):
        wall.time += 0.15
        assert line.fill() == []
        line.push(FRAME * 5)
        wall.time += 0.05
        line.push(FRAME * 5)


def test_late_sound_is_heard_after_all() -> None:
    line, wall = steady()
    wall.time += 1.0
    filled = line.fill()
    assert filled
    assert len(line.push(FRAME * 50)) == 50
    assert line.dropped == 0


def test_a_second_gap_is_not_filled_while_the_clock_is_ahead() -> None:
    line, wall = steady()
    wall.time += 1.0
    line.fill()
    line.push(FRAME * 50)
    wall.time += 0.5
    assert line.fill() == []


def test_five_messages_in_a_hundred_lost_leave_the_clock_in_step_and_each_sound_at_its_place() -> None:
    line, wall = steady()
    lost, heard = 0, list[bytes]()
    for number in range(1, 3001):
        wall.time += 0.02
        if number % 20 == 10 or number % 100 == 11:
            lost += 1
            continue
        heard += line.push(number.to_bytes(2, "little") * 160, lost)
        lost = 0
    assert len(heard) == 3000
    for number, pcm in enumerate(heard, 1):
        missing = number % 20 == 10 or number % 100 == 11
        assert pcm == (FRAME if missing else number.to_bytes(2, "little") * 160)


def test_after_a_stall_of_the_process_silence_stands_in_for_what_is_lost_alone() -> None:
    line, wall = steady()
    wall.time += 3.0
    heard = [len(line.push(FRAME, 2 if number == 50 else 0)) for number in range(148)]
    assert heard == [1] * 50 + [3] + [1] * 97


def test_silence_for_lost_messages_keeps_half_samples_and_ragged_sound_joined() -> None:
    line, wall = steady()
    wall.time += 1.0
    slices = line.push(b"\x01\x02" * 100 + b"\x01") + line.push(b"\x02" + b"\x01\x02" * 124 + b"\x01", 2)
    slices += line.push(b"\x02" + b"\x01\x02" * 500)
    sound = b"".join(slices)
    assert sound.count(b"\0") == 500
    assert {sound[at : at + 2] for at in range(0, len(sound), 2)} <= {b"\x01\x02", b"\x01\0", b"\0\x02", b"\0\0"}


def test_a_gap_that_silence_has_filled_is_not_filled_again_when_its_messages_turn_out_lost() -> None:
    line, wall = steady()
    wall.time += 0.02
    line.push(FRAME)
    wall.time += 1.0
    filled = len(line.fill())
    assert filled
    wall.time += 0.02
    assert filled + len(line.push(FRAME, 50)) <= 52
    assert line.push(FRAME, 50) == [FRAME]


def test_a_message_that_was_taken_for_lost_is_heard_after_all() -> None:
    line, wall = steady()
    wall.time += 0.06
    line.push(FRAME)
    assert len(line.push(FRAME, 1)) == 2
    assert line.push(b"\x01\0" * 160) == [b"\x01\0" * 160]
    assert line.dropped == 0


def test_messages_taken_for_lost_that_come_over_the_backlog_are_dropped_and_counted() -> None:
    line, wall = steady()
    wall.time += 5.0
    assert len(line.push(FRAME, 249)) == 250
    assert sum(len(line.push(FRAME)) for _ in range(300)) == 250
    assert round(line.dropped, 2) == 1.0


def test_a_count_that_jumps_for_no_reason_makes_five_seconds_of_silence_at_most() -> None:
    line, wall = steady()
    wall.time += 60.0
    line.push(FRAME)
    assert len(line.push(FRAME, 10**9)) == 251


def test_late_sound_over_the_backlog_is_dropped_and_counted() -> None:
    line, wall = steady()
    wall.time += 8.0
    filled = len(line.fill())
    heard = sum(len(line.push(FRAME)) for _ in range(400))
    assert heard + filled <= (8.0 + 5.0) / 0.02
    assert round(line.dropped, 2) == round((400 - heard) * 0.02, 2)
    assert line.dropped > 0


def test_of_one_long_piece_the_oldest_part_is_dropped() -> None:
    line, _ = steady()
    pcm = b"\x01\x00" * RATE + b"\x02\x00" * (5 * RATE)
    assert b"".join(line.push(pcm)) == b"\x02\x00" * (5 * RATE)
    assert round(line.dropped, 2) == 1.0


def test_a_call_in_a_hurry_loses_nothing() -> None:
    line, wall = steady()
    wall.time += 0.001
    assert sum(len(line.push(FRAME)) for _ in range(3000)) == 3000
    assert line.dropped == 0


def test_the_line_is_down_after_fifteen_seconds_without_a_word() -> None:
    line, wall = steady()
    wall.time += 14.9
    assert not line.down
    line.alive()
    wall.time += 14.9
    assert not line.down
    wall.time += 0.2
    assert line.down


def test_a_line_that_sends_ever_too_little_does_not_hold_the_clock() -> None:
    line, wall = steady()
    slices = 0
    for _ in range(400):
        wall.time += 0.05
        slices += len(line.push(bytes(2)))
        assert wall.time - 100 - slices * 0.02 < 1.1


def test_a_line_that_only_talks_does_not_hold_the_clock_nor_turn_it_back() -> None:
    line, wall = steady()
    slices, now = 0, 0.0
    for _ in range(400):
        wall.time += 0.05
        line.alive()
        slices += len(line.catch_up())
        assert wall.time - 100 - slices * 0.02 < 1.1
        assert line.now() >= now
        now = line.now()


def test_words_among_what_waited_for_a_late_process_are_no_gap() -> None:
    line, wall = steady()
    wall.time += 3.0
    for _ in range(140):
        wall.time += 0.003
        assert line.push(FRAME) == [FRAME]
        assert line.catch_up() == []


def test_a_line_that_is_always_a_little_late_is_left_as_it_is() -> None:
    line, wall = steady()
    wall.time += 0.4
    for _ in range(500):
        wall.time += 0.02
        assert line.push(FRAME) == [FRAME]
