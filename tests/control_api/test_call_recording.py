from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from control_api.records.recording_file import Format, preferred, recording_file
from processors.wav import HEADER, WavWriter, stereo
from storage.assets import Customer
from storage.database import Database
from storage.ids import CUSTOMER, new_id
from storage.recordings import Recordings
from storage.records import Call, Outcome, Scope
from storage.seed import Seeded
from tests.control_api.api import PUBLIC, Api, serving_api
from tests.storage.samples import LATER, NOW, a_call

RATE = 8000
SECONDS = 3.21


@pytest.fixture
async def api(database: Database, tmp_path: Path) -> AsyncIterator[Api]:
    async with serving_api(database, tmp_path) as api:
        yield api


def write(file: Path, seconds: float = SECONDS, rate: int = RATE) -> bytes:
    """The customer hums low in the first half, the agent high in the second."""
    times = np.arange(int(rate * seconds)) / rate
    first = times < seconds / 2
    left = (8000 * np.sin(2 * np.pi * 300 * times) * first).astype("<i2")
    right = (8000 * np.sin(2 * np.pi * 700 * times) * ~first).astype("<i2")
    writer = WavWriter(file, rate)
    writer.append(stereo(left.tobytes(), right.tobytes()))
    writer.close()
    return file.read_bytes()


def heard(file: Path) -> tuple[NDArray[Any], int]:
    """Samples by channel, and their rate in hertz."""
    with av.open(str(file)) as source:
        sound = source.streams.audio[0]
        return np.concatenate([frame.to_ndarray() for frame in source.decode(sound)], axis=1), sound.rate


def names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


async def keep(database: Database, data: Path, organisation: str, **about: Any) -> tuple[Call, Path]:
    """A call that is over, and where its recording lies."""
    call = a_call(organisation, **about)
    places = Recordings(data)
    path = places.path(call.id, call.started_at)
    async with database.begin(organisation) as work:
        await work.calls.open(call)
        await work.calls.ended(call.id, at=LATER, outcome=Outcome.CONNECTED, reason="", recording=path)
    return replace(call, recording=path), places.file(path)


async def test_a_wav_comes_as_it_was_written(api: Api, database: Database, seeded: Seeded, tmp_path: Path) -> None:
    call, file = await keep(database, tmp_path, seeded.organisation)
    written = write(file)
    for prefix in ("", "/v1"):
        answer = await api.get(f"{prefix}/calls/{call.id}/recording?format=wav")
        assert (answer.status, answer.raw, answer.headers["Content-Type"]) == (200, written, "audio/wav")
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert "private" in answer.headers["Cache-Control"]


async def test_ranges_are_cut_out_of_both_formats(api: Api, database: Database, seeded: Seeded, tmp_path: Path) -> None:
    call, file = await keep(database, tmp_path, seeded.organisation)
    write(file)
    for kind in ("wav", "mp3"):
        path = f"/calls/{call.id}/recording?format={kind}"
        whole = (await api.get(path)).raw
        part = await api.get(path, headers={"Range": "bytes=100-299"})
        assert (part.status, part.raw) == (206, whole[100:300])
        assert part.headers["Content-Range"] == f"bytes 100-299/{len(whole)}"
        assert (await api.get(path, headers={"Range": "bytes=-50"})).raw == whole[-50:]
        assert (await api.get(path, headers={"Range": f"bytes={len(whole)}-"})).status == 416


@pytest.mark.parametrize("rate", [8000, 16000, 24000])
async def test_an_mp3_is_as_long_as_the_call_with_each_side_on_its_own(tmp_path: Path, rate: int) -> None:
    file = tmp_path / "call.wav"
    write(file, rate=rate)
    made = await recording_file(file, Format.MP3)
    assert made == tmp_path / "call.mp3"
    samples, found = heard(made)
    assert (samples.shape[0], found) == (2, rate)
    assert abs(samples.shape[1] / rate - SECONDS) < 0.06
    half, margin = int(rate * SECONDS / 2), rate // 10
    left, right = np.abs(samples[0]), np.abs(samples[1])
    assert left[margin : half - margin].max() == pytest.approx(8000 / 32768, rel=0.1)
    assert right[half + margin : -margin].max() == pytest.approx(8000 / 32768, rel=0.1)
    assert right[margin : half - margin].max() < 0.001
    assert left[half + margin : -margin].max() < 0.001


