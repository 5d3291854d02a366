"""What the carrier recorded where we did not, as it is heard over HTTP: proxied with the organisation's account."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from aiohttp import ClientPayloadError

from server.carrier_recordings import CarriersRecordings
from server.carriers import ConnectedCarriers, Places
from storage.database import Database
from storage.records import Call, Outcome
from storage.sealing import Seal
from storage.seed import Seeded
from tests.control_api.api import Api, serving_api
from tests.storage.samples import LATER, a_call
from tests.transports.exotel_answers import API_KEY, API_TOKEN, SID
from tests.transports.exotel_recordings import CALL, Archive, archive
from transports.exotel.carrier import exotel_session

SOUND = bytes(range(256)) * 1000
SEAL = Seal({"0" * 8: bytes(32)}, "0" * 8)


@dataclass
class Proxy:
    api: Api
    archive: Archive
    database: Database
    organisation: str

    async def call(self, *, recorded: bool = True, **about: Any) -> Call:
        """One that is over, and that we did not record."""
        about = {"carrier_call": CALL, "carrier": "exotel", **about}
        call = a_call(self.organisation, carrier_recording=self.archive.address if recorded else None, **about)
        async with self.database.begin(self.organisation) as work:
            await work.calls.open(call)
            await work.calls.ended(call.id, at=LATER, outcome=Outcome.CONNECTED, reason="")
        return call

    async def get(self, call: Call, query: str = "", **headers: str) -> Any:
        return await self.api.get(f"/calls/{call.id}/recording{query}", headers=headers)


@pytest.fixture
async def proxy(database: Database, seeded: Seeded, tmp_path: Path) -> AsyncIterator[Proxy]:
    file = tmp_path / "one.mp3"
    file.write_bytes(SOUND)
    async with archive(file) as kept, exotel_session() as http:
        carriers = ConnectedCarriers(
            database,
            SEAL,
            http,
            places=Places("https://voice.example.com"),
            clock=lambda: datetime.now(UTC),
            exotel_url=kept.url,
        )
        recordings = CarriersRecordings(database, carriers)
        async with serving_api(database, tmp_path / "data", seal=SEAL, carrier_recordings=recordings) as api:
            await connect(api, API_TOKEN)
            yield Proxy(api, kept, database, seeded.organisation)


async def connect(api: Api, token: str) -> None:
    account = {"api_key": API_KEY, "api_token": token, "account_sid": SID, "app_id": "1"}
    assert (await api.put("/integrations/telephony/exotel", account)).status == 200


async def test_it_comes_as_an_mp3_whole_and_in_ranges(proxy: Proxy) -> None:
    call = await proxy.call()
    assert (await proxy.api.get(f"/calls/{call.id}")).body["recording_url"].endswith(f"{call.id}/recording")
    for query in ("", "?format=mp3"):
        answer = await proxy.get(call, query)
        assert (answer.status, answer.raw) == (200, SOUND)
        assert answer.headers["Content-Type"] == "audio/mpeg"  # whatever the carrier calls it
        assert answer.headers["Content-Length"] == str(len(SOUND))
    part = await proxy.get(call, Range="bytes=10-19")
    assert (part.status, part.raw) == (206, SOUND[10:20])
    assert part.headers["Content-Range"] == f"bytes 10-19/{len(SOUND)}"
    assert (await proxy.get(call, Range=f"bytes={len(SOUND)}-")).status == 416
    assert (await proxy.get(call, Accept="audio/wav")).raw == SOUND


async def test_a_wav_cannot_be_had_of_it(proxy: Proxy) -> None:
    call = await proxy.call()
    for answer in (
        await proxy.get(call, "?format=wav"),
        await proxy.api.post(f"/calls/{call.id}/recording-link", {"format": "wav"}),
    ):
        assert (answer.status, answer.detail.split()[0]) == (400, "format")


async def test_where_it_lies_is_asked_for_once_if_it_is_not_known(proxy: Proxy) -> None:
    call = await proxy.call(recorded=False)
    assert (await proxy.get(call)).status == 404
    proxy.archive.recording = proxy.archive.address  # a few minutes later
    assert (await proxy.get(call)).raw == SOUND
    proxy.archive.recording = None
    assert (await proxy.get(call)).raw == SOUND
    async with proxy.database.read() as work:
        assert await work.calls.get(call.id) == replace(
            call, carrier_recording=proxy.archive.address, **await ended(proxy, call)
        )


async def ended(proxy: Proxy, call: Call) -> dict[str, Any]:
    async with proxy.database.read() as work:
        row = await work.calls.get(call.id)
    assert row is not None
    return {name: getattr(row, name) for name in ("status", "ended_at", "outcome", "duration")}


async def test_a_link_leads_to_it_too(proxy: Proxy) -> None:
    call = await proxy.call(recorded=False)
    refused = await proxy.api.post(f"/calls/{call.id}/recording-link", {})
    assert (refused.status, refused.detail) == (404, "Recording not found")
    proxy.archive.recording = proxy.archive.address
    parts = urlsplit((await proxy.api.made(f"/calls/{call.id}/recording-link", {}))["url"])
    async with proxy.api.http.get(f"{proxy.api.url}{parts.path}?{parts.query}") as answer:
        assert (answer.status, await answer.read()) == (200, SOUND)


async def test_nobody_hears_what_is_not_to_be_heard_and_the_carrier_is_not_even_asked(proxy: Proxy) -> None:
    customer = (await proxy.api.made("/customers", {"name": "Priya", "phone": "+14155550192"}))["uuid"]
    opted_out, let_go = await proxy.call(customer_id=customer), await proxy.call()
    unanswered = await proxy.call(recorded=False, carrier_call=None)
    simulated = await proxy.call(recorded=False, carrier="simulator")
    await proxy.api.patch(f"/customers/{customer}", {"recording_opt_out": True})
    async with proxy.database.begin(proxy.organisation) as work:
        await work.keeping.let_go(let_go.id, now=LATER)
    proxy.archive.recording = proxy.archive.address
    for call in (opted_out, let_go, unanswered, simulated):
        assert (await proxy.get(call)).status == 404
    assert proxy.archive.asked == []


async def test_a_carrier_that_refuses_or_is_away_is_told_without_its_secrets(proxy: Proxy) -> None:
    call = await proxy.call()
    await connect(proxy.api, "wrong-token")
    refused = await proxy.get(call)
    elsewhere = await proxy.call(recorded=False)
    async with proxy.database.begin(proxy.organisation) as work:
        await work.calls.recorded_by_carrier(elsewhere.id, "https://169.254.169.254/latest")
    for answer in (refused, await proxy.get(elsewhere)):
        assert answer.status == 502
        assert answer.detail == "The carrier could not be asked for its recording: account"


async def test_without_an_account_there_is_none(proxy: Proxy) -> None:
    call = await proxy.call()
    assert (await proxy.api.delete("/integrations/telephony/exotel")).status == 204
    assert (await proxy.get(call)).status == 404


async def test_sound_that_breaks_off_does_not_look_whole(proxy: Proxy) -> None:
    call = await proxy.call()
    proxy.archive.broken = True
    with pytest.raises(ClientPayloadError):
        await proxy.get(call)
