"""Trainings as they are asked for and shown. What becomes of one: tests/server/test_training.py."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from storage.assets import SpeakerSample
from storage.database import Database
from storage.ids import SAMPLE, new_id
from storage.seed import Seeded
from tests.control_api.api import Api, serving_api
from tests.control_api.uploads import form, wav
from tests.storage.samples import NOW

PATH = "/models/speakers/aria/training"


@pytest.fixture
async def api(database: Database, seeded: Seeded, tmp_path: Path) -> AsyncIterator[Api]:
    async with serving_api(database, tmp_path) as api:
        fields = {"name": "aria", "language": "en-IN", "reference_audio": wav(11)}
        assert (await api.post("/models/speakers", data=form(fields))).status == 201
        yield api


async def fill(api: Api, organisation: str) -> None:
    async with api.database.begin(organisation) as work:
        sample = SpeakerSample(new_id(SAMPLE), organisation, "aria", "Hello.", "s.wav", 60.0, 1, NOW)
        await work.speakers.add_sample(sample)


async def test_a_training_needs_consent_and_a_ready_dataset_and_runs_once(api: Api, seeded: Seeded) -> None:
    assert (await api.get(PATH)).detail == "Training not found"
    assert "has not agreed" in (await api.post(PATH)).detail
    await api.post("/models/speakers/aria/consent", {"owner": "Aria"})
    refused = await api.post(PATH)
    assert (refused.status, refused.detail) == (
        409,
        "The dataset is not ready: it holds less than 60 seconds of speech",
    )
    await fill(api, seeded.organisation)
    queued = await api.post(PATH)
    assert queued.status == 201
    assert (queued.body["state"], queued.body["progress"], queued.body["name"]) == ("queued", 0.0, "aria")
    assert queued.body["training_id"].startswith("trn_")
    assert (await api.get(PATH)).body == queued.body
    again = await api.post(PATH)
    assert (again.status, again.detail) == (409, "A training of this speaker is waiting or running")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("POST", PATH, 201), ("DELETE", "/models/speakers/aria/consent", 204), ("DELETE", "/models/speakers/aria", 204)],
)
async def test_what_was_trained_goes_with_the_next_training_the_consent_and_the_speaker(
    api: Api, seeded: Seeded, tmp_path: Path, method: str, path: str, status: int
) -> None:
    await api.post("/models/speakers/aria/consent", {"owner": "Aria"})
    await fill(api, seeded.organisation)
    await api.post(PATH)
    (tmp_path / "a.safetensors").write_bytes(b"weights")
    async with api.database.begin() as work:
        taken = await work.trainings.claim(now=NOW, lease=timedelta(minutes=5))
        assert taken is not None
        assert await work.trainings.done(taken, adapter="a.safetensors", now=NOW)
    answer = await (api.post(path) if method == "POST" else api.delete(path))
    assert answer.status == status
    assert not (tmp_path / "a.safetensors").exists()
    async with api.database.begin() as work:
        assert not await work.trainings.goes_on(taken, progress=1.0, until=NOW)


async def test_a_speaker_s_training_goes_with_it(api: Api, seeded: Seeded) -> None:
    await api.post("/models/speakers/aria/consent", {"owner": "Aria"})
    await fill(api, seeded.organisation)
    await api.post(PATH)
    assert (await api.delete("/models/speakers/aria")).status == 204
    assert (await api.get(PATH)).status == 404
