"""The fine-tuning of speakers: asked for here, taken on by whoever has a GPU, and told of."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, insert, or_, select, update

from storage.asset_tables import speaker_trainings as trainings
from storage.assets import Training, TrainingState
from storage.tenancy import Tenancy, values

TRIES = 3
"""How often one training is taken on: what ended so many processes would end the next."""
GIVEN_UP = "every process that took it on ended before it was done"


class Trainings:
    """One of each speaker: the last one. Whoever runs one holds it by `tries`: a late report changes nothing."""

    def __init__(self, tenancy: Tenancy) -> None:
        self._tenancy = tenancy

    async def get(self, speaker: str) -> Training | None:
        row = await self._tenancy.row(select(trainings).where(self._of(speaker)))
        return None if row is None else Training(**row)

    async def queue(self, training: Training) -> bool:
        """In the place of one that is over. False if one is waiting or running. The speaker must be held."""
        before = await self.get(training.speaker)
        if before is not None and before.state in (TrainingState.QUEUED, TrainingState.RUNNING):
            return False
        await self.forget(training.speaker)
        await self._tenancy.connection.execute(insert(trainings).values(values(training)))
        return True

    async def forget(self, speaker: str) -> str | None:
        """Whoever runs it works in vain. Path of what was trained, whose file must go too; None: there is none."""
        before = await self.get(speaker)
        await self._tenancy.change(delete(trainings).where(self._of(speaker)))
        return None if before is None else before.adapter

    async def claim(self, *, now: datetime, lease: timedelta, speaker: str | None = None) -> Training | None:
        """The one that waits longest, or whose process was not heard of for its lease; None: nothing is to be done."""
        await self._give_up(now)
        query = select(trainings).where(self._waits(now), self._tenancy.mine(trainings))
        if speaker is not None:
            query = query.where(trainings.c.speaker == speaker)
        row = await self._tenancy.row(query.order_by(trainings.c.queued_at).with_for_update(skip_locked=True))
        if row is None:
            return None
        found = Training(**row)
        taken = replace(
            found,
            state=TrainingState.RUNNING,
            tries=found.tries + 1,
            lease_until=now + lease,
            started_at=now,
            progress=0.0,
        )
        changed = {name: getattr(taken, name) for name in ("state", "tries", "lease_until", "started_at", "progress")}
        moved = await self._tenancy.change(update(trainings).where(self._is(found), self._waits(now)).values(changed))
        return taken if moved else None

    async def goes_on(self, training: Training, *, progress: float, until: datetime) -> bool:
        """False if it is another's by now, or is no more: its work is in vain."""
        return await self._change(training, progress=progress, lease_until=until)

    async def done(self, training: Training, *, adapter: str, now: datetime) -> bool:
        """False as `goes_on`."""
        return await self._change(
            training, state=TrainingState.DONE, adapter=adapter, progress=1.0, ended_at=now, lease_until=None
        )

    async def failed(self, training: Training, *, reason: str, now: datetime) -> bool:
        """False as `goes_on`."""
        return await self._change(training, state=TrainingState.FAILED, reason=reason, ended_at=now, lease_until=None)

    async def _give_up(self, now: datetime) -> None:
        lost = (trainings.c.state == TrainingState.RUNNING) & (trainings.c.lease_until < now)
        await self._tenancy.change(
            update(trainings)
            .where(lost, trainings.c.tries >= TRIES, self._tenancy.mine(trainings))
            .values(state=TrainingState.FAILED, reason=GIVEN_UP, ended_at=now, lease_until=None)
        )

    async def _change(self, training: Training, **new: Any) -> bool:
        running = self._is(training) & (trainings.c.state == TrainingState.RUNNING)
        return await self._tenancy.change(update(trainings).where(running).values(new)) == 1

    def _waits(self, now: datetime) -> ColumnElement[bool]:
        lost = (trainings.c.state == TrainingState.RUNNING) & (trainings.c.lease_until < now)
        return or_(trainings.c.state == TrainingState.QUEUED, lost)

    def _is(self, training: Training) -> ColumnElement[bool]:
        return (trainings.c.id == training.id) & (trainings.c.tries == training.tries) & self._tenancy.mine(trainings)

    def _of(self, speaker: str) -> ColumnElement[bool]:
        return (trainings.c.speaker == speaker) & self._tenancy.mine(trainings)
