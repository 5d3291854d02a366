"""Calls that were placed over Exotel and are handed to human agents, through a flow with all its applets."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from processors.lines import Lines
from storage.records import Call, CallStatus, Outcome
from tests.e2e.test_outgoing import NUMBER, PLAN, Campaigner, an_exchange
from tests.patience import until
from tests.server.serving import serving
from tests.server.transferring import Desk
from tests.transports.exotel_answers import API_KEY, API_TOKEN, SID
from transports.simulator.flow import Applets

GREETING = "Hello Person 0."
LINES = Lines()


@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    ("member", "status", "reason", "said"),
    [
        ("+919800020001", "accepted", "transferred", [GREETING, LINES.handing_over]),
        ("+919800020003", "busy", "callended", [GREETING, LINES.handing_over, LINES.nobody_free]),
        ("+919800020008", "caller_left", "caller_left", [GREETING, LINES.handing_over]),
    ],
)
async def test_a_placed_call_through_exotels_flow(
    data: Path, no_models: None, member: str, status: str, reason: str, said: list[str]
) -> None:
    async with an_exchange() as exchange, serving(data, PLAN, rate_limits="off", exotel={"url": exchange.url}) as house:
        user, desk = Campaigner(house), Desk(house)
        account: dict[str, Any] = {"api_key": API_KEY, "api_token": API_TOKEN, "account_sid": SID}
        shown = await user.ask(
            "PUT", "/integrations/telephony/exotel", {**account, "phone_number": NUMBER, "app_id": "77"}
        )
        applets = Applets(shown["passthru_url"], shown["connect_url"])
        exchange.manner = replace(exchange.manner, voicebot=house.wire, applets=applets, talk=12.0)
        await desk.queue(member)
        flow = await user.campaign("+919800000001")
        found: list[Call] = []

        async def on_the_line() -> bool:
            async with house.database.read() as work:
                calls, _ = await work.calls.newest(1)
            found[:] = [call for call in calls if call.status is CallStatus.IN_PROGRESS]
            return bool(found)

        await until(on_the_line)
        call = found[0].id
        await desk.said(call, GREETING)
        assert (await desk.transfer(call))[0] == 200
        await user.completed(flow)
        row = await house.row(call)
        assert (row.outcome, row.reason) == (Outcome.CONNECTED, reason)
        (transfer,) = await desk.transfers(call)
        assert transfer["status"] == status
        assert [turn.text for turn in await house.turns(call)] == said
