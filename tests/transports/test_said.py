"""What may be said beside sound: as much as people say, and no more."""

from pipeline.frames import Digit
from transports.said import Said

KEY = Digit("5", 0.0)


def test_a_burst_is_kept_in_order_and_what_is_over_comes_again_with_time() -> None:
    now = 100.0
    said = Said(lambda: now)
    keys = [Digit(key, 0.0) for key in "0123456789*#ABCD"]
    assert [said.add(keys, cost=16) for _ in range(5)] == [True] * 4 + [False]
    assert said.take() == keys * 4
    now += 0.5
    assert [said.add([KEY], cost=1) for _ in range(11)] == [True] * 10 + [False]
    assert said.take() == [KEY] * 10


def test_what_nobody_takes_does_not_pile_up_but_what_we_did_ourselves_is_told() -> None:
    now = 100.0
    said = Said(lambda: now)
    for _ in range(1000):
        now += 1
        said.add([KEY], cost=1)
    said.note([KEY])
    assert len(said.take()) == 65
    assert said.take() == []