async def test_an_mp3_is_made_once_and_anew_when_the_recording_is(tmp_path: Path) -> None:
    file = tmp_path / "call.wav"
    write(file)
    made = tmp_path / "call.mp3"
    assert set(await asyncio.gather(*(recording_file(file, Format.MP3) for _ in range(2)))) == {made}
    before = made.stat()
    assert await recording_file(file, Format.MP3) == made
    assert made.stat() == before
    write(file, seconds=1.0)
    await recording_file(file, Format.MP3)
    assert heard(made)[0].shape[1] / RATE == pytest.approx(1.0, abs=0.06)
    assert names(tmp_path) == ["call.mp3", "call.wav"]


async def test_what_cannot_be_read_leaves_nothing_behind(tmp_path: Path) -> None:
    file = tmp_path / "call.wav"
    file.write_bytes(b"RIFF" + bytes(200))
    with pytest.raises(av.FFmpegError):
        await recording_file(file, Format.MP3)
    assert names(tmp_path) == ["call.wav"]


async def test_mp3_unless_something_else_is_asked_for(
    api: Api, database: Database, seeded: Seeded, tmp_path: Path
) -> None:
    call, file = await keep(database, tmp_path, seeded.organisation)
    write(file)
    path = f"/calls/{call.id}/recording"
    for accept, expected in ({"Accept": "*/*"}, "audio/mpeg"), ({"Accept": "audio/wav"}, "audio/wav"):
        answer = await api.get(path, headers=accept)
        assert (answer.status, answer.headers["Content-Type"]) == (200, expected)
        assert "Accept" in answer.headers["Vary"]
    asked = await api.get(f"{path}?format=mp3", headers={"Accept": "audio/wav"})
    assert asked.headers["Content-Type"] == "audio/mpeg"
    wrong = await api.get(f"{path}?format=ogg")
    assert (wrong.status, wrong.detail) == (400, "format must be 'wav' or 'mp3'")


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("", Format.MP3),
        ("*/*", Format.MP3),
        ("audio/*", Format.MP3),
        ("text/html", Format.MP3),
        ("audio/wav", Format.WAV),
        ("Audio/X-WAV", Format.WAV),
        ("audio/mpeg, audio/wav", Format.MP3),
        ("audio/mpeg;q=0.5, audio/wav", Format.WAV),
        ("audio/mpeg;q=0.5, audio/wav;q=0.4", Format.MP3),
        ("audio/wav;q=0, */*", Format.MP3),
        ("audio/mpeg;q=0, */*;q=0.1", Format.WAV),
        ("audio/webm,audio/ogg,audio/wav,audio/*;q=0.9,application/ogg;q=0.7,*/*;q=0.5", Format.WAV),
        ("audio/wav;q=lots", Format.WAV),
        (";;,,q=", Format.MP3),
    ],
)
def test_a_format_is_chosen_by_what_is_liked_better(accept: str, expected: Format) -> None:
    assert preferred(accept) is expected


async def test_a_token_in_the_query_will_do(api: Api, database: Database, seeded: Seeded, tmp_path: Path) -> None:
    call, file = await keep(database, tmp_path, seeded.organisation)
    written = write(file)
    path = f"{api.url}/api/voice/calls/{call.id}/recording?format=wav"
    async with api.http.get(f"{path}&token={api.token}") as answer:
        assert (answer.status, await answer.read()) == (200, written)
    for wrong in ("", "&token=", "&token=nn_k_wrong"):
        async with api.http.get(path + wrong) as answer:
            assert (answer.status, await answer.json()) == (401, {"detail": "Invalid or expired token"})
    narrow = await api.key(Scope.AGENTS_READ)
    async with api.http.get(f"{path}&token={narrow}") as answer:
        assert answer.status == 403


