"""Attempts that are over, counted as they end: by campaign, hour, outcome, and which try they were."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from sqlalchemy import select

from storage.dialing import AttemptTally
from storage.dialing_tables import attempt_tallies
from storage.tenancy import Tenancy

KEY = ("flow_id", "day", "hour", "number", "outcome")
ADDED = ("attempts", "talk_seconds", "cost")


class AttemptTallies:
    def __init__(self, tenancy: Tenancy) -> None:
        self._tenancy = tenancy

    async def add(self, tallies: Iterable[AttemptTally]) -> None:
        """In the transaction that ends the attempts, with the campaign's run held."""
        sums: dict[tuple[object, ...], Counter[str]] = {}
        for tally in tallies:
            key = tuple(getattr(tally, name) for name in KEY)
            sums.setdefault(key, Counter()).update({name: getattr(tally, name) for name in ADDED})
        if not sums:
            return
        rows = [
            {"organisation_id": self._tenancy.organisation, **dict(zip(KEY, key, strict=True)), **more}
            for key, more in sums.items()
        ]
        added = self._tenancy.tolerant_insert(attempt_tallies)
        changed = {name: attempt_tallies.c[name] + added.excluded[name] for name in ADDED}
        statement = added.on_conflict_do_update(index_elements=list(KEY), set_=changed)
        await self._tenancy.connection.execute(statement, rows)

    async def of(self, flow_id: str) -> list[AttemptTally]:
        columns = [attempt_tallies.c[name] for name in (*KEY, *ADDED)]
        its = attempt_tallies.c.flow_id == flow_id, self._tenancy.mine(attempt_tallies)
        order = attempt_tallies.c.day, attempt_tallies.c.hour, attempt_tallies.c.number, attempt_tallies.c.outcome
        return [AttemptTally(**row) for row in await self._tenancy.rows(select(*columns).where(*its).order_by(*order))]
