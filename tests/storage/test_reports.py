"""Who outside is still to be told of calls, and who has them: on both databases."""

from __future__ import annotations

from datetime import timedelta

from storage.database import Database
from storage.report_records import CallReport, ReportKind
from storage.seed import Seeded
from tests.storage.samples import LATER, an_organisation
from tests.storage.test_analyses import ended

LEASE = timedelta(minutes=6)


async def asked(database: Database, organisation: str, *kinds: ReportKind) -> str:
    call = await ended(database, organisation)
    async with database.begin(organisation) as work:
        await work.reports.ask(call.id, organisation, kinds, at=LATER)
    return call.id


async def taken(database: Database, lease: str, after: timedelta = timedelta(0), limit: int = 9) -> list[CallReport]:
    now = LATER + after
    async with database.begin() as work:
        return await work.reports.take(limit, now=now, until=now + LEASE, lease=lease)


async def test_each_kind_is_asked_for_once_however_often(database: Database, seeded: Seeded) -> None:
    call = await asked(database, seeded.organisation, ReportKind.SERVER)
    (first,) = await taken(database, "a")
    async with database.begin(seeded.organisation) as work:
        assert await work.reports.finish(first, None)
        await work.reports.ask(call, seeded.organisation, list(ReportKind), at=LATER)
    (second,) = await taken(database, "b")
    assert (second.kind, second.tries) == (ReportKind.LANGFUSE, 1)
    assert second.event_id != first.event_id


async def test_whoever_takes_one_has_it_alone_until_its_lease_is_over(database: Database, seeded: Seeded) -> None:
    await asked(database, seeded.organisation, *ReportKind)
    (one,) = await taken(database, "a", limit=1)
    (other,) = await taken(database, "b")
    assert {one.kind, other.kind} == set(ReportKind)
    assert await taken(database, "c") == []
    again = await taken(database, "d", LEASE)
    assert [report.tries for report in again] == [2, 2]
    async with database.begin(seeded.organisation) as work:
        assert not await work.reports.finish(one, None), "another has it by now"
        mine = next(report for report in again if report.kind is one.kind)
        assert await work.reports.put_back(mine, due_at=LATER, tries=1, trouble="it broke")
        assert not await work.reports.put_back(mine, due_at=LATER, tries=1, trouble="it broke")
    (back,) = await taken(database, "e")
    assert (back.kind, back.tries, back.trouble, back.event_id) == (one.kind, 2, "it broke", one.event_id)


async def test_nobody_sees_those_of_another_organisation(database: Database, seeded: Seeded) -> None:
    call = await asked(database, seeded.organisation, ReportKind.SERVER)
    stranger = an_organisation()
    async with database.begin() as work:
        await work.organisations.add(stranger)
    async with database.read(stranger.id) as work:
        assert await work.reports.of_call(call) == []
        assert not await work.reports.is_any_due(LATER)
    async with database.read(seeded.organisation) as work:
        assert len(await work.reports.of_call(call)) == 1