async def test_there_is_none_of_a_customer_who_wants_none(
    api: Api, database: Database, seeded: Seeded, tmp_path: Path
) -> None:
    mine = seeded.organisation
    about = {"phone": "+14155550192", "created_at": NOW, "updated_at": NOW}
    silent, open_ = (
        Customer(new_id(CUSTOMER), mine, "Priya", copy=place, recording_opt_out=place == 0, **about)  # type: ignore[arg-type]
        for place in range(2)
    )
    async with database.begin(mine) as work:
        await work.customers.append([silent, open_])
    for customer, status in ((silent, 404), (open_, 200)):
        call, file = await keep(database, tmp_path, mine, customer_id=customer.id)
        write(file)
        assert (await api.get(f"/calls/{call.id}/recording")).status == status
        found = (await api.get(f"/customers/{customer.id}?include_calls=true")).body["calls"]
        found += (await api.get("/calls", params={"customer_uuid": customer.id})).body["calls"]
        found.append((await api.get(f"/calls/{call.id}")).body)
        offered = f"{PUBLIC}/api/voice/calls/{call.id}/recording" if status == 200 else None
        assert [one["recording_url"] for one in found] == [offered] * 3


async def test_the_recordings_of_who_wants_none_go_with_them(
    api: Api, database: Database, seeded: Seeded, tmp_path: Path
) -> None:
    mine = seeded.organisation
    for opted_out in (True, False):
        customer = (await api.made("/customers", {"name": "Priya", "phone": "+14155550192"}))["uuid"]
        call, file = await keep(database, tmp_path, mine, customer_id=customer)
        write(file)
        assert (await api.get(f"/calls/{call.id}/recording")).status == 200  # there is an MP3 too
        await api.patch(f"/customers/{customer}", {"recording_opt_out": opted_out})
        assert ((await api.get(f"/calls/{call.id}")).body["recording_url"] is None) is opted_out
        assert (await api.delete(f"/customers/{customer}")).status == 204
        shown = await api.get(f"/calls/{call.id}")
        recording = await api.get(f"/calls/{call.id}/recording")
        assert (shown.body["recording_url"] is None, recording.status) == (opted_out, 404 if opted_out else 200)
        assert (file.exists(), file.with_suffix(".mp3").exists()) == (not opted_out, not opted_out)


async def test_what_is_not_there_is_not_found(api: Api, database: Database, seeded: Seeded, tmp_path: Path) -> None:
    mine = seeded.organisation
    lost, _ = await keep(database, tmp_path, mine)
    silent, file = await keep(database, tmp_path, mine)
    write(file, seconds=0)
    assert file.stat().st_size == HEADER
    unrecorded, going_on = a_call(mine), a_call(mine, recording=silent.recording)
    async with database.begin(mine) as work:
        await work.calls.open(unrecorded)
        await work.calls.ended(unrecorded.id, at=LATER, outcome=Outcome.BUSY, reason="")
        await work.calls.open(going_on)
    write(file.with_name("other.wav"))
    for call in (lost, silent, unrecorded, going_on):
        for kind in ("wav", "mp3"):
            answer = await api.get(f"/calls/{call.id}/recording?format={kind}")
            assert (answer.status, answer.detail) == (404, "Recording not found")


async def test_a_recording_is_offered_once_its_call_is_over(api: Api, database: Database, seeded: Seeded) -> None:
    call = a_call(seeded.organisation, recording="recordings/2026/03/01/x.wav")
    async with database.begin(seeded.organisation) as work:
        await work.calls.open(call)
    assert (await api.get(f"/calls/{call.id}")).body["recording_url"] is None
    async with database.begin(seeded.organisation) as work:
        await work.calls.ended(call.id, at=LATER, outcome=Outcome.CONNECTED, reason="", recording=call.recording)
    shown = (await api.get(f"/calls/{call.id}")).body
    assert shown["recording_url"].endswith(f"/api/voice/calls/{call.id}/recording")
