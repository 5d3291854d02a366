"""No more calls start than the tightest limit allows."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.pacing import Load, room

QUIET = Load(
    campaign_limit=5,
    campaign_calls=0,
    organisation_limit=None,
    organisation_calls=40,
    process_room=100,
    account_per_minute=None,
    account_recent=900,
)


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, 5),
        ({"campaign_calls": 3}, 2),
        ({"organisation_limit": 41}, 1),
        ({"organisation_limit": 40}, 0),
        ({"organisation_limit": 0}, 0),
        ({"process_room": 4}, 4),
        ({"account_per_minute": 903}, 3),
        ({"campaign_calls": 7}, 0),
    ],
)
def test_the_tightest_limit_counts(more: dict[str, int], expected: int) -> None:
    assert room(replace(QUIET, **more)) == expected


counts = st.integers(0, 1000)
limits = st.none() | counts


@given(st.builds(Load, counts, counts, limits, counts, counts, limits, counts))
def test_no_limit_is_passed_and_nothing_is_held_back_without_one(load: Load) -> None:
    free = room(load)
    if free:
        assert load.campaign_calls + free <= load.campaign_limit
        assert free <= load.process_room
        assert load.organisation_limit is None or load.organisation_calls + free <= load.organisation_limit
        assert load.account_per_minute is None or load.account_recent + free <= load.account_per_minute
    tight = [
        load.campaign_calls + free >= load.campaign_limit,
        free >= load.process_room,
        load.organisation_limit is not None and load.organisation_calls + free >= load.organisation_limit,
        load.account_per_minute is not None and load.account_recent + free >= load.account_per_minute,
    ]
    assert any(tight)
