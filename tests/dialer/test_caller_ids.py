"""Calls are spread over a campaign's numbers, within the rate of each."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.caller_ids import Line, choose
from storage.records import Distribution

ROUND_ROBIN, LEAST_USED = Distribution.ROUND_ROBIN, Distribution.LEAST_USED


def a_line(name: str, **more: int) -> Line:
    about: dict[str, Any] = {"recent": 0, "used": 0, "tries": 0, "failures": 0}
    return Line(name, f"+9180000000{ord(name)}", "simulator", **about | more)


def names(lines: list[Line], count: int, distribution: Distribution, last: str | None = None) -> str:
    chosen = choose(lines, count, per_minute=10, distribution=distribution, last=last)
    return "".join(line.id for line in chosen)


def test_turns_go_on_after_the_last_line() -> None:
    lines = [a_line("a", used=4), a_line("b"), a_line("c", used=2)]
    assert names(lines, 5, ROUND_ROBIN) == "abcab"
    assert names(lines, 5, ROUND_ROBIN, last="a") == "bcabc"
    assert names(lines, 2, ROUND_ROBIN, last="c") == "ab"
    assert names(lines, 2, ROUND_ROBIN, last="gone") == "ab"


def test_turns_go_on_after_a_line_that_takes_no_more() -> None:
    assert names([a_line("a"), a_line("b", recent=10), a_line("c")], 3, ROUND_ROBIN, last="b") == "cac"


def test_the_least_used_catches_up() -> None:
    lines = [a_line("a", used=3), a_line("b"), a_line("c", used=2)]
    assert names(lines, 6, LEAST_USED) == "bbbcab"


@pytest.mark.parametrize("distribution", Distribution)
def test_a_number_that_often_fails_cools_down(distribution: Distribution) -> None:
    lines = [a_line("a", tries=5, failures=3), a_line("b", tries=4, failures=4), a_line("c", tries=6, failures=3)]
    assert set(names(lines, 6, distribution)) == {"b", "c"}


def test_there_may_be_none() -> None:
    assert names([], 3, ROUND_ROBIN) == ""
    assert names([a_line("a", recent=12)], 3, LEAST_USED) == ""
    assert names([a_line("a")], 0, LEAST_USED) == ""


lines_of_any_kind = st.lists(
    st.tuples(st.integers(0, 30), st.integers(0, 50), st.integers(0, 12), st.integers(0, 12)), max_size=8
).map(
    lambda rows: [
        Line(str(n), f"+91800000000{n}", "simulator", recent, used, good + bad, bad)
        for n, (recent, used, good, bad) in enumerate(rows)
    ]
)


@given(lines_of_any_kind, st.integers(0, 300), st.integers(1, 30), st.sampled_from(Distribution), st.integers(0, 8))
def test_no_number_passes_its_rate_and_none_lies_idle_for_nothing(
    lines: list[Line], count: int, per_minute: int, distribution: Distribution, last: int
) -> None:
    chosen = choose(lines, count, per_minute=per_minute, distribution=distribution, last=str(last))
    given_to = Counter(line.id for line in chosen)
    for line in lines:
        assert given_to[line.id] <= max(0, per_minute - line.recent)
        assert not (line.cools_down and given_to[line.id])
    room = sum(max(0, per_minute - line.recent) for line in lines if not line.cools_down)
    assert len(chosen) == min(count, room)


@given(st.integers(1, 8), st.lists(st.integers(0, 20), max_size=20))
def test_turns_are_fair_to_within_one_however_calls_come(size: int, batches: list[int]) -> None:
    lines = [a_line(chr(97 + n)) for n in range(size)]
    given_to = Counter({line.id: 0 for line in lines})
    last = None
    for count in batches:
        chosen = choose(lines, count, per_minute=1000, distribution=ROUND_ROBIN, last=last)
        given_to.update(line.id for line in chosen)
        last = chosen[-1].id if chosen else last
    assert max(given_to.values()) - min(given_to.values()) <= 1


@given(st.lists(st.integers(0, 30), min_size=1, max_size=8), st.integers(0, 400))
def test_the_least_used_level_out(used: list[int], count: int) -> None:
    lines = [a_line(chr(97 + n), used=calls) for n, calls in enumerate(used)]
    chosen = choose(lines, count, per_minute=1000, distribution=LEAST_USED, last=None)
    taken = Counter(line.id for line in chosen)
    after = {line.id: line.used + taken[line.id] for line in lines}
    touched = [after[line.id] for line in lines if taken[line.id]]
    assert not touched or max(touched) - min(after.values()) <= 1
