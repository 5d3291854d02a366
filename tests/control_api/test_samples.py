"""Voices to choose from, and how they sound."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from control_api.catalogue import Catalogue, SampleError, Voice
from storage.assets import VoiceSpeaker
from storage.database import Database
from storage.ids import VOICE, new_id
from storage.records import Scope
from storage.seed import Seeded
from tests.control_api.api import PUBLIC, Api, serving_api
from tests.storage.samples import NOW

ANUSHKA = Voice("vs_x1y2z3", "sarvam", "bulbul:v3", "anushka", "hi-IN", "Hindi")
AUTO = Voice("vs_auto", "nextneural", "embedded", "auto", "en-IN", "English")
HOARSE = Voice("vs_hoarse", "nextneural", "embedded", "hoarse", "hin", "Hindi")
SOUND = b"RIFF....WAVEfmt "


@pytest.fixture
async def api(database: Database, seeded: Seeded, tmp_path: Path) -> AsyncIterator[Api]:
    async def sample(voice: Voice) -> Path:
        if voice == HOARSE:
            raise SampleError(voice.id)
        file = tmp_path / f"{voice.id}.wav"
        file.write_bytes(SOUND)
        return file

    catalogue = Catalogue(voices=(ANUSHKA, AUTO, HOARSE), sample=sample)
    async with serving_api(database, tmp_path, catalogue=catalogue) as api:
        yield api


async def deployed(api: Api, organisation: str, **more: Any) -> VoiceSpeaker:
    fields: dict[str, Any] = {
        "name": "aria-custom",
        "language": "en-US",
        "reference": f"voices/{organisation}/aria-custom/1.mp3",
        "reference_type": "audio/mpeg",
        "deployed": True,
        "voice_sample_id": new_id(VOICE),
    }
    speaker = VoiceSpeaker(organisation, created_at=NOW, updated_at=NOW, **fields | more)
    async with api.database.begin(organisation) as work:
        await work.speakers.add(speaker)
    return speaker


async def test_the_documents_sample_is_listed_and_heard(api: Api) -> None:
    got = await api.get("/samples?provider=sarvam&language_code=hi-IN")
    url = f"{PUBLIC}/api/voice/samples/vs_x1y2z3/audio"
    assert got.body == [
        {
            "uuid": "vs_x1y2z3",
            "provider": "sarvam",
            "model": "bulbul:v3",
            "speaker": "anushka",
            "language_code": "hi-IN",
            "language_name": "Hindi",
            "url": url,
        }
    ]
    heard = await api.get(url.removeprefix(PUBLIC))
    assert (heard.status, heard.headers["Content-Type"], heard.raw) == (200, "audio/wav", SOUND)
    part = await api.get(url.removeprefix(PUBLIC), headers={"Range": "bytes=0-3"})
    assert (part.status, part.raw) == (206, b"RIFF")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["vs_x1y2z3", "vs_auto", "vs_hoarse"]),
        ("?provider=nextneural", ["vs_auto", "vs_hoarse"]),
        ("?provider=elevenlabs", []),
        ("?language_code=en-IN", ["vs_auto"]),
        ("?language_code=EN", ["vs_auto"]),
        ("?language_code=hi", ["vs_x1y2z3"]),
        ("?provider=nextneural&language_code=hi-IN", []),
    ],
)
async def test_filters(api: Api, query: str, found: list[str]) -> None:
    for path in ("/samples", "/v1/samples"):
        assert [sample["uuid"] for sample in (await api.get(path + query)).body] == found


@pytest.mark.parametrize(
    ("query", "detail"),
    [
        ("?provider=acme", "provider must be one of nextneural, sarvam, elevenlabs"),
        ("?language_code=!", "language_code "),
        ("?language=hi-IN", "language is not a known parameter"),
    ],
)
async def test_a_wrong_filter_is_named(api: Api, query: str, detail: str) -> None:
    refused = await api.get(f"/samples{query}")
    assert refused.status == 400
    assert refused.detail.startswith(detail)


async def test_a_deployed_speaker_is_its_organisation_s_alone_and_sounds_like_its_reference(
    api: Api, seeded: Seeded, tmp_path: Path
) -> None:
    speaker = await deployed(api, seeded.organisation)
    await deployed(api, seeded.organisation, name="not-yet", deployed=False, voice_sample_id=None)
    file = tmp_path / speaker.reference
    file.parent.mkdir(parents=True)
    file.write_bytes(b"ID3sound")
    shown = (await api.get("/samples")).body[-1]
    fields = ("uuid", "provider", "speaker", "language_code", "language_name")
    assert [shown[name] for name in fields] == [
        speaker.voice_sample_id,
        "nextneural",
        "aria-custom",
        "en-US",
        "English",
    ]
    path = shown["url"].removeprefix(PUBLIC)
    heard = await api.get(path)
    assert (heard.status, heard.headers["Content-Type"], heard.raw) == (200, "audio/mpeg", b"ID3sound")
    _, stranger = await api.stranger()
    assert (await api.get(path, token=stranger)).detail == "Sample not found"
    assert len((await api.get("/samples", token=stranger)).body) == 3
    file.unlink()
    assert (await api.get(path)).status == 404


async def test_a_speaker_s_voice_is_shown_with_an_agent(api: Api, seeded: Seeded) -> None:
    speaker = await deployed(api, seeded.organisation)
    chosen = {"provider": "nextneural", "speaker": "aria-custom"}
    made = await api.made("/agents", {"name": "A", "role": "B", "voice_config": chosen})
    assert made["voice_config"]["sample_url"].endswith(f"/samples/{speaker.voice_sample_id}/audio")


async def test_an_unknown_voice_and_one_that_cannot_speak(api: Api) -> None:
    unknown = await api.get("/samples/vs_unknown/audio")
    assert (unknown.status, unknown.detail) == (404, "Sample not found")
    hoarse = await api.get("/samples/vs_hoarse/audio")
    assert (hoarse.status, hoarse.detail) == (503, "The voice cannot be heard at present")


async def test_scope(api: Api) -> None:
    other = await api.key(Scope.AGENTS_WRITE)
    for path in ("/samples", "/samples/vs_auto/audio"):
        refused = await api.get(path, token=other)
        assert (refused.status, refused.detail) == (
            403,
            "Insufficient permissions. Required scopes: voice:agents:read",
        )
