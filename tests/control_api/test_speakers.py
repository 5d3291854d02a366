"""Voices of the organisation's own: uploaded, trained, deployed."""

from __future__ import annotations

import asyncio
import stat
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from control_api.voices import consents, speaker_trainings, speakers
from control_api.voices.sound_files import MEGABYTES, heard
from control_api.voices.voice_cloner import Original
from storage.assets import SpeakerSample
from storage.database import Database, DatabaseUnavailableError
from storage.ids import SAMPLE, new_id
from storage.records import Scope
from storage.seed import Seeded
from storage.speakers import Speakers
from tests.control_api.api import PUBLIC, Answer, Api, serving_api
from tests.control_api.uploads import form, mp3, wav
from tests.storage.samples import NOW

ARIA: dict[str, Any] = {"name": "aria-custom", "language": "en-US", "description": "Custom US English sales voice"}
SAID = "Hi, good morning! This is Aria calling from Luminary Home."
PATH = "/models/speakers/aria-custom"


async def upload(api: Api, sound: bytes | None = None, **fields: Any) -> Answer:
    given = {**ARIA, "reference_audio": wav(12) if sound is None else sound, **fields}
    return await api.post("/models/speakers", data=form({name: value for name, value in given.items() if value}))


async def add(api: Api, sound: bytes | None = None, path: str = PATH, **fields: Any) -> Answer:
    given = {"transcript": SAID, "audio": wav(8.4) if sound is None else sound, **fields}
    data = form({name: value for name, value in given.items() if value is not None})
    return await api.post(f"{path}/dataset/sample", data=data)


class Engine:
    """Makes voices of nothing."""

    async def clone(self, original: Original) -> str:
        return original.name

    async def forget(self, voice: str) -> None:
        pass


def files(data: Path) -> list[Path]:
    """Everything below the folder of voices."""
    return sorted((data / "voices").rglob("*")) if (data / "voices").exists() else []


def sounds(data: Path) -> list[Path]:
    return [path for path in files(data) if path.is_file()]


@pytest.fixture
async def api(database: Database, seeded: Seeded, tmp_path: Path) -> AsyncIterator[Api]:
    async with serving_api(database, tmp_path, cloners={"chatterbox": Engine()}) as api:
        yield api


async def test_the_documents_speaker_is_created_shown_and_deployed(api: Api) -> None:
    made = await upload(api)
    assert made.status == 201
    assert made.body == {
        "name": "aria-custom",
        "language": "en-US",
        "status": "created",
        "message": "Speaker created. Upload dataset samples and deploy to use in flows.",
    }
    before = (await api.get(PATH)).body
    nothing = {"deployed": False, "voice_sample_uuid": None, "engine": None, "consent": None}
    assert {**before, "created_at": ""} == {**ARIA, **nothing, "created_at": ""}
    consent = (await api.post(f"{PATH}/consent", {"owner": "Aria"})).body["consent"]
    deployed = await api.post(f"{PATH}/deploy")
    voice = deployed.body["voice_sample_uuid"]
    assert (deployed.status, deployed.body) == (
        200,
        {"name": "aria-custom", "deployed": True, "voice_sample_uuid": voice},
    )
    assert voice.startswith("vs_")
    assert (await api.get("/models/speakers")).body == [
        {**before, "deployed": True, "voice_sample_uuid": voice, "engine": "chatterbox", "consent": consent}
    ]


@pytest.mark.parametrize(
    ("sound", "content_type"), [(wav(12), "audio/wav"), (mp3(12), "audio/mpeg"), (wav(10, channels=2), "audio/wav")]
)
async def test_the_reference_comes_back_as_it_was_uploaded(api: Api, sound: bytes, content_type: str) -> None:
    assert (await upload(api, sound)).status == 201
    heard = await api.get(f"{PATH}/reference")
    assert (heard.status, heard.headers["Content-Type"], heard.raw) == (200, content_type, sound)
    part = await api.get(f"{PATH}/reference", headers={"Range": "bytes=4-7"})
    assert (part.status, part.raw) == (206, sound[4:8])


async def test_files_are_for_the_server_s_user_alone_and_named_by_chance(
    api: Api, seeded: Seeded, tmp_path: Path
) -> None:
    await upload(api, mp3(12))
    await add(api)
    folder = tmp_path / "voices" / seeded.organisation / "aria-custom"
    assert {file.parent for file in sounds(tmp_path)} == {folder}
    assert sorted(file.suffix for file in sounds(tmp_path)) == [".mp3", ".wav"]
    assert all(len(file.stem) == 32 and stat.S_IMODE(file.stat().st_mode) == 0o600 for file in sounds(tmp_path))


