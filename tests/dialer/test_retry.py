"""A contact has one budget of attempts, whatever comes of them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.retry import FINAL, next_try
from storage.records import Flow, FlowKind, Outcome
from tests.storage.samples import NOW, a_flow


def a_campaign(**more: Any) -> Flow:
    return a_flow("org", kind=FlowKind.OUTBOUND, **more)


def minutes(flow: Flow, attempts: int, outcome: Outcome = Outcome.BUSY) -> float | None:
    due = next_try(flow, outcome, "", attempts, NOW)
    return (due - NOW) / timedelta(minutes=1) if due is not None else None


def test_delays_follow_the_list_and_the_last_one_stays() -> None:
    flow = a_campaign(retry_attempts=4, retry_delay_minutes=[30, 120])
    assert [minutes(flow, attempts) for attempts in range(1, 7)] == [30, 120, 120, 120, None, None]


def test_a_longer_list_gives_no_more_attempts() -> None:
    flow = a_campaign(retry_attempts=1, retry_delay_minutes=[30, 120, 240])
    assert [minutes(flow, attempts) for attempts in (1, 2)] == [30, None]


def test_without_retries_nobody_is_called_twice() -> None:
    assert minutes(a_campaign(retry_attempts=0), 1) is None


@pytest.mark.parametrize("outcome", Outcome)
def test_only_the_outcomes_that_were_asked_for_are_tried_again(outcome: Outcome) -> None:
    usual = {Outcome.NO_ANSWER, Outcome.BUSY, Outcome.FAILED}
    assert (minutes(a_campaign(), 1, outcome) is not None) == (outcome in usual)
    assert (minutes(a_campaign(retry_on=["voicemail"]), 1, outcome) is not None) == (outcome is Outcome.VOICEMAIL)


@pytest.mark.parametrize("reason", sorted(FINAL))
def test_some_reasons_are_final(reason: str) -> None:
    assert next_try(a_campaign(), Outcome.FAILED, reason, 1, NOW) is None
    assert next_try(a_campaign(), Outcome.FAILED, "carrier", 1, NOW) is not None


@given(
    st.lists(st.sampled_from(Outcome), min_size=30, max_size=30),
    st.integers(0, 10),
    st.lists(st.integers(1, 10_080), min_size=1, max_size=10),
    st.sets(st.sampled_from(["no-answer", "busy", "failed", "voicemail"])),
)
def test_nobody_is_tried_more_often_than_the_budget_allows(
    outcomes: list[Outcome], budget: int, delays: list[int], retry_on: set[str]
) -> None:
    flow = a_campaign(retry_attempts=budget, retry_delay_minutes=delays, retry_on=sorted(retry_on))
    at, attempts = NOW, 0
    for outcome in outcomes:
        attempts += 1
        due = next_try(flow, outcome, "", attempts, at)
        if due is None:
            break
        assert due - at in {timedelta(minutes=delay) for delay in delays}
        at = due
    assert attempts <= 1 + budget
