from __future__ import annotations

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from server.start import alone
from tests.storage.samples import TOKEN

ROOT = Path(__file__).parents[2]


@asynccontextmanager
async def command(folder: Path, *arguments: str, **variables: str) -> AsyncIterator[Process]:
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "VAANI_PORT": "0",
        "VAANI_DATA_DIR": str(folder / "data"),
        "VAANI_BOOTSTRAP_API_KEY": TOKEN,
        **variables,
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "server", *arguments, cwd=folder, env=environment, stdout=PIPE, stderr=PIPE
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def ended(folder: Path, *arguments: str, **variables: str) -> tuple[int | None, str, str]:
    async with command(folder, *arguments, **variables) as process, asyncio.timeout(30):
        out, err = await process.communicate()
    return process.returncode, out.decode(), err.decode()


async def url(process: Process) -> str:
    assert process.stdout is not None
    async with asyncio.timeout(30):
        while not (line := (await process.stdout.readline()).decode()).startswith("Vaani answers at "):
            assert line, "it ended"
    return line.split()[-1]


async def ready(http: aiohttp.ClientSession, address: str) -> None:
    async with asyncio.timeout(30):
        while True:
            async with http.get(f"{address}/readyz") as answer:
                if answer.status == 200:
                    return
            await asyncio.sleep(0.05)


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("VAANI_PROT", "1", "There is no setting VAANI_PROT: did you mean VAANI_PORT?\n"),
        ("VAANI_MAX_CALLS", "many", "The setting VAANI_MAX_CALLS will not do: "),
    ],
)
async def test_a_bad_setting_is_one_sentence_and_status_2(tmp_path: Path, name: str, value: str, sentence: str) -> None:
    status, out, err = await ended(tmp_path, **{name: value})
    assert (status, out) == (2, "")
    assert err.startswith(sentence)
    assert err.count("\n") == 1
    assert not (tmp_path / "data").exists()


async def test_a_database_that_cannot_be_used_is_one_sentence_and_status_2(tmp_path: Path) -> None:
    status, out, err = await ended(tmp_path, VAANI_DATABASE_URL="mysql://root:canary@localhost/x")
    assert (status, out) == (2, "")
    assert err.count("\n") == 1
    assert "canary" not in err


async def test_an_endpoint_that_there_is_not_is_one_sentence_and_status_2(tmp_path: Path) -> None:
    status, out, err = await ended(tmp_path, VAANI_RATE_LIMITS="POST /nope=5/minute")
    assert (status, out) == (2, "")
    assert err == 'The setting VAANI_RATE_LIMITS will not do: there is no endpoint "POST /nope".\n'


async def test_a_database_whose_folder_cannot_be_made_is_one_sentence_and_status_2(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    status, out, err = await ended(tmp_path, VAANI_DATABASE_URL=f"sqlite+aiosqlite:///{tmp_path}/file/vaani.db")
    assert (status, out) == (2, "")
    assert err == "The database's file cannot be made: File exists.\n"


async def test_several_processes_without_what_they_share_are_one_sentence_and_status_1(tmp_path: Path) -> None:
    status, out, err = await ended(tmp_path, "serve", "--workers", "2")
    assert (status, out) == (1, "")
    assert err == (
        "Several processes need a PostgreSQL and a Redis to share: set VAANI_DATABASE_URL and VAANI_REDIS_URL.\n"
    )
    assert not (tmp_path / "data").exists()


async def test_the_command_line_is_told() -> None:
    status, out, _ = await ended(ROOT, "--help")
    assert status == 0
    assert all(word in out for word in ("serve", "call", "prepare"))


async def test_sigterm_lets_the_live_call_finish_and_ends_with_status_0(tmp_path: Path) -> None:
    async with command(tmp_path) as process, aiohttp.ClientSession() as http, asyncio.timeout(50):
        address = await url(process)
        await ready(http, address)
        async with http.ws_connect(f"{address}/ws/exotel") as line:
            await line.send_json({"event": "start", "start": {"stream_sid": "MZ1", "call_sid": "c1"}})
            assert (await line.receive_json())["event"] == "media"
            process.send_signal(signal.SIGTERM)
            assert process.stdout is not None
            while "Waiting for 1 live call" not in (told := (await process.stdout.readline()).decode()):
                assert told
            async with http.get(f"{address}/readyz") as answer:
                assert answer.status == 503
            with pytest.raises(aiohttp.WSServerHandshakeError):
                await http.ws_connect(f"{address}/ws/exotel")
            assert process.returncode is None
            await line.send_json({"event": "stop", "stop": {"reason": "callended"}})
        assert await process.wait() == 0


async def test_a_second_signal_ends_it_at_once(tmp_path: Path) -> None:
    async with command(tmp_path) as process, aiohttp.ClientSession() as http, asyncio.timeout(50):
        address = await url(process)
        await ready(http, address)
        async with http.ws_connect(f"{address}/ws/exotel") as line:
            await line.send_json({"event": "start", "start": {"stream_sid": "MZ1", "call_sid": "c1"}})
            await line.receive()
            process.send_signal(signal.SIGINT)
            assert process.stdout is not None
            while "Waiting" not in (await process.stdout.readline()).decode():
                pass
            process.send_signal(signal.SIGINT)
            assert await process.wait() == 1


async def test_a_data_folder_in_use_is_one_sentence_and_status_1(tmp_path: Path) -> None:
    with alone(tmp_path / "data"):
        status, out, err = await ended(tmp_path)
    assert (status, out) == (1, "")
    assert err == f"Another server is running on this data folder: {tmp_path / 'data'}.\n"
