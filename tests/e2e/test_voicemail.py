"""Calls that a machine answers, on the simulated network: what its recording has of us, and what the books say."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dialer import ports
from pipeline.frames import FRAME_SECONDS
from server.carriers import adapted
from storage.records import Outcome, Speaker
from tests.e2e.test_outgoing import Campaigner
from tests.server.house import scripted
from tests.server.serving import Serving, serving
from transports.carrier import CarrierStatus
from transports.simulator.cast import BEEP_SECONDS, Cast
from transports.simulator.people import Moment, Person

MESSAGE = "Acme has called. Please call back tomorrow."
MAILBOX = "+919800010004"


def unsuspecting(status: CarrierStatus) -> ports.CarrierStatus:
    """A carrier that tells nobody from a machine."""
    return adapted(replace(status, machine=False))


class Recorded:
    """A simulated person or machine, and when it spoke and heard us."""

    def __init__(self, person: Person) -> None:
        self._person = person
        self.spoke: list[float] = []
        self.heard: list[float] = []
        self._now = 0.0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._person, name)

    def tick(self, bot_audible: bool) -> Moment:
        moment = self._person.tick(bot_audible)
        if any(moment.pcm):
            self.spoke.append(self._now)
        if bot_audible:
            self.heard.append(self._now)
        self._now += FRAME_SECONDS
        return moment


@pytest.fixture
def answered(monkeypatch: pytest.MonkeyPatch) -> list[Recorded]:
    """Everybody who has picked up."""
    everybody: list[Recorded] = []

    class Recording(Cast):
        async def __call__(self, *call: Any) -> Any:
            everybody.append(Recorded(await super().__call__(*call)))
            return everybody[-1]

    monkeypatch.setattr("server.simulator.Cast", Recording)
    return everybody


async def called(house: Serving, phone: str) -> tuple[Outcome | None, str | None, list[str]]:
    """How the call to it ended, why, and what of it the transcript has of us."""
    user = Campaigner(house)
    await user.completed(await user.campaign(phone))
    async with house.database.read() as work:
        ((call,), _) = await work.calls.newest(10)
    turns = await house.turns(call.id)
    return call.outcome, call.reason, [turn.text for turn in turns if turn.speaker is Speaker.AGENT]


@pytest.mark.timeout(60)
@pytest.mark.parametrize("report", [adapted, unsuspecting], ids=["told by the carrier", "told by nobody"])
async def test_a_mailbox_has_the_message_and_nothing_else_after_its_beep(
    data: Path, no_models: None, answered: list[Recorded], monkeypatch: pytest.MonkeyPatch, report: object
) -> None:
    monkeypatch.setattr("server.callbacks.adapted", report)
    plan = scripted(heard=["please leave a message"] * 9, greeting="Hello.", voicemail={"message": MESSAGE})
    async with serving(data, plan, rate_limits="off", simulator_speed=10.0) as house:
        assert await called(house, MAILBOX) == (Outcome.VOICEMAIL, "voicemail", [MESSAGE])
    (mailbox,) = answered
    beep_ended = mailbox.spoke[-1]
    assert beep_ended < mailbox.heard[0] < beep_ended + 1.5
    assert len(mailbox.heard) * FRAME_SECONDS > BEEP_SECONDS


@pytest.mark.timeout(60)
async def test_a_mailbox_is_hung_up_on_where_there_is_no_message(
    data: Path, no_models: None, answered: list[Recorded], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.callbacks.adapted", unsuspecting)
    plan = scripted(heard=["please leave a message"] * 9, greeting="Hello.")
    async with serving(data, plan, rate_limits="off", simulator_speed=8.0) as house:
        assert await called(house, MAILBOX) == (Outcome.VOICEMAIL, "voicemail", [])
    (mailbox,) = answered
    assert mailbox.heard == []
