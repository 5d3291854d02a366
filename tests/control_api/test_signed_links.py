"""Links to recordings that need no key."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from control_api.records.signed_links import PURPOSE, signed_text
from storage.database import Database
from storage.records import Call, Scope
from storage.seed import Seeded
from tests.control_api.api import PUBLIC, Api, serving_api
from tests.control_api.test_call_recording import keep, write


@pytest.fixture
async def api(database: Database, tmp_path: Path) -> AsyncIterator[Api]:
    async with serving_api(database, tmp_path) as api:
        yield api


@pytest.fixture
async def recorded(database: Database, seeded: Seeded, tmp_path: Path) -> tuple[Call, bytes]:
    """A call that is over, and its WAV."""
    call, file = await keep(database, tmp_path, seeded.organisation, started_at=datetime.now(UTC))
    return call, write(file)


async def linked(api: Api, call: Call, **body: Any) -> tuple[str, datetime]:
    """The link, as this server itself is reached, and when it ends."""
    made = await api.made(f"/calls/{call.id}/recording-link", body)
    assert made["url"].startswith(f"{PUBLIC}/recordings/")
    parts = urlsplit(made["url"])
    return f"{parts.path}?{parts.query}", datetime.fromisoformat(made["expires_at"])


async def listened(api: Api, path: str, **headers: str) -> tuple[int, bytes]:
    async with api.http.get(api.url + path, headers=headers) as answer:
        return answer.status, await answer.read()


async def test_a_link_needs_no_key_and_gives_what_the_key_would(api: Api, recorded: tuple[Call, bytes]) -> None:
    call, wav = recorded
    path, ends = await linked(api, call, format="wav")
    assert await listened(api, path) == (200, wav)
    assert await listened(api, path, Range="bytes=10-19") == (206, wav[10:20])
    assert timedelta(seconds=890) < ends - datetime.now(UTC) <= timedelta(seconds=900)
    path, _ = await linked(api, call)
    status, mp3 = await listened(api, path)
    assert (status, mp3) == (200, (await api.get(f"/calls/{call.id}/recording?format=mp3")).raw)


async def test_whoever_changes_a_link_hears_nothing(
    api: Api, recorded: tuple[Call, bytes], database: Database, seeded: Seeded, tmp_path: Path
) -> None:
    call, _ = recorded
    other, file = await keep(database, tmp_path, seeded.organisation, started_at=datetime.now(UTC))
    write(file)
    path, ends = await linked(api, call)
    until = str(int(ends.timestamp()))
    for changed in (
        path.replace(call.id, other.id),
        path.replace(".mp3", ".wav"),
        path.replace(until, str(int(until) + 1)),
        path.replace(seeded.organisation, "org_other"),
        path[:-1] + ("A" if path[-1] != "A" else "B"),
        path.partition("&")[0],
        path.partition("?")[0],
        path.replace(until, f"+{until}"),
        path.replace(until, "9" * 400),
    ):
        assert changed != path
        assert (await listened(api, changed))[0] == 403, changed
    assert (await listened(api, path))[0] == 200


async def test_a_link_ends_when_it_was_to(api: Api, recorded: tuple[Call, bytes]) -> None:
    call, _ = recorded
    whose = call.organisation_id
    for seconds, status in ((60, 200), (0, 403), (-60, 403)):
        until = int(datetime.now(UTC).timestamp()) + seconds
        signature = api.services.seal.signer(PURPOSE).sign(signed_text(whose, call.id, "mp3", until))
        path = f"/recordings/{whose}/{call.id}.mp3?expires={until}&signature={signature}"
        found, body = await listened(api, path)
        assert found == status
    assert body == b'{"detail":"The link is not good, or not any more"}'


async def test_a_link_dies_with_its_recording(
    api: Api, recorded: tuple[Call, bytes], database: Database, seeded: Seeded
) -> None:
    call, _ = recorded
    path, _ = await linked(api, call)
    async with database.begin(seeded.organisation) as work:
        await work.keeping.let_go(call.id, now=datetime.now(UTC))
    assert (await listened(api, path))[0] == 404
    gone = await api.post(f"/calls/{call.id}/recording-link", {})
    assert (gone.status, gone.detail) == (404, "Recording not found")


async def test_a_link_dies_when_the_customer_opts_out(
    api: Api, database: Database, seeded: Seeded, tmp_path: Path
) -> None:
    customer = (await api.made("/customers", {"name": "Priya", "phone": "+14155550192"}))["uuid"]
    about = {"customer_id": customer, "started_at": datetime.now(UTC)}
    call, file = await keep(database, tmp_path, seeded.organisation, **about)
    write(file)
    path, _ = await linked(api, call)
    assert (await listened(api, path))[0] == 200
    await api.patch(f"/customers/{customer}", {"recording_opt_out": True})
    assert (await listened(api, path))[0] == 404


async def test_what_is_older_than_it_is_kept_is_not_heard_even_before_it_is_swept(
    api: Api, database: Database, seeded: Seeded, tmp_path: Path
) -> None:
    call, file = await keep(database, tmp_path, seeded.organisation, started_at=datetime.now(UTC) - timedelta(days=8))
    write(file)
    for days, status in ((None, 200), (9, 200), (7, 404)):
        assert (await api.patch("/organisation", {"recording_retention_days": days})).status == 200
        assert (await api.get("/organisation")).body["recording_retention_days"] == days
        assert (await api.get(f"/calls/{call.id}/recording")).status == status


@pytest.mark.either
@pytest.mark.parametrize("days", [0, -1, 1.5, "7", 100_000])
async def test_a_time_to_keep_is_a_number_of_days(api: Api, days: Any) -> None:
    answer = await api.patch("/organisation", {"recording_retention_days": days})
    assert answer.status == 400
    assert answer.detail.startswith("recording_retention_days")


@pytest.mark.either
@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"expires_in": 59}, "expires_in"),
        ({"expires_in": 86_401}, "expires_in"),
        ({"expires_in": "900"}, "expires_in"),
        ({"format": "ogg"}, "format"),
        ({"more": 1}, "more"),
    ],
)
async def test_a_link_that_cannot_be_is_refused_by_the_fields_name(
    api: Api, recorded: tuple[Call, bytes], body: dict[str, Any], field: str
) -> None:
    answer = await api.post(f"/calls/{recorded[0].id}/recording-link", body)
    assert answer.status == 400
    assert answer.detail.startswith(field)


async def test_only_who_may_hear_it_makes_a_link(api: Api, recorded: tuple[Call, bytes]) -> None:
    path = f"/calls/{recorded[0].id}/recording-link"
    assert (await api.post(path, {}, token=await api.key(Scope.AGENTS_READ))).status == 403
    assert (await api.post(path, {}, token=await api.key(Scope.CALLS_READ))).status == 201
    _, stranger = await api.stranger()
    assert (await api.post(path, {}, token=stranger)).status == 404
