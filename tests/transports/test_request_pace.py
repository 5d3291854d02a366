"""How many requests a carrier is sent in a minute."""

import asyncio
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transports.request_pace import RequestPace, TooMany


class Time:
    """Moves when somebody sleeps, or by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        until = self.now + seconds
        await asyncio.sleep(0)
        self.now = max(self.now, until)


def most_in_a_minute(sent: list[float]) -> int:
    return max(sum(at <= other < at + 60 for other in sent) for at in sent)


def test_no_minute_holds_more_than_200_whenever_they_are_asked_for() -> None:
    time = Time()
    pace, sent = RequestPace(clock=time), []
    for _ in range(3000):
        if not pace.take():
            sent.append(time.now)
        time.now += 0.05
    assert most_in_a_minute(sent) == 200


@given(st.lists(st.tuples(st.floats(0, 30), st.booleans()), min_size=1, max_size=150))
def test_no_minute_holds_too_many_of_either_kind(asked: list[tuple[float, bool]]) -> None:
    time = Time()
    pace, sent, reads = RequestPace(6, clock=time), [], [0.0]
    for later, read in asked:
        time.now += later
        if not pace.take(read=read):
            sent.append(time.now)
            if read:
                reads.append(time.now)
    assert most_in_a_minute(sent) <= 6
    assert most_in_a_minute(reads) <= 3


def test_reads_leave_half_to_the_dials_and_dials_may_have_all() -> None:
    time = Time()
    pace = RequestPace(clock=time)
    assert sum(not pace.take(read=True) for _ in range(500)) == 100
    assert sum(not pace.take() for _ in range(500)) == 100
    time.now += 61
    assert sum(not pace.take() for _ in range(500)) == 200
    assert pace.take(read=True) > 0


async def test_who_waits_is_let_through_as_soon_as_there_is_room() -> None:
    time = Time()
    pace, sent = RequestPace(10, clock=time, sleep=time.sleep), []

    async def ask() -> None:
        await pace.turn(1000)
        sent.append(time.now)

    await asyncio.gather(*(ask() for _ in range(35)))
    assert most_in_a_minute(sent) == 10
    assert len(sent) == 35
    assert max(after - before for before, after in pairwise(sorted(sent))) <= 61


async def test_who_would_come_too_late_is_told_at_once_and_takes_no_place() -> None:
    time = Time()
    pace = RequestPace(2, clock=time, sleep=time.sleep)
    await pace.turn(1)
    await pace.turn(1)
    time.now += 11
    with pytest.raises(TooMany) as caught:
        await pace.turn(50)
    assert caught.value.wait == 50
    assert time.now == 1011
    await pace.turn(51)


async def test_nothing_is_sent_while_the_carrier_wants_none() -> None:
    time = Time()
    pace = RequestPace(clock=time, sleep=time.sleep)
    pace.hold(30)
    pace.hold(5)
    assert pace.take() == 30
    assert pace.take(read=True) == 30
    await pace.turn(31)
    assert time.now == 1030


def test_one_request_a_minute_is_too_few_for_dials_and_reads() -> None:
    with pytest.raises(ValueError, match="a_minute"):
        RequestPace(1)
