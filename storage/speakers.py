"""Voices of the organisation's own, and the sentences that train them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy import ColumnElement, delete, func, select, update

from storage.asset_tables import speaker_samples, speakers
from storage.assets import Dataset, SpeakerSample, VoiceSpeaker
from storage.tenancy import Tenancy, values


class Speakers:
    """Found by name, which no two of an organisation share."""

    def __init__(self, tenancy: Tenancy) -> None:
        self._tenancy = tenancy

    async def add(self, speaker: VoiceSpeaker) -> bool:
        """False if the name is taken."""
        await self._tenancy.alone(speakers)
        if await self.get(speaker.name) is not None:
            return False
        await self._tenancy.add(speakers, speaker)
        return True

    async def get(self, name: str) -> VoiceSpeaker | None:
        row = await self._tenancy.row(select(speakers).where(self._named(name)))
        return None if row is None else VoiceSpeaker(**row)

    async def held(self, name: str) -> VoiceSpeaker | None:
        """As `get`; nobody else changes it or its dataset until the end of the transaction."""
        row = await self._tenancy.row(select(speakers).where(self._named(name)).with_for_update())
        return None if row is None else VoiceSpeaker(**row)

    async def every(self) -> list[VoiceSpeaker]:
        """In alphabetical order."""
        rows = await self._tenancy.rows(select(speakers).where(self._tenancy.mine(speakers)).order_by(speakers.c.name))
        return [VoiceSpeaker(**row) for row in rows]

    async def save(self, speaker: VoiceSpeaker, *, now: datetime) -> bool:
        """False if it is gone."""
        changed = values(replace(speaker, updated_at=now))
        for fixed in ("organisation_id", "name", "created_at"):
            del changed[fixed]
        return await self._tenancy.change(update(speakers).where(self._named(speaker.name)).values(changed)) == 1

    async def delete(self, name: str) -> bool:
        """With its dataset. False if it was gone."""
        return await self._tenancy.change(delete(speakers).where(self._named(name))) == 1

    async def add_sample(self, sample: SpeakerSample) -> None:
        await self._tenancy.add(speaker_samples, sample)

    async def samples(self, name: str) -> list[SpeakerSample]:
        """Oldest first."""
        rows = await self._tenancy.rows(
            select(speaker_samples).where(self._samples_of(name)).order_by(speaker_samples.c.id)
        )
        return [SpeakerSample(**row) for row in rows]

    async def dataset(self, name: str) -> Dataset:
        sums = (func.coalesce(func.sum(column), 0) for column in (speaker_samples.c.seconds, speaker_samples.c.size))
        its = select(func.count(), *sums).where(self._samples_of(name))
        samples, seconds, size = (await self._tenancy.connection.execute(its)).one()
        return Dataset(samples, float(seconds), size)

    async def clear(self, name: str) -> int:
        """Forgets the dataset. How many samples it had."""
        return await self._tenancy.change(delete(speaker_samples).where(self._samples_of(name)))

    def _named(self, name: str) -> ColumnElement[bool]:
        return (speakers.c.name == name) & self._tenancy.mine(speakers)

    def _samples_of(self, name: str) -> ColumnElement[bool]:
        return (speaker_samples.c.speaker == name) & self._tenancy.mine(speaker_samples)
