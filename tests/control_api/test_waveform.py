from __future__ import annotations

import wave
from collections.abc import AsyncIterator, Iterator
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest

from control_api.records import peaks
from control_api.records.peaks import HEADER, Form, NotOursError, Peaks, peaks_of
from control_api.records.recording_file import Format
from control_api.records.stored_sound import StoredSounds
from storage.database import Database
from storage.recording_store import RecordingStore
from storage.seed import Seeded
from tests.control_api.api import Api, serving_api
from tests.control_api.test_call_recording import keep, write
from tests.storage import s3 as stand_in
from tests.storage.s3 import S3


@pytest.fixture
async def api(database: Database, tmp_path: Path) -> AsyncIterator[Api]:
    async with serving_api(database, tmp_path) as api:
        yield api


@pytest.fixture(scope="module")
def s3() -> Iterator[S3]:
    with stand_in.running() as s3:
        yield s3


def of_samples(*frames: tuple[int, int]) -> bytes:
    return np.array(frames, "<i2").tobytes()


async def test_each_side_is_loud_where_it_speaks(api: Api, database: Database, seeded: Seeded, tmp_path: Path) -> None:
    call, file = await keep(database, tmp_path, seeded.organisation)
    write(file)
    answer = await api.get(f"/calls/{call.id}/waveform?points=100")
    assert answer.status == 200
    customer, agent = np.array(answer.body["customer"]), np.array(answer.body["agent"])
    assert answer.body["seconds"] == 3.21
    assert len(customer) == len(agent) == 100
    assert customer[:49] == pytest.approx(8000 / 32768, abs=0.005)
    assert agent[51:] == pytest.approx(8000 / 32768, abs=0.005)
    assert not customer[51:].any()
    assert not agent[:49].any()


async def test_it_is_the_same_out_of_the_object_store(
    s3: S3, database: Database, seeded: Seeded, tmp_path: Path, file: Path
) -> None:
    async with (
        RecordingStore(s3.bucket()) as store,
        serving_api(database, tmp_path, stored=StoredSounds(store, tmp_path)) as api,
    ):
        call, wav = await keep(database, tmp_path, seeded.organisation)
        write(wav, seconds=20.0)
        here = await api.get(f"/calls/{call.id}/waveform")
        assert call.recording is not None
        await store.put(wav, call.recording, Format.WAV.content_type)
        wav.unlink()
        there = await api.get(f"/calls/{call.id}/waveform")
    assert (here.status, there.status) == (200, 200)
    assert there.body == here.body


async def test_there_is_none_where_nothing_was_recorded(
    api: Api, database: Database, seeded: Seeded, tmp_path: Path, file: Path
) -> None:
    call, wav = await keep(database, tmp_path, seeded.organisation)
    for content in (None, b"", bytes(HEADER), b"RIFF and then something that is no sound of ours whatsoever"):
        if content is not None:
            wav.parent.mkdir(parents=True, exist_ok=True)
            wav.write_bytes(content)
        answer = await api.get(f"/calls/{call.id}/waveform")
        assert (answer.status, answer.detail) == (404, "Recording not found")
    assert (await api.get("/calls/cal_nobodys/waveform")).detail == "Call not found"
    assert (await api.get(f"/calls/{call.id}/waveform?points=9")).status == 400


@pytest.mark.parametrize("cut", [1, 3, 4, 7, 1000])
def test_however_the_sound_is_cut_its_peaks_are_the_same(cut: int) -> None:
    pcm = of_samples((1, 0), (-32768, 3), (5, -7), (2, 2), (0, 1), (9, 0), (0, -16384))
    found = Peaks(Form(8000, 2), len(pcm), 3)
    for start in range(0, len(pcm), cut):
        found.add(pcm[start : start + cut])
    assert found.of_channel(0) == [1.0, round(5 / 32768, 3), round(9 / 32768, 3)]
    assert found.of_channel(1) == [0.0, 0.0, 0.5]


def test_of_less_sound_than_points_each_sample_is_one() -> None:
    found = Peaks(Form(8000, 2), 8, 1200)
    found.add(of_samples((16384, 0), (0, -8192)))
    assert (found.of_channel(0), found.of_channel(1)) == ([0.5, 0.0], [0.0, 0.25])


def test_a_file_longer_than_a_block_is_read_in_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wav = tmp_path / "call.wav"
    write(wav)
    whole = peaks_of(wav, 50)
    monkeypatch.setattr(peaks, "BLOCK", 1001)
    in_blocks = peaks_of(wav, 50)
    assert whole is not None
    assert in_blocks is not None
    assert in_blocks.of_channel(0) == whole.of_channel(0) != [0.0] * 50


def test_sound_of_another_kind_is_not_taken_for_ours() -> None:
    file = BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(2)
        writer.setsampwidth(1)
        writer.setframerate(8000)
        writer.writeframes(bytes(100))
    with pytest.raises(NotOursError):
        Form.of(file.getvalue()[:HEADER])
