"""Decides whether a single call that waits can be placed now."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from dialer.accounts import accounts
from dialer.caller_ids import choose
from dialer.intent import Decided, intent, new_token
from dialer.lines import lines_of, of_one_provider, room_for
from dialer.low_credits import is_low
from dialer.timing import Timing
from dialer.windows import Schedule
from dialer.zones import zones_of
from storage.database import UnitOfWork
from storage.dialing import Attempt


class SingleClaims:
    def __init__(self, *, node: str, timing: Timing, simulator: bool | None) -> None:
        self._node, self._timing, self._simulator = node, timing, simulator

    async def claim(
        self, work: UnitOfWork, waiting: Attempt, now: datetime, *, process_room: int, held: Collection[str] = ()
    ) -> Decided | None:
        """None: not now, or not any more. The limits of the organisation and of the number hold; it has no campaign's.

        Raises NoLineError.
        """
        await work.attempts.alone()
        flow = await work.flows.get(waiting.flow_id)
        if flow is None or (waiting.look_at is not None and waiting.look_at <= now) or await is_low(work):
            return None
        connected = await accounts(work, simulator=self._simulator)
        lines = of_one_provider(await lines_of(work, flow, connected, now, {}))
        lines = [line for line in lines if line.provider not in held]
        room = await room_for(
            work, waiting.organisation_id, lines, connected, now, limit=1, calls=0, process_room=process_room
        )
        chosen = choose(
            lines, min(room, 1), per_minute=flow.rate_limit_per_number, distribution=flow.distribution, last=None
        )
        if not chosen:
            return None
        token = new_token()
        attempt = replace(waiting, **intent(chosen[0], token, node=self._node, now=now, timing=self._timing))
        if not await work.attempts.take(attempt):
            return None
        customer = await work.customers.get(waiting.customer_id)
        place = zones_of(waiting.phone, customer.timezone if customer is not None else None, None)
        return Decided(attempt, token, Schedule(), place)
