from __future__ import annotations

import asyncio
import wave
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import SecretStr

from processors.models import ModelMissing
from processors.wav import HEADER, WavWriter
from server import warmup, wiring
from server.cluster import heartbeat, node
from server.start import StartError
from server.wiring import running
from storage.database import Database
from storage.recordings import Recordings
from storage.records import CallStatus, Outcome
from tests.server.house import scripted
from tests.server.serving import serving, settings
from tests.storage.samples import NOW, TOKEN, a_call, a_turn
from transports.loopback import tone
from transports.simulator.people import Say, Silence


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def no_models(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ready at once: nobody speaks."""

    async def load(*given: object, **more: object) -> None:
        pass

    monkeypatch.setattr(warmup, "load", load)


@pytest.mark.usefixtures("no_models")
async def test_the_first_start_makes_a_key_that_no_later_one_shows(tmp_path: Path) -> None:
    random = settings(tmp_path / "data", bootstrap_api_key=None)
    async with running(random) as server:
        assert server.first_key is not None
        assert server.first_key.startswith("nn_k_")
        assert server.first_key not in repr(server)
        async with Database(random.database) as database, database.read() as work:
            assert await work.keys.find(server.first_key, now=NOW) is not None
    async with running(random) as server:
        assert server.first_key is None


@pytest.mark.usefixtures("no_models")
async def test_the_operator_may_choose_the_first_key_which_is_not_shown(tmp_path: Path) -> None:
    chosen = settings(tmp_path / "data")
    async with running(chosen) as server:
        assert server.first_key is None
        async with Database(chosen.database) as database, database.read() as work:
            assert await work.keys.find(TOKEN, now=NOW) is not None


@pytest.mark.usefixtures("no_models")
async def test_health_readiness_and_metrics_are_told(tmp_path: Path) -> None:
    async with serving(tmp_path / "data") as house:
        assert await house.get("/healthz") == (200, '{"status": "ok"}')
        assert await house.get("/readyz") == (200, '{"status": "ready"}')
        status, text = await house.get("/metrics")
        assert status == 200
        assert "vaani_loop_lag_seconds_bucket" in text
        house.server.switchboard.draining = True
        assert await house.get("/readyz") == (503, '{"detail": "The server is going down."}')
        assert (await house.get("/healthz"))[0] == 200


async def test_no_call_is_taken_before_the_models_are_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = asyncio.Event()

    async def load(*given: object, **more: object) -> None:
        await loaded.wait()

    monkeypatch.setattr(warmup, "load", load)
    async with running(settings(tmp_path / "data")) as server, asyncio.timeout(5):
        import aiohttp

        async with aiohttp.ClientSession() as http:
            async with http.get(f"{server.url}/readyz") as answer:
                assert (answer.status, await answer.json()) == (503, {"detail": "The models are being loaded."})
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                await http.ws_connect(f"{server.url}/ws/exotel")
            assert refused.value.status == 503
            loaded.set()
            await server.ready.wait()
            async with http.get(f"{server.url}/readyz") as answer:
                assert answer.status == 200


async def left_open(data: Path, name: str) -> tuple[str, str]:
    """What a process that was killed leaves: an open call with two turns, and a recording. The call and its file."""
    given = settings(data, node=name)
    recordings = Recordings(data)
    async with Database(given.database) as database:
        async with database.begin() as work:
            organisation = await work.organisations.first()
            assert organisation is not None
        call = a_call(organisation.id, node=name, status=CallStatus.IN_PROGRESS, answered_at=NOW)
        path = recordings.path(call.id, NOW)
        call = replace(call, recording=path)
        async with database.begin(organisation.id) as work:
            await work.calls.open(call)
            await work.calls.add_turns([a_turn(call.id, 0), a_turn(call.id, 1)])
    writer = WavWriter(recordings.begin(path), 8000)
    writer.append(tone(1) * 2)
    writer.close()
    file = recordings.file(path)
    with file.open("r+b") as half:  # sound that the header does not tell of yet, cut in mid-sample
        half.seek(0, 2)
        half.write(tone(0.5)[:-1])
    return call.id, path


@pytest.mark.usefixtures("no_models")
async def test_what_a_crash_left_open_is_closed_and_mended_at_the_next_start(tmp_path: Path) -> None:
    data = tmp_path / "data"
    async with running(settings(data)):
        pass
    call, path = await left_open(data, "one")
    other, _ = await left_open(data, "two")
    async with serving(data) as house:
        row = await house.row(call)
        assert (row.status, row.outcome, row.reason) == (CallStatus.ENDED, Outcome.CONNECTED, "server stopped")
        assert row.duration == 2.5
        assert (await house.row(other)).status is CallStatus.IN_PROGRESS
    with wave.open(str(data / path)) as file:
        assert file.getnframes() == 8000 + 1999
    assert (data / path).stat().st_size == HEADER + 4 * (8000 + 1999)
    assert Recordings(data).unfinished() == []


@pytest.mark.usefixtures("no_models")
async def test_two_servers_on_one_host_and_one_database_leave_each_other_s_calls_alone(tmp_path: Path) -> None:
    shared = SecretStr(f"unix://{tmp_path}/redis-that-is-away")
    one = settings(tmp_path / "one", node=None, redis_url=shared)
    two = settings(tmp_path / "two", node=None, redis_url=shared, database_url=SecretStr(one.database))
    async with running(one):
        call, _ = await left_open(tmp_path / "one", (tmp_path / "one" / node.FILE).read_text().strip())
        async with running(two), Database(one.database) as database, database.read() as work:
            row = await work.calls.get(call)
        assert row is not None
        assert row.status is CallStatus.IN_PROGRESS
    async with serving(tmp_path / "one", node=None) as house:
        assert (await house.row(call)).status is CallStatus.ENDED


@pytest.mark.usefixtures("no_models")
async def test_two_servers_on_one_database_that_could_not_hear_of_each_other_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heartbeat, "BEAT_SECONDS", 0.05)
    one = settings(tmp_path / "one", node="front")
    two = settings(tmp_path / "two", node="back", database_url=SecretStr(one.database))
    async with running(one):
        with pytest.raises(StartError, match=r"^Another server, front, is at work on this database: .*VAANI_REDIS_URL"):
            async with running(two):
                pass
    async with running(two):
        pass


@pytest.mark.usefixtures("no_models")
async def test_a_recording_that_a_crash_left_no_file_of_is_not_told_of(tmp_path: Path) -> None:
    data = tmp_path / "data"
    async with running(settings(data)):
        pass
    (begun, path), (lost, missing) = [await left_open(data, "one") for _ in range(2)]
    (data / missing).unlink()
    async with serving(data) as house:
        assert (await house.row(begun)).recording == path
        assert (await house.row(lost)).recording is None
        assert (await house.row(lost)).status is CallStatus.ENDED
    assert Recordings(data).unfinished() == []


@pytest.mark.usefixtures("no_models")
async def test_a_call_is_served_and_everything_is_put_away_at_the_end(tmp_path: Path) -> None:
    before = asyncio.all_tasks()
    async with serving(tmp_path / "data", scripted(greeting="Hello.")) as house:
        talk = await house.call([Say(tone(1)), Silence(0.2)])
        assert [turn.text for turn in await house.turns(talk.call)] == ["Hello."]
        assert await house.metric('vaani_calls_total{outcome="connected",transport="exotel"}') == 1
        assert await house.metric('vaani_live_calls{transport="exotel"}') == 0
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == before


@pytest.mark.usefixtures("no_models")
async def test_a_second_server_on_a_data_folder_is_refused_and_harms_no_live_call(tmp_path: Path) -> None:
    data = tmp_path / "data"
    async with running(settings(data)):
        call, _ = await left_open(data, "one")  # as a live one looks from outside
        with pytest.raises(StartError, match=r"^Another server is running on this data folder: "):
            async with running(settings(data)):
                pass
        async with Database(settings(data).database) as database, database.read() as work:
            row = await work.calls.get(call)
        assert row is not None
        assert row.status is CallStatus.IN_PROGRESS
        assert len(Recordings(data).unfinished()) == 1
    async with serving(data) as house:
        assert (await house.row(call)).status is CallStatus.ENDED


@pytest.mark.usefixtures("no_models")
async def test_an_address_that_is_taken_is_one_sentence(tmp_path: Path) -> None:
    async with running(settings(tmp_path / "one")) as server:
        port = int(server.url.rpartition(":")[2])
        with pytest.raises(StartError, match=r"^The server cannot listen: "):
            async with running(settings(tmp_path / "two", port=port)):
                pass


@pytest.mark.usefixtures("no_models")
async def test_the_api_s_own_links_name_the_port_that_was_taken(tmp_path: Path) -> None:
    async with serving(tmp_path / "data") as house:
        status, text = await house.get("/openapi.json")
        assert status == 200
        assert house.server.url in text
        assert not house.server.url.endswith(":0")


@pytest.mark.usefixtures("no_models")
async def test_an_address_that_is_not_this_machine_s_is_one_sentence(tmp_path: Path) -> None:
    for port in (0, 8123):
        with pytest.raises(StartError, match=r"^The server cannot listen: "):
            async with running(settings(tmp_path / "data", host="192.0.2.1", port=port)):
                pass


@pytest.mark.usefixtures("no_models")
async def test_what_fails_inside_leaves_as_it_is(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"^no space$"):
        async with running(settings(tmp_path / "data")):
            raise OSError("no space")


async def test_work_that_fails_beside_ends_the_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def load(*given: object, **more: object) -> None:
        raise ValueError("a bug")

    monkeypatch.setattr(warmup, "load", load)
    with pytest.raises(ExceptionGroup) as group:
        async with running(settings(tmp_path / "data")), asyncio.timeout(5):
            await asyncio.Event().wait()
    assert group.group_contains(ValueError, match="a bug")


async def test_a_detector_without_its_model_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> None:
        raise ModelMissing("Bring it.")

    monkeypatch.setattr(wiring, "VoiceDetector", missing)
    with pytest.raises(StartError, match=r"^Bring it\.$"):
        async with running(settings(tmp_path / "data")):
            pass


async def test_a_data_folder_that_cannot_be_used_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    with pytest.raises(StartError, match=r"^The data folder .*/data cannot be used: "):
        async with running(settings(tmp_path / "data")):
            pass


@pytest.mark.usefixtures("no_models")
@pytest.mark.parametrize("secured", [True, False])
async def test_a_start_warns_of_a_user_whom_row_security_does_not_hold(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, secured: bool
) -> None:
    async def is_secured(database: Database) -> bool:
        return secured

    monkeypatch.setattr(Database, "is_secured", is_secured)
    async with running(settings(tmp_path / "data")):
        warned = "the database's user is held by no row security" in caplog.text
    assert warned is not secured