async def test_a_dataset_is_empty_then_collecting_then_ready(api: Api) -> None:
    await upload(api)
    assert (await api.get(f"{PATH}/dataset")).body == {
        "name": "aria-custom",
        "sample_count": 0,
        "total_duration_seconds": 0,
        "status": "empty",
    }
    added = await add(api)
    assert added.status == 201
    assert added.body == {"sample_id": added.body["sample_id"], "duration_seconds": 8.4, "transcript": SAID}
    assert added.body["sample_id"].startswith("smp_")
    assert await size(api) == (1, 8, "collecting")
    await add(api, wav(29.9))
    assert await size(api) == (2, 38, "collecting")
    await add(api, mp3(25))
    assert await size(api) == (3, 63, "ready")


async def size(api: Api) -> tuple[int, int, str]:
    body = (await api.get(f"{PATH}/dataset")).body
    return body["sample_count"], body["total_duration_seconds"], body["status"]


async def test_clearing_removes_the_samples_and_leaves_the_speaker(api: Api, tmp_path: Path) -> None:
    await upload(api)
    reference = sounds(tmp_path)
    await add(api)
    await add(api)
    for _ in range(2):
        assert (await api.delete(f"{PATH}/dataset")).status == 204
        assert await size(api) == (0, 0, "empty")
        assert sounds(tmp_path) == reference
    assert (await api.get(f"{PATH}/reference")).status == 200


async def test_deleting_removes_everything(api: Api, tmp_path: Path) -> None:
    await upload(api, consent_owner="Aria")
    await add(api)
    assert (await api.post(f"{PATH}/deploy")).status == 200
    assert (await api.delete(PATH)).status == 204
    assert [path for path in files(tmp_path) if path.name == "aria-custom" or path.is_file()] == []
    assert (await api.get("/models/speakers")).body == []
    assert (await api.get("/samples")).body == []
    assert (await upload(api)).status == 201
    assert await size(api) == (0, 0, "empty")


async def test_a_deployed_speaker_can_be_chosen_until_it_is_undeployed(api: Api) -> None:
    await upload(api, consent_owner="Aria")
    assert (await api.get("/samples")).body == []
    first = (await api.post(f"{PATH}/deploy")).body
    assert (await api.post(f"{PATH}/deploy")).body == first
    (sample,) = (await api.get("/samples?provider=nextneural&language_code=en-US")).body
    assert sample["uuid"] == first["voice_sample_uuid"]
    assert (await api.get(sample["url"].removeprefix(PUBLIC))).raw == wav(12)
    for _ in range(2):
        assert (await api.delete(f"{PATH}/deploy")).status == 204
    assert (await api.get("/samples")).body == []
    shown = (await api.get(PATH)).body
    assert (shown["deployed"], shown["voice_sample_uuid"]) == (False, None)
    assert (await api.post(f"{PATH}/deploy")).body["voice_sample_uuid"] != first["voice_sample_uuid"]


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"name": ""}, "name is required"),
    ({"name": "Aria"}, "name "),
    ({"name": "aria_custom"}, "name "),
    ({"name": "-aria"}, "name "),
    ({"name": "../aria"}, "name "),
    ({"name": "a" * 65}, "name "),
    ({"language": ""}, "language is required"),
    ({"language": "american!"}, "language "),
    ({"voice": "x"}, "voice is not a known field"),
    ({"extra": b"x"}, "extra is not a known file"),
    ({"reference_audio": ""}, "reference_audio is required"),
    ({"reference_audio": "text"}, "reference_audio must be a file"),
    ({"reference_audio": b"OggS" + bytes(200)}, "reference_audio must be a WAV or MP3 file"),
    ({"reference_audio": b"#EXTM3U\nfile:///etc/passwd\n"}, "reference_audio must be a WAV or MP3 file"),
    ({"reference_audio": b"RIFF\x24\0\0\0WAVE" + bytes(100)}, "reference_audio cannot be read as a WAV file"),
    ({"reference_audio": wav(12)[:20]}, "reference_audio "),
    ({"reference_audio": wav(9.5)}, "reference_audio must last 10 to 60 seconds"),
    ({"reference_audio": mp3(9.5)}, "reference_audio must last 10 to 60 seconds"),
    ({"reference_audio": wav(61)}, "reference_audio must last 10 to 60 seconds"),
    ({"reference_audio": wav(12, rate=4000)}, "reference_audio must be mono or stereo, of 8000 to 192000"),
    ({"reference_audio": wav(12, channels=3)}, "reference_audio must be mono or stereo, of 8000 to 192000"),
]


