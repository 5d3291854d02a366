"""A campaign stops when most of its calls fail, and says so."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.breaker import LEAST, tripped


def test_it_says_why() -> None:
    assert tripped(8, 6) == "6 of the last 8 calls failed within 120 seconds"


@pytest.mark.parametrize(("calls", "failures", "stops"), [(4, 4, False), (5, 2, False), (5, 3, True), (6, 3, False)])
def test_half_is_not_enough_and_neither_are_four_calls(calls: int, failures: int, stops: bool) -> None:
    assert (tripped(calls, failures) is not None) is stops


@given(st.integers(0, 1000), st.integers(0, 1000))
def test_it_trips_over_half_of_enough_calls_and_no_other(failures: int, others: int) -> None:
    expected = failures + others >= LEAST and failures > others
    assert (tripped(failures + others, failures) is not None) is expected
