"""Whoever asks in a call not to be called again is not: by nobody of the organisation, from that moment on."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from dialer.opt_out import REASON
from pipeline.frames import UserTurn
from server.assembly import Workshop
from server.tools import opt_out
from storage.database import Database, DatabaseUnavailableError
from storage.dialing import ContactState, Skip
from storage.records import CallStatus, Outcome
from storage.seed import Seeded
from tests.dialer.campaign import Office, an_office, phones
from tests.patience import until
from tests.server.house import House, a_workshop, scripted
from transports.loopback import Line, Loopback, quiet

(PHONE,) = phones(1)
ASKED = "Never call me again."


@pytest.fixture
async def workshop() -> AsyncIterator[Workshop]:
    async with a_workshop() as workshop:
        yield workshop


@pytest.fixture
def house(database: Database, seeded: Seeded, workshop: Workshop, tmp_path: Path) -> House:
    return House(database, seeded, tmp_path / "data", workshop)


@pytest.fixture
def office(database: Database, seeded: Seeded) -> Office:
    return an_office(database, seeded)


async def is_blocked(office: Office) -> bool:
    async with office.database.read(office.organisation) as work:
        return bool(await work.phones.opted_out([PHONE]))


def using(name: str, **arguments: Any) -> dict[str, Any]:
    return {"llm": {"provider": "scripted", "options": {"replies": [{"say": "", "use": {name: arguments}}]}}}


async def test_an_attempt_that_is_due_is_refused_before_the_call_has_ended(house: House, office: Office) -> None:
    await house.agent({**scripted(), **using("opt_out")})
    (customer,) = await office.people(PHONE)
    flow = await office.campaign()
    await office.rounds()
    await office.end(Outcome.NO_ANSWER, office.line.asked[0].call)
    office.clock.goes_on(minutes=30)  # the next try is due

    incoming = house.incoming(from_number=PHONE)

    async def talk() -> AsyncIterator[Line]:
        yield quiet(0.1)
        yield UserTurn(ASKED, 0.1)
        yield quiet(0.1)
        await until(lambda: is_blocked(office))
        await office.rounds()
        assert (await house.row(incoming.call)).status is CallStatus.IN_PROGRESS
        (contact,) = await office.contacts(flow)
        assert (contact.state, contact.reason) == (ContactState.SKIPPED, Skip.OPTED_OUT)
        for _ in range(200):
            yield quiet(0.1)

    await house.switchboard.answer(Loopback(talk()), incoming)
    row = await house.row(incoming.call)
    assert (row.status, row.reason) == (CallStatus.ENDED, REASON)
    assert len(office.line.asked) == 1
    said = " ".join(turn.text for turn in await house.turns(incoming.call) if turn.speaker == "agent")
    assert said.endswith("You will not be called again. Goodbye.")
    async with office.database.read(office.organisation) as work:
        kept = await work.customers.get(customer.id)
    assert kept is not None
    assert kept.opted_out


async def test_it_holds_for_a_phone_that_is_nobodys_yet_and_that_hangs_up_at_once(house: House, office: Office) -> None:
    await house.agent({**scripted(), **using("opt_out")})
    await house.call([quiet(0.1), UserTurn(ASKED, 0.1), quiet(0.2)], from_number=PHONE)
    assert await is_blocked(office)
    await office.people(PHONE)
    await office.campaign()
    await office.rounds()
    assert office.line.asked == []


async def test_one_that_could_not_be_entered_at_once_is_entered_with_the_end(
    house: House, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    entered: list[Callable[..., Any]] = []

    async def away(*about: Any) -> None:
        entered.append(away)
        raise DatabaseUnavailableError("it is away")

    monkeypatch.setattr(opt_out, "enter", away)
    await house.agent({**scripted(), **using("opt_out")})
    await house.call([quiet(0.1), UserTurn(ASKED, 0.1), quiet(10.0)], from_number=PHONE)
    assert entered
    assert await is_blocked(office)