@pytest.mark.either
@pytest.mark.parametrize(("fields", "detail"), WRONG)
async def test_a_wrong_field_is_named_and_leaves_nothing(
    api: Api, tmp_path: Path, fields: dict[str, Any], detail: str
) -> None:
    refused = await upload(api, **fields)
    assert refused.status == 400
    assert refused.detail.startswith(detail)
    assert files(tmp_path) == []
    assert (await api.get("/models/speakers")).body == []


@pytest.mark.either
@pytest.mark.parametrize(
    ("fields", "detail"),
    [
        ({"transcript": None}, "transcript is required"),
        ({"transcript": " "}, "transcript "),
        ({"audio": "text"}, "audio must be a file"),
        ({"audio": wav(4.8)}, "audio must last 5 to 30 seconds"),
        ({"audio": wav(30.5)}, "audio must last 5 to 30 seconds"),
        ({"audio": b"MZ"}, "audio must be a WAV or MP3 file"),
    ],
)
async def test_a_wrong_sample_is_named_and_leaves_nothing(
    api: Api, tmp_path: Path, fields: dict[str, Any], detail: str
) -> None:
    await upload(api)
    before = files(tmp_path)
    refused = await add(api, **fields)
    assert refused.status == 400
    assert refused.detail.startswith(detail)
    assert (files(tmp_path), await size(api)) == (before, (0, 0, "empty"))


async def test_a_file_may_be_twenty_megabytes(api: Api, tmp_path: Path) -> None:
    limit = MEGABYTES << 20
    refused = await upload(api, wav(12) + bytes(limit - len(wav(12)) + 1))
    assert (refused.status, refused.detail) == (413, f"The file is larger than {limit} bytes")
    assert files(tmp_path) == []
    assert (await upload(api, wav(12) + bytes(limit - len(wav(12))))).status == 201


async def test_only_forms_are_read(api: Api) -> None:
    refused = await api.post("/models/speakers", ARIA)
    assert (refused.status, refused.detail) == (415, "Content-Type must be multipart/form-data")


async def test_a_name_is_an_organisation_s_only_once(api: Api, tmp_path: Path) -> None:
    first, *others = sorted(await asyncio.gather(*(upload(api) for _ in range(4))), key=lambda answer: answer.status)
    assert first.status == 201
    assert [(other.status, other.detail) for other in others] == 3 * [(409, "A speaker with this name already exists")]
    assert len(sounds(tmp_path)) == 1
    assert (await api.get(f"{PATH}/reference")).raw == wav(12)


