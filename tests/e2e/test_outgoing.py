"""Calls that the server places: over Exotel's REST and its own socket, and over the simulated network."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from storage.records import CallStatus, CallType, FlowStatus, Outcome, Speaker
from tests.patience import until
from tests.server.house import scripted
from tests.server.serving import Serving, serving
from tests.storage.samples import TOKEN
from tests.transports.exotel_answers import API_KEY, API_TOKEN, SID
from tests.transports.exotel_exchange import ExotelExchange
from tests.transports.exotel_subscribers import Manner

PLAN = scripted(greeting="Hello {{name}}.")
NUMBER = "+918000000002"


def noon() -> str:
    """A zone in which it is about noon, whenever this is run: the law's hours hold for tests too."""
    return f"Etc/GMT{datetime.now(UTC).hour - 12:+d}"


class Campaigner:
    """Somebody who uses the API."""

    def __init__(self, house: Serving) -> None:
        self.house = house

    async def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        url = f"{self.house.server.url}/api/voice{path}"
        headers = {"Authorization": f"Bearer {TOKEN}"}
        async with self.house.http.request(method, url, json=body, headers=headers) as answer:
            told = await answer.json() if answer.status != 204 else None
            assert answer.status < 300, told
            return told

    async def campaign(self, *phones: str, **more: Any) -> str:
        for number, phone in enumerate(phones):
            person = {"name": f"Person {number}", "phone": phone, "timezone": noon()}
            await self.ask("POST", "/customers", person)
        agents = await self.ask("GET", "/agents")
        body = {
            "kind": "outbound",
            "name": "Reminders",
            "provider": "nextneural",
            "voice_agent_id": agents[0]["uuid"],
            "retry_attempts": 0,
            "rate_limit_per_number": 600,
            **more,
        }
        flow: str = (await self.ask("POST", "/flows", body))["uuid"]
        launched = await self.ask("POST", f"/flows/{flow}/launch")
        assert launched["customers_queued"] == len(phones)
        return flow

    async def completed(self, flow: str) -> None:
        async def over() -> bool:
            return bool((await self.ask("GET", f"/flows/{flow}"))["status"] == FlowStatus.COMPLETED)

        await until(over, seconds=60)


@asynccontextmanager
async def an_exchange(**manner: Any) -> AsyncIterator[ExotelExchange]:
    async with ExotelExchange(Manner(opens_streams=True, talk=3.0, **manner)) as exchange:
        yield exchange


@pytest.mark.timeout(120)
async def test_a_campaign_over_exotel_from_the_request_to_the_last_word(data: Path, no_models: None) -> None:
    async with an_exchange() as exchange, serving(data, PLAN, rate_limits="off", exotel={"url": exchange.url}) as house:
        user = Campaigner(house)
        account = {"api_key": API_KEY, "api_token": API_TOKEN, "account_sid": SID, "phone_number": NUMBER}
        await user.ask("PUT", "/integrations/telephony/exotel", account)
        flow = await user.campaign("+919800000001", "+919800010002", "+919800010003")
        await user.completed(flow)
        async with house.database.read() as work:
            calls, total = await work.calls.newest(10)
        assert total == 3
        assert {call.to_number: call.outcome for call in calls} == {
            "+919800000001": Outcome.CONNECTED,
            "+919800010002": Outcome.NO_ANSWER,
            "+919800010003": Outcome.BUSY,
        }
        (connected,) = [call for call in calls if call.outcome is Outcome.CONNECTED]
        assert (connected.call_type, connected.status) == (CallType.OUTBOUND, CallStatus.ENDED)
        assert (connected.from_number, connected.carrier) == (NUMBER, "exotel")
        assert connected.carrier_call in exchange.calls
        assert connected.recording is not None
        assert house.settings.data_dir.joinpath(connected.recording).is_file()
        turns = await house.turns(connected.id)
        assert [(turn.speaker, turn.text) for turn in turns][:1] == [(Speaker.AGENT, "Hello Person 0.")]
    assert len(exchange.calls) == 3


@pytest.mark.timeout(120)
async def test_a_stranger_who_knows_a_calls_id_and_not_its_token_is_put_down(data: Path, no_models: None) -> None:
    async with (
        an_exchange(ring=30.0) as exchange,
        serving(data, PLAN, rate_limits="off", exotel={"url": exchange.url}) as house,
    ):
        user = Campaigner(house)
        account = {"api_key": API_KEY, "api_token": API_TOKEN, "account_sid": SID, "phone_number": NUMBER}
        await user.ask("PUT", "/integrations/telephony/exotel", account)
        await user.campaign("+919800000001")
        await until(lambda: _placed(exchange))
        (call,) = exchange.calls.values()
        async with house.http.ws_connect(f"{house.wire}?call={call.custom}&token=guessed") as ws:
            start = {"call_sid": "other", "account_sid": SID, "stream_sid": "s", "from": "1", "to": "2"}
            await ws.send_json({"event": "connected"})
            await ws.send_json({"event": "start", "stream_sid": "s", "start": start})
            assert (await ws.receive(timeout=5)).data in (None, 1000, 1001, 1006)
        async with house.database.read() as work:
            attempt = await work.attempts.get(call.custom)
        assert attempt is not None
        assert attempt.ended_at is None


@pytest.mark.timeout(120)
async def test_a_campaign_on_the_simulated_network(data: Path, no_models: None) -> None:
    more = {"rate_limits": "off", "simulator_speed": 8.0, "price_per_attempt": "0.5"}
    async with serving(data, PLAN, **more) as house:
        user = Campaigner(house)
        flow = await user.campaign("+919800010002", "+919800010003", "+919800010004", "+919800010005", "+919800010006")
        await user.completed(flow)
        async with house.database.read() as work:
            calls, _ = await work.calls.newest(10)
            (organisation,) = {call.organisation_id for call in calls}
        assert {(call.to_number or "")[-4:]: call.outcome for call in calls} == {
            "0002": Outcome.NO_ANSWER,
            "0003": Outcome.BUSY,
            "0004": Outcome.VOICEMAIL,
            "0005": Outcome.FAILED,
            "0006": Outcome.CONNECTED,
        }
        assert {call.carrier for call in calls} == {"simulator"}
        async with house.database.read(organisation) as work:
            credit = await work.credits.account()
        assert credit is not None
        assert credit.balance == -5 * 5_000


async def _placed(exchange: ExotelExchange) -> bool:
    return len(exchange.calls) == 1
