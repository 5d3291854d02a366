"""From a recording to a voice that agents have: consent first, then an engine, and nothing left half done."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from control_api.voices import elevenlabs_voices
from storage.database import Database, DatabaseUnavailableError
from storage.records import Scope
from storage.seed import Seeded
from storage.speakers import Speakers
from tests.control_api.api import Api, serving_api
from tests.control_api.elevenlabs_voices import KEY, ElevenLabsRest, elevenlabs
from tests.control_api.uploads import form, wav

PATH = "/models/speakers/aria"
OWNER = {"owner": "Aria Shah", "statement": "Signed on 1 May, kept in folder 7."}


@pytest.fixture
async def rest() -> AsyncIterator[ElevenLabsRest]:
    async with elevenlabs() as rest:
        yield rest


@pytest.fixture
async def api(database: Database, seeded: Seeded, tmp_path: Path, rest: ElevenLabsRest) -> AsyncIterator[Api]:
    async with serving_api(database, tmp_path, places={"elevenlabs": rest.url}) as api:
        await api.put("/integrations/voice/elevenlabs", {"api_key": KEY})
        yield api


async def create(api: Api, **fields: Any) -> None:
    given = {"name": "aria", "language": "en-IN", "reference_audio": wav(11), **fields}
    assert (await api.post("/models/speakers", data=form(given))).status == 201


async def test_no_voice_is_made_before_its_owner_agreed(api: Api, rest: ElevenLabsRest, seeded: Seeded) -> None:
    await create(api)
    refused = await api.post(f"{PATH}/deploy")
    assert refused.status == 409
    assert "POST /models/speakers/aria/consent" in refused.detail
    assert rest.asked == []
    token = await api.key(Scope.MODELS_WRITE)
    recorded = await api.post(f"{PATH}/consent", OWNER, token=token)
    assert recorded.status == 200
    consent = recorded.body["consent"]
    assert {name: consent[name] for name in OWNER} == OWNER
    assert consent["recorded_by"].startswith("key_")
    assert consent["recorded_at"]
    assert (await api.post(f"{PATH}/deploy")).status == 200


async def test_consent_can_come_with_the_speaker(api: Api, rest: ElevenLabsRest) -> None:
    await create(api, consent_owner="Aria Shah")
    assert (await api.get(PATH)).body["consent"]["owner"] == "Aria Shah"
    assert (await api.post(f"{PATH}/deploy")).status == 200
    assert rest.sounds == [wav(11)]
    shown = (await api.get(PATH)).body
    assert (shown["deployed"], shown["engine"]) == (True, "elevenlabs")


async def test_a_voice_is_made_once_and_deleted_with_its_speaker(api: Api, rest: ElevenLabsRest) -> None:
    await create(api, consent_owner="Aria")
    answers = await asyncio.gather(*(api.post(f"{PATH}/deploy") for _ in range(3)))
    assert {answer.status for answer in answers} == {200}
    assert len({answer.body["voice_sample_uuid"] for answer in answers}) == 1
    assert len(rest.voices) == 1
    assert (await api.delete(PATH)).status == 204
    assert rest.voices == {}


@pytest.mark.parametrize(
    "voice", [{"voice_config": {"provider": "nextneural", "speaker": "aria"}}, {"config": {"speaker": "aria"}}]
)
async def test_an_undeployed_voice_stays_while_an_agent_speaks_with_it(
    api: Api, rest: ElevenLabsRest, voice: dict[str, Any]
) -> None:
    await create(api, consent_owner="Aria")
    agent = await api.made("/agents", {"name": "A", "role": "sales", **voice})
    await api.post(f"{PATH}/deploy")
    assert (await api.delete(f"{PATH}/deploy")).status == 204
    assert len(rest.voices) == 1
    assert (await api.delete(f"/agents/{agent['uuid']}")).status == 204
    assert (await api.delete(f"{PATH}/deploy")).status == 204
    assert rest.voices == {}


async def test_who_withdraws_consent_takes_the_voice_back_at_once(api: Api, rest: ElevenLabsRest) -> None:
    await create(api, consent_owner="Aria")
    await api.post(f"{PATH}/deploy")
    rest.deletes = 500
    assert (await api.delete(f"{PATH}/consent")).status == 502
    shown = (await api.get(PATH)).body
    assert (shown["consent"], shown["deployed"], shown["engine"]) == (None, False, "elevenlabs")
    rest.deletes = 200
    assert (await api.delete(f"{PATH}/consent")).status == 204
    assert (rest.voices, (await api.get(PATH)).body["engine"]) == ({}, None)


@pytest.mark.either
@pytest.mark.parametrize(("status", "answer"), [(401, 409), (422, 409), (429, 503), (500, 502), (302, 502)])
async def test_a_refusal_is_told_in_our_words_and_deploys_nothing(
    api: Api, rest: ElevenLabsRest, status: int, answer: int
) -> None:
    await create(api, consent_owner="Aria")
    rest.refuses = status
    refused = await api.post(f"{PATH}/deploy")
    assert refused.status == answer
    assert refused.detail.startswith("ElevenLabs ")
    assert "secret" not in refused.detail
    assert not (await api.get(PATH)).body["deployed"]
    rest.refuses = 0
    assert (await api.post(f"{PATH}/deploy")).status == 200


@pytest.mark.either
@pytest.mark.parametrize(("then", "status"), [("500", 502), ("hang", 502), ("verify", 409)])
async def test_a_voice_of_which_nothing_was_heard_is_looked_for_and_deleted(
    api: Api, rest: ElevenLabsRest, monkeypatch: pytest.MonkeyPatch, then: str, status: int
) -> None:
    await create(api, consent_owner="Aria")
    monkeypatch.setattr(elevenlabs_voices, "CLONE_SECONDS", 0.3)
    rest.made_then = then
    assert (await api.post(f"{PATH}/deploy")).status == status
    assert rest.made.is_set()
    assert rest.voices == {}


async def test_a_voice_whose_row_cannot_be_kept_is_deleted_again(
    api: Api, rest: ElevenLabsRest, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def down(*given: Any, **more: Any) -> bool:
        raise DatabaseUnavailableError("the database is busy")

    await create(api, consent_owner="Aria")
    with monkeypatch.context() as patch:
        patch.setattr(Speakers, "save", down)
        assert (await api.post(f"{PATH}/deploy")).status == 503
    assert rest.made.is_set()
    assert rest.voices == {}


@pytest.mark.either
async def test_a_voice_that_nobody_can_make_is_not_deployed(api: Api) -> None:
    await create(api, consent_owner="Aria")
    await api.delete("/integrations/voice/elevenlabs")
    assert "VAANI_CLONING_MODEL" in (await api.post(f"{PATH}/deploy")).detail
    refused = await api.post(f"{PATH}/deploy?engine=bark")
    assert (refused.status, refused.detail) == (400, "engine must be one of elevenlabs")
