"""Recordings that lie in an object store, as they are heard over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from control_api.records.recording_file import Format
from control_api.records.stored_sound import StoredSounds, beside
from storage.database import Database
from storage.recording_store import RecordingStore
from storage.records import Call
from storage.seed import Seeded
from tests.control_api.api import Api, serving_api
from tests.control_api.test_call_recording import heard, keep, write
from tests.storage import s3 as stand_in
from tests.storage.s3 import S3


@pytest.fixture(scope="module")
def s3() -> Iterator[S3]:
    with stand_in.running() as s3:
        yield s3


@dataclass
class Shop:
    """An API in front of a store, with the recording of one call in it."""

    api: Api
    s3: S3
    store: RecordingStore
    call: Call
    wav: bytes
    data: Path

    @property
    def path(self) -> str:
        return f"/calls/{self.call.id}/recording"

    @property
    def name(self) -> str:
        assert self.call.recording is not None
        return self.call.recording


@pytest.fixture
async def shop(s3: S3, database: Database, seeded: Seeded, tmp_path: Path) -> AsyncIterator[Shop]:
    async with (
        RecordingStore(s3.bucket()) as store,
        serving_api(database, tmp_path, stored=StoredSounds(store, tmp_path)) as api,
    ):
        call, file = await keep(database, tmp_path, seeded.organisation)
        wav = write(file)
        assert call.recording is not None
        await store.put(file, call.recording, Format.WAV.content_type)
        file.unlink()
        yield Shop(api, s3, store, call, wav, tmp_path)


async def test_a_wav_comes_from_the_store_whole_and_in_ranges(shop: Shop) -> None:
    path = f"{shop.path}?format=wav"
    answer = await shop.api.get(path)
    assert (answer.status, answer.raw, answer.headers["Content-Type"]) == (200, shop.wav, "audio/wav")
    assert answer.headers["Accept-Ranges"] == "bytes"
    for asked, expected in (
        ("bytes=100-299", shop.wav[100:300]),
        ("bytes=100-", shop.wav[100:]),
        ("bytes=-50", shop.wav[-50:]),
    ):
        part = await shop.api.get(path, headers={"Range": asked})
        assert (part.status, part.raw) == (206, expected)
    assert part.headers["Content-Range"] == f"bytes {len(shop.wav) - 50}-{len(shop.wav) - 1}/{len(shop.wav)}"
    beyond = await shop.api.get(path, headers={"Range": f"bytes={len(shop.wav)}-"})
    assert (beyond.status, beyond.headers["Content-Range"]) == (416, f"bytes */{len(shop.wav)}")


async def test_a_range_of_another_version_is_the_whole(shop: Shop) -> None:
    path = f"{shop.path}?format=wav"
    tag = (await shop.api.get(path)).headers["Etag"]
    for version, status in ((tag, 206), ('"other"', 200)):
        answer = await shop.api.get(path, headers={"Range": "bytes=0-9", "If-Range": version})
        assert answer.status == status


async def test_the_head_of_it_has_no_body(shop: Shop) -> None:
    answer = await shop.api.ask("HEAD", f"{shop.path}?format=wav")
    assert (answer.status, answer.raw, answer.headers["Content-Length"]) == (200, b"", str(len(shop.wav)))


async def test_an_mp3_is_made_once_and_put_beside_it(shop: Shop) -> None:
    first, second = await asyncio.gather(shop.api.get(shop.path), shop.api.get(shop.path))
    assert (first.status, first.headers["Content-Type"]) == (200, "audio/mpeg")
    assert first.raw == second.raw
    assert shop.s3.names() == [beside(shop.name), shop.name]
    mp3 = shop.data / "copy.mp3"
    mp3.write_bytes(first.raw)
    assert heard(mp3)[1] == 8000
    assert not list(shop.data.rglob("making/*"))
    part = await shop.api.get(shop.path, headers={"Range": "bytes=10-19"})
    assert (part.status, part.raw) == (206, first.raw[10:20])


async def test_a_store_that_is_away_is_told_and_not_mistaken_for_no_recording(shop: Shop) -> None:
    shop.s3.stop()
    try:
        for kind in ("wav", "mp3"):
            answer = await shop.api.get(f"{shop.path}?format={kind}")
            assert (answer.status, answer.detail) == (503, "The recording cannot be reached at the moment")
            assert "Retry-After" in answer.headers
    finally:
        shop.s3.start()


async def test_what_is_not_in_the_store_is_not_found(shop: Shop) -> None:
    await shop.store.remove([shop.name])
    for kind in ("wav", "mp3"):
        answer = await shop.api.get(f"{shop.path}?format={kind}")
        assert (answer.status, answer.detail) == (404, "Recording not found")
    assert shop.s3.names() == []


async def test_a_recording_with_no_sound_in_it_is_none(shop: Shop) -> None:
    silent = shop.data / "silent.wav"
    silent.write_bytes(shop.wav[:44])
    await shop.store.put(silent, shop.name, Format.WAV.content_type)
    for kind in ("wav", "mp3"):
        assert (await shop.api.get(f"{shop.path}?format={kind}")).status == 404
