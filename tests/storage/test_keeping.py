from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

from storage.database import Database
from storage.keeping import GONE, Removal
from storage.records import Call, CallStatus, Organisation
from storage.seed import Seeded
from tests.storage.samples import LATER, NOW, a_call, an_organisation

DAY = timedelta(days=1)


async def a_recorded_call(database: Database, organisation: str, **about: Any) -> Call:
    call = a_call(organisation, **{"status": CallStatus.ENDED, "recording": "recordings/x.wav"} | about)
    async with database.begin() as work:
        await work.calls.open(call)
    return call


async def now_as(database: Database, call: Call) -> Call:
    async with database.read() as work:
        found = await work.calls.get(call.id)
    assert found is not None
    return found


async def test_what_is_old_is_let_go_of_oldest_first_a_slice_at_a_time(database: Database, seeded: Seeded) -> None:
    mine = seeded.organisation
    older, old, young = [
        await a_recorded_call(database, mine, started_at=NOW - days * DAY, recording=f"recordings/{days}.wav")
        for days in (9, 8, 1)
    ]
    taken = await a_recorded_call(database, mine, started_at=NOW - 9 * DAY, status=CallStatus.IN_PROGRESS)
    for expected in (1, 1, 0):
        async with database.begin(mine) as work:
            assert await work.keeping.expire(NOW - 7 * DAY, 1, now=NOW) == expected
        if expected and (await now_as(database, old)).recording is not None:
            assert await now_as(database, older) == replace(older, recording=None, carrier_recording=GONE)
    assert await now_as(database, young) == young
    assert await now_as(database, taken) == taken
    async with database.read(mine) as work:
        left = await work.keeping.removals(10)
        assert await work.keeping.removals(10, after=left[0].call_id) == left[1:]
    assert left == [
        Removal(call.id, mine, "one", f"recordings/{days}.wav", NOW) for call, days in ((older, 9), (old, 8))
    ]
    async with database.begin(mine) as work:
        await work.keeping.removed([older.id])
        assert [removal.call_id for removal in await work.keeping.removals(10)] == [old.id]


async def test_what_the_carrier_recorded_expires_too_and_leaves_no_file_to_remove(
    database: Database, seeded: Seeded
) -> None:
    about = {"recording": None, "carrier_recording": "https://recordings.exotel.com/x.mp3"}
    call = await a_recorded_call(database, seeded.organisation, started_at=NOW - 9 * DAY, **about)
    async with database.begin(seeded.organisation) as work:
        assert await work.keeping.expire(NOW, 10, now=NOW) == 1
        assert await work.keeping.expire(NOW, 10, now=NOW) == 0
        assert not await work.calls.recorded_by_carrier(call.id, "https://recordings.exotel.com/x.mp3")
        assert await work.keeping.removals(10) == []
    assert (await now_as(database, call)).carrier_recording == GONE


async def test_nodes_that_sweep_at_once_let_go_of_each_recording_once(database: Database, seeded: Seeded) -> None:
    mine = seeded.organisation
    for number in range(30):
        await a_recorded_call(database, mine, started_at=NOW - 9 * DAY, recording=f"recordings/{number}.wav")

    async def sweep() -> int:
        done = 0
        while True:
            async with database.begin(mine) as work:
                expired = await work.keeping.expire(NOW, 4, now=LATER)
            done += expired
            if not expired:
                return done

    assert sum(await asyncio.gather(*(sweep() for _ in range(3)))) == 30
    async with database.read(mine) as work:
        assert len(await work.keeping.removals(100)) == 30


async def test_another_organisations_recordings_are_its_own(database: Database, seeded: Seeded) -> None:
    other = an_organisation()
    async with database.begin() as work:
        await work.organisations.add(replace(other, recording_retention_days=7))
        assert await work.keeping.limited() == {other.id: 7}
    theirs = await a_recorded_call(database, other.id, started_at=NOW - 9 * DAY)
    async with database.begin(seeded.organisation) as work:
        assert await work.keeping.expire(NOW, 10, now=NOW) == 0
        await work.keeping.let_go(theirs.id, now=NOW)
    assert await now_as(database, theirs) == theirs


async def test_an_organisation_keeps_for_ever_unless_it_says_otherwise(database: Database, seeded: Seeded) -> None:
    async with database.begin(seeded.organisation) as work:
        first = await work.organisations.held(seeded.organisation)
        assert isinstance(first, Organisation)
        assert first.recording_retention_days is None
        await work.organisations.save(replace(first, recording_retention_days=30))
    async with database.begin() as work:
        assert await work.keeping.limited() == {seeded.organisation: 30}


async def test_where_a_carrier_recorded_is_remembered_once(database: Database, seeded: Seeded) -> None:
    call = await a_recorded_call(database, seeded.organisation, recording=None)
    async with database.begin(seeded.organisation) as work:
        assert await work.calls.recorded_by_carrier(call.id, "https://recordings.exotel.com/1.mp3")
        assert not await work.calls.recorded_by_carrier(call.id, "https://recordings.exotel.com/2.mp3")
    assert (await now_as(database, call)).carrier_recording == "https://recordings.exotel.com/1.mp3"