async def test_nothing_is_left_behind_when_the_database_fails(
    api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def down(*given: Any) -> bool:
        raise DatabaseUnavailableError("the database is busy")

    with monkeypatch.context() as patch:
        patch.setattr(Speakers, "add", down)
        assert (await upload(api)).status == 503
    assert sounds(tmp_path) == []
    await upload(api)
    before = sounds(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(Speakers, "add_sample", down)
        assert (await add(api)).status == 503
    assert sounds(tmp_path) == before


@pytest.mark.parametrize(
    ("limit", "at", "detail"),
    [
        ("MOST_SAMPLES", 2, "A dataset holds at most 2 samples"),
        ("MOST_MEGABYTES", 1, "A dataset holds at most 1 MB of samples"),
    ],
)
async def test_a_dataset_that_is_full_takes_no_more_until_it_is_cleared(
    api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, at: int, detail: str
) -> None:
    monkeypatch.setattr(speakers, limit, at)
    await upload(api)
    sound = wav(14, rate=16000)
    for _ in range(2):
        assert (await add(api, sound)).status == 201
    before = sounds(tmp_path)
    full = await asyncio.gather(*(add(api, sound) for _ in range(2)))
    assert {(answer.status, answer.detail) for answer in full} == {(409, detail)}
    assert (sounds(tmp_path), await size(api)) == (before, (2, 28, "collecting"))
    assert (await api.delete(f"{PATH}/dataset")).status == 204
    assert (await add(api, sound)).status == 201


async def test_an_organisation_has_so_many_speakers_and_no_more(
    api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(speakers, "MOST_SPEAKERS", 2)
    for name in ("one", "two"):
        assert (await upload(api, name=name)).status == 201
    before = sounds(tmp_path)
    refused = await upload(api, name="three")
    assert (refused.status, refused.detail) == (409, "An organisation has at most 2 speakers")
    assert sounds(tmp_path) == before
    assert [speaker["name"] for speaker in (await api.get("/models/speakers")).body] == ["one", "two"]
    assert (await api.delete("/models/speakers/one")).status == 204
    assert (await upload(api, name="three")).status == 201


async def test_a_speaker_that_is_deleted_while_a_sample_comes_in_leaves_no_file(
    api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await upload(api)
    measured = heard

    async def then_deleted(*given: Any, **more: Any) -> Any:
        speech = await measured(*given, **more)
        assert (await api.delete(PATH)).status == 204
        return speech

    monkeypatch.setattr("control_api.voices.speakers.heard", then_deleted)
    refused = await add(api)
    assert (refused.status, refused.detail) == (404, "Speaker not found")
    assert sounds(tmp_path) == []


async def test_a_reference_that_is_gone_is_not_found(api: Api, tmp_path: Path) -> None:
    await upload(api)
    sounds(tmp_path)[0].unlink()
    missing = await api.get(f"{PATH}/reference")
    assert (missing.status, missing.detail) == (404, "Audio not found")
    assert (await api.delete(PATH)).status == 204


async def test_two_organisations_may_have_a_speaker_of_one_name(api: Api, seeded: Seeded) -> None:
    await upload(api)
    await add(api)
    _, stranger = await api.stranger()
    for answer in await everything(api, stranger):
        assert (answer.status, answer.detail.split()[1:]) == (404, ["not", "found"])
    assert (await api.get("/models/speakers", token=stranger)).body == []
    data = form({**ARIA, "reference_audio": mp3(12)})
    assert (await api.post("/models/speakers", data=data, token=stranger)).status == 201
    assert (await api.delete(PATH, token=stranger)).status == 204
    assert (await api.get(f"{PATH}/reference")).raw == wav(12)
    assert await size(api) == (1, 8, "collecting")


async def everything(api: Api, token: str) -> list[Answer]:
    """What can be asked of one speaker."""
    sample = form({"transcript": SAID, "audio": wav(8.4)})
    return [
        await api.get(PATH, token=token),
        await api.get(f"{PATH}/reference", token=token),
        await api.get(f"{PATH}/dataset", token=token),
        await api.post(f"{PATH}/dataset/sample", data=sample, token=token),
        await api.delete(f"{PATH}/dataset", token=token),
        await api.post(f"{PATH}/deploy", token=token),
        await api.delete(f"{PATH}/deploy", token=token),
        await api.post(f"{PATH}/consent", {"owner": "Aria"}, token=token),
        await api.delete(f"{PATH}/consent", token=token),
        await api.post(f"{PATH}/training", token=token),
        await api.get(f"{PATH}/training", token=token),
        await api.delete(PATH, token=token),
    ]


async def test_scopes(api: Api) -> None:
    await upload(api)
    for scope, missing in ((Scope.MODELS_WRITE, Scope.MODELS_READ), (Scope.MODELS_READ, Scope.MODELS_WRITE)):
        token = await api.key(scope)
        refused = [answer for answer in await everything(api, token) if answer.status == 403]
        assert len(refused) == (4 if missing is Scope.MODELS_READ else 8)
        assert {answer.detail for answer in refused} == {f"Insufficient permissions. Required scopes: {missing}"}
        if scope is Scope.MODELS_WRITE:
            assert (await upload(api)).status == 201
    assert (await api.get(PATH)).status == 200


def test_limits_are_the_documents() -> None:
    ours = (speakers.contract, consents.contract, speaker_trainings.contract)
    limits = {endpoint.name: endpoint.limit for each in ours for endpoint in each.endpoints if endpoint.limit}
    assert limits == {
        "POST /models/speakers": "5/minute",
        "POST /models/speakers/{name}/deploy": "5/minute",
        "POST /models/speakers/{name}/dataset/sample": "30/minute",
        "POST /models/speakers/{name}/training": "5/minute",
    }


async def test_a_dataset_is_ready_from_sixty_seconds(api: Api, seeded: Seeded) -> None:
    await upload(api)
    for seconds, status in ((30.0, "collecting"), (29.9, "collecting"), (0.1, "ready")):
        async with api.database.begin(seeded.organisation) as work:
            sample = SpeakerSample(new_id(SAMPLE), seeded.organisation, ARIA["name"], SAID, "", seconds, 1, NOW)
            await work.speakers.add_sample(sample)
        assert (await size(api))[2] == status
