"""Sends deliveries that are due. Any number of processes may share the work of one database.

Each takes some, with a lease: nobody else sends them meanwhile, and if it dies another does, when the lease is over.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from control_api.links.verdict import SWITCHED_OFF, WAITS, after_tries, after_try
from control_api.links.webhook_sender import SECONDS, Answer, WebhookSender
from storage.assets import Delivery, DeliveryState, Webhook
from storage.database import Database, DatabaseUnavailableError, UnitOfWork

_log = logging.getLogger(__name__)

LEASE = timedelta(seconds=SECONDS + 10)
"""A try, and time to write down what came of it."""
LOOKS_SECONDS = 0.5
"""Between two looks, if nothing wakes it: retries, and what other processes have left."""
AT_ONCE, OF_ONE_ORGANISATION, OF_ONE_WEBHOOK = 200, 50, 4
"""Deliveries that this process sends at the same time: in all, for one organisation, and to one webhook."""


class Tally(Protocol):
    """Counts tries that are over."""

    def tried(self, state: DeliveryState) -> None:
        """PENDING: it will be tried again."""


class Dispatcher:
    def __init__(
        self,
        database: Database,
        sender: WebhookSender,
        clock: Callable[[], datetime],
        tally: Tally,
        *,
        lease: timedelta = LEASE,
        waits: Sequence[float] = WAITS,
    ) -> None:
        self._database, self._sender, self._clock, self._tally = database, sender, clock, tally
        self._lease, self._waits = lease, waits
        self._sending: dict[str, Webhook] = {}
        """Where each delivery is being sent, by its id."""
        self._answered: list[tuple[Delivery, Delivery]] = []
        """As they were claimed, and as they are now, in the order of their answers."""
        self.wake = asyncio.Event()
        """Set by whoever has written a delivery."""

    async def run(self) -> None:
        """Until it is cancelled. What is being sent then, another sends again when the lease is over."""
        try:
            async with asyncio.TaskGroup() as sends:
                while True:
                    self.wake.clear()
                    if not await self._round(sends):
                        await self._nap()
        finally:
            await self._write_last()

    async def _round(self, sends: asyncio.TaskGroup) -> bool:
        """Settles what was answered and begins what is due. False if there was nothing to do."""
        try:
            claimed = await self._exchange()
        except DatabaseUnavailableError as away:
            _log.warning("webhooks wait for the database", extra={"error": str(away)})
            return False
        except Exception:  # noqa: BLE001 - it must outlive a bad round
            _log.exception("webhooks could not be seen to yet")
            return False
        for webhook, delivery in claimed:
            self._sending[delivery.id] = webhook
            sends.create_task(self._send(webhook, delivery))
        return bool(claimed)

    async def _exchange(self) -> list[tuple[Webhook, Delivery]]:
        answered = list(self._answered)
        due = await self._due()
        if not answered and not due:
            return []
        async with self._database.begin() as work:
            settled = await self._settle(work, answered) if answered else []
            claimed = await self._claim(work, due)
        del self._answered[: len(answered)]
        for one in settled:
            self._tally.tried(one.state)
        return claimed

    async def _due(self) -> list[Webhook]:
        """Those that there is room for."""
        if len(self._sending) >= AT_ONCE:
            return []
        of_webhook, of_organisation = self._counts()
        full = [webhook for webhook, sending in of_webhook.items() if sending >= OF_ONE_WEBHOOK]
        async with self._database.read() as work:
            due = await work.deliveries.webhooks_due(self._clock(), full)
        due = [webhook for webhook in due if of_organisation[webhook.organisation_id] < OF_ONE_ORGANISATION]
        random.shuffle(due)  # where there is not room for all, none is always the last
        return due

    async def _claim(self, work: UnitOfWork, due: Sequence[Webhook]) -> list[tuple[Webhook, Delivery]]:
        now = self._clock()
        of_webhook, of_organisation = self._counts()
        claimed: list[tuple[Webhook, Delivery]] = []
        for webhook in due:
            owner = webhook.organisation_id
            most = min(
                AT_ONCE - len(self._sending) - len(claimed),
                OF_ONE_ORGANISATION - of_organisation[owner],
                OF_ONE_WEBHOOK - of_webhook[webhook.id],
            )
            if most <= 0:
                continue
            taken = await work.deliveries.claim(webhook.id, most, now=now, until=now + self._lease)
            of_organisation[owner] += len(taken)
            claimed += [(webhook, one) for one in taken]
        return claimed

    def _counts(self) -> tuple[Counter[str], Counter[str]]:
        """Of what is being sent: by webhook, and by organisation."""
        to = self._sending.values()
        return Counter(webhook.id for webhook in to), Counter(webhook.organisation_id for webhook in to)

    async def _settle(self, work: UnitOfWork, answered: Sequence[tuple[Delivery, Delivery]]) -> list[Delivery]:
        webhooks = await work.webhooks.all_held({before.webhook_id for before, _ in answered})
        settled = await work.deliveries.settle(answered)
        judged = [
            after_tries(webhook, [one for one in settled if one.webhook_id == webhook.id], self._clock())
            for webhook in webhooks.values()
        ]
        await work.webhooks.judged(judged)
        for webhook in judged:
            if not webhook.is_active:
                await work.deliveries.give_up(webhook.id, SWITCHED_OFF)
                if webhooks[webhook.id].is_active:
                    _log.warning("a webhook was switched off", extra={"webhook": webhook.id})
        return settled

    async def _send(self, webhook: Webhook, delivery: Delivery) -> None:
        try:
            answer = await self._sender.send(webhook, delivery, self._clock())
        except Exception:  # noqa: BLE001 - the others must go on
            _log.exception("a delivery could not be tried", extra={"delivery": delivery.id})
            answer = Answer(0, trouble="it could not be sent")
        finally:
            del self._sending[delivery.id]
        after = after_try(delivery, answer, self._clock(), chance=random.random(), waits=self._waits)  # noqa: S311
        self._answered.append((delivery, after))
        self.wake.set()

    async def _nap(self) -> None:
        try:
            async with asyncio.timeout(LOOKS_SECONDS):
                await self.wake.wait()
        except TimeoutError:
            return

    async def _write_last(self) -> None:
        if not self._answered:
            return
        try:
            async with self._database.begin() as work:
                await self._settle(work, self._answered)
        except DatabaseUnavailableError as away:
            _log.warning("what came of the last deliveries is not written", extra={"error": str(away)})
