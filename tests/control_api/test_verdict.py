from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from control_api.links.verdict import MOST_FAILURES, after_tries, after_try
from control_api.links.webhook_sender import Answer
from storage.assets import Delivery, DeliveryState, Webhook
from tests.storage.samples import LATER, NOW

DONE, FAILED, PENDING = DeliveryState.DONE, DeliveryState.FAILED, DeliveryState.PENDING
DELIVERY = Delivery("wbl_1", "org_1", "wbh_1", "evt_1", "call.ended", {}, NOW, state=DeliveryState.SENDING, attempts=1)
WEBHOOK = Webhook("wbh_1", "org_1", "CRM", "https://example.com", ["call.ended"], "", "", NOW, NOW)
BAD = Answer(12, 500, "it answered 500")


@pytest.mark.parametrize(("attempts", "seconds"), [(1, 2), (2, 10), (3, 60)])
def test_waits_grow_and_differ(attempts: int, seconds: int) -> None:
    tried = replace(DELIVERY, attempts=attempts)
    due = [after_try(tried, BAD, NOW, chance=chance).due_at for chance in (0.0, 0.5, 1.0)]
    assert due == [NOW + timedelta(seconds=seconds * part) for part in (0.8, 1.0, 1.2)]


def test_after_the_fourth_try_there_is_none() -> None:
    given_up = after_try(replace(DELIVERY, attempts=4), BAD, NOW, chance=0.5)
    assert (given_up.state, given_up.due_at, given_up.trouble) == (FAILED, None, "it answered 500")
    assert (given_up.response_status, given_up.response_ms) == (500, 12)


def test_a_receiver_may_ask_for_a_longer_wait_but_not_for_a_shorter_one() -> None:
    long = after_try(DELIVERY, replace(BAD, status=429, wait=30.0), NOW, chance=0.5)
    short = after_try(DELIVERY, replace(BAD, status=429, wait=0.5), NOW, chance=0.5)
    assert (long.due_at, short.due_at) == (NOW + timedelta(seconds=30), NOW + timedelta(seconds=2))


def test_what_is_gone_is_not_asked_again() -> None:
    gone = after_try(DELIVERY, Answer(1, 410, "it answered 410"), NOW, chance=0.5)
    assert gone.state is FAILED
    off = after_tries(WEBHOOK, [gone], LATER)
    assert (off.is_active, off.trouble) == (False, "it answered 410: it is gone for good")


def test_given_up_deliveries_in_a_row_are_counted_and_tries_are_not() -> None:
    failed, again, done = (replace(DELIVERY, state=state) for state in (FAILED, PENDING, DONE))
    assert after_tries(WEBHOOK, [failed, again, failed], LATER).failures == 2
    assert after_tries(WEBHOOK, [failed, done, failed], LATER).failures == 1
    assert after_tries(WEBHOOK, [again], LATER).last_triggered_at == LATER


def test_the_twentieth_switches_it_off_and_says_why() -> None:
    failed = replace(DELIVERY, state=FAILED, trouble="it answered 500")
    almost = after_tries(WEBHOOK, [failed] * (MOST_FAILURES - 1), LATER)
    assert (almost.is_active, almost.failures, almost.trouble) == (True, 19, None)
    off = after_tries(almost, [failed], LATER)
    assert (off.is_active, off.failures) == (False, 20)
    assert off.trouble == "20 deliveries in a row failed; the last: it answered 500"
