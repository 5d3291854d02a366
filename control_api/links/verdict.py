"""What a try means for its delivery, and deliveries for their webhook. Pure functions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from control_api.links.webhook_sender import GONE, Answer
from storage.assets import Delivery, DeliveryState, Webhook

WAITS = (2.0, 10.0, 60.0)
"""Seconds after the first try, the second and the third. After the fourth there is none."""
JITTER = 0.2
"""A wait is longer or shorter by up to this part of it: those that failed together come back one by one."""
MOST_FAILURES = 20
"""Deliveries in a row that were given up. Then the webhook is switched off."""
SWITCHED_OFF = "the webhook was switched off"


def after_try(
    delivery: Delivery, answer: Answer, now: datetime, *, chance: float, waits: Sequence[float] = WAITS
) -> Delivery:
    """`chance` is from 0 to 1."""
    tried = replace(
        delivery, response_status=answer.status, response_ms=answer.milliseconds, trouble=answer.trouble, due_at=None
    )
    if answer.trouble is None:
        return replace(tried, state=DeliveryState.DONE)
    if answer.status == GONE or delivery.attempts > len(waits):
        return replace(tried, state=DeliveryState.FAILED)
    wait = waits[delivery.attempts - 1] * (1 - JITTER + 2 * JITTER * chance)
    return replace(tried, state=DeliveryState.PENDING, due_at=now + timedelta(seconds=max(wait, answer.wait)))


def after_tries(webhook: Webhook, tried: Iterable[Delivery], now: datetime) -> Webhook:
    """`tried` in the order in which they were answered."""
    for delivery in tried:
        webhook = replace(webhook, last_triggered_at=now)
        if delivery.state is DeliveryState.DONE:
            webhook = replace(webhook, failures=0)
        elif delivery.state is DeliveryState.FAILED:
            webhook = replace(webhook, failures=webhook.failures + 1)
        if not webhook.is_active:
            continue
        if delivery.response_status == GONE:
            webhook = replace(webhook, is_active=False, trouble="it answered 410: it is gone for good")
        elif webhook.failures >= MOST_FAILURES:
            trouble = f"{webhook.failures} deliveries in a row failed; the last: {delivery.trouble}"
            webhook = replace(webhook, is_active=False, trouble=trouble)
    return webhook
