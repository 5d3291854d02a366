"""Who wants no recording leaves none: no file, no path in the books, and nothing of the carrier's is heard."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from dialer.timing import Prices
from server.after_a_crash import mended
from server.keeper import Keeper
from storage.assets import Customer
from storage.ids import CUSTOMER, new_id
from storage.keeping import GONE
from storage.records import CallStatus
from tests.server.house import House, scripted
from tests.storage.samples import NOW, a_call
from transports.loopback import Line, quiet

PHONE = "+14155550192"


async def a_customer(house: House, *, refusing: bool = False) -> Customer:
    customer = Customer(
        new_id(CUSTOMER), house.seeded.organisation, "Priya", PHONE, NOW, NOW, recording_opt_out=refusing
    )
    async with house.database.begin(house.seeded.organisation) as work:
        await work.customers.append([customer])
    return customer


async def opts_out(house: House) -> None:
    async with house.database.begin(house.seeded.organisation) as work:
        customer = await work.customers.by_phone(PHONE)
        assert customer is not None
        await work.customers.save(replace(customer, recording_opt_out=True), now=NOW)


def files(house: House) -> list[Path]:
    return [file for file in house.data.rglob("*") if file.is_file()]


@pytest.mark.parametrize("known", [True, False], ids=["known before", "entered during the call"])
async def test_who_opts_out_during_the_call_leaves_no_file(house: House, known: bool) -> None:
    await house.agent(scripted(greeting="Hello."))
    if known:
        await a_customer(house)
    seen: list[Path] = []

    async def talk() -> AsyncIterator[Line]:
        yield quiet(2.0)
        seen.extend(files(house))
        if known:
            await opts_out(house)
        else:
            await a_customer(house, refusing=True)
        yield quiet(1.0)

    call, _ = await house.call(talk(), from_number=PHONE)
    row = await house.row(call)
    assert seen  # it was being recorded
    assert (row.status, row.recording, row.carrier_recording) == (CallStatus.ENDED, None, GONE)
    assert files(house) == []


async def test_who_opted_out_before_is_not_recorded_and_the_carriers_is_not_heard_either(house: House) -> None:
    await house.agent(scripted(greeting="Hello."))
    await a_customer(house, refusing=True)
    call, _ = await house.call([quiet(0.5)], from_number=PHONE)
    row = await house.row(call)
    assert (row.recording, row.carrier_recording, files(house)) == (None, GONE, [])


async def test_everybody_else_is_recorded(house: House) -> None:
    await house.agent(scripted(greeting="Hello."))
    await a_customer(house)
    call, _ = await house.call([quiet(0.5)], from_number=PHONE)
    row = await house.row(call)
    assert row.recording is not None
    assert [str(file.relative_to(house.data)) for file in files(house)] == [row.recording]


@pytest.mark.parametrize("known", [True, False], ids=["known before", "entered during the call"])
async def test_who_opted_out_in_a_call_that_a_crash_ended_leaves_none_once_all_is_tidied(
    house: House, known: bool
) -> None:
    customer = await a_customer(house)
    call = a_call(house.seeded.organisation, status=CallStatus.IN_PROGRESS, answered_at=NOW, from_number=PHONE)
    call = replace(call, customer_id=customer.id if known else None)
    path = house.recordings.path(call.id, NOW)
    house.recordings.begin(path).write_bytes(b"RIFF")
    async with house.database.begin(house.seeded.organisation) as work:
        await work.calls.open(replace(call, recording=path))
    await opts_out(house)
    await mended(house.database, house.recordings, "one", Prices())
    keeper = Keeper(house.database, house.recordings, None, node="one", clock=lambda: NOW)
    assert await keeper.once() == 1
    assert ((await house.row(call.id)).recording, files(house)) == (None, [])
