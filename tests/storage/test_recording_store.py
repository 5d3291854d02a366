from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from pathlib import Path

import pytest

from storage.recording_store import CHUNK, RecordingStore, StoreUnavailableError
from tests.storage import s3 as stand_in
from tests.storage.s3 import S3

PATH = "recordings/2026/03/01/cal_1.wav"


@pytest.fixture(scope="module")
def s3() -> Iterator[S3]:
    with stand_in.running() as s3:
        yield s3


@pytest.fixture
async def store(s3: S3) -> AsyncIterator[RecordingStore]:
    async with RecordingStore(s3.bucket("calls/mine")) as store:
        yield store


async def read(store: RecordingStore, start: int, end: int) -> list[bytes]:
    async with aclosing(store.read(PATH, start, end)) as chunks:
        return [chunk async for chunk in chunks]


async def test_what_is_put_is_there_under_the_prefix_with_its_type(
    s3: S3, store: RecordingStore, tmp_path: Path
) -> None:
    content = os.urandom(CHUNK * 30)  # more than goes in one request
    file = tmp_path / "call.wav"
    file.write_bytes(content)
    stored = await store.put(file, PATH, "audio/wav")
    assert stored.size == len(content)
    assert stored == await store.look(PATH)
    assert s3.names() == [f"calls/mine/{PATH}"]
    assert s3.content_type(f"calls/mine/{PATH}") == "audio/wav"
    assert await store.fetch(PATH, tmp_path / "copy.wav")
    assert (tmp_path / "copy.wav").read_bytes() == content


async def test_a_range_is_read_and_never_more_than_a_chunk_at_a_time(store: RecordingStore, tmp_path: Path) -> None:
    content = os.urandom(CHUNK * 3)
    file = tmp_path / "call.wav"
    file.write_bytes(content)
    await store.put(file, PATH, "audio/wav")
    assert b"".join(await read(store, 100, 300)) == content[100:300]
    assert await read(store, 5, 5) == []
    chunks = await read(store, 0, len(content))
    assert b"".join(chunks) == content
    assert max(map(len, chunks)) <= CHUNK * 2


async def test_what_is_not_there_is_told_from_what_cannot_be_known(store: RecordingStore, tmp_path: Path) -> None:
    assert await store.look(PATH) is None
    assert not await store.fetch(PATH, tmp_path / "copy.wav")
    await store.remove([PATH])
    with pytest.raises(StoreUnavailableError):
        await read(store, 0, 10)


async def test_what_is_removed_is_gone(s3: S3, store: RecordingStore, tmp_path: Path) -> None:
    file = tmp_path / "call.wav"
    file.write_bytes(b"RIFF")
    await store.put(file, PATH, "audio/wav")
    await store.remove([PATH, "recordings/other.wav"])
    assert s3.names() == []


async def test_a_store_that_is_away_says_so_without_a_key(s3: S3, tmp_path: Path) -> None:
    bucket = s3.bucket()
    async with RecordingStore(bucket) as store:
        s3.stop()
        try:
            with pytest.raises(StoreUnavailableError) as away:
                await store.look(PATH)
        finally:
            s3.start()
        assert bucket.secret_key is not None
        assert bucket.secret_key not in f"{away.value!r} {bucket!r}"


async def test_a_file_that_is_not_there_is_no_loss(store: RecordingStore, tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailableError):
        await store.put(tmp_path / "none.wav", PATH, "audio/wav")


def test_a_process_that_ends_while_the_store_is_asked_ends_in_peace() -> None:
    script = (
        "import asyncio\n"
        "from storage.recording_store import *\n"
        "async def main():\n"
        "    async with RecordingStore(Bucket('b', '', 'http://127.0.0.1:9', 'r', 'a', 's')) as store:\n"
        "        await asyncio.gather(*(store.look('x') for _ in range(4)), return_exceptions=True)\n"
        "asyncio.run(main())\n"
    )
    done = subprocess.run([sys.executable, "-c", script], check=False, capture_output=True, timeout=50)
    assert (done.returncode, done.stderr) == (0, b"")


async def test_whoever_is_cancelled_leaves_the_store_usable(store: RecordingStore, tmp_path: Path) -> None:
    file = tmp_path / "call.wav"
    file.write_bytes(b"RIFF")
    putting = asyncio.create_task(store.put(file, PATH, "audio/wav"))
    await asyncio.sleep(0)
    putting.cancel()
    await asyncio.wait([putting])
    assert (await store.put(file, PATH, "audio/wav")).size == 4


async def test_what_another_has_changed_meanwhile_is_not_replaced(store: RecordingStore, tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("one", "two")]
    for file in files:
        file.write_bytes(file.name.encode())
    assert await store.replace(files[0], PATH, "audio/wav", None)
    assert not await store.replace(files[1], PATH, "audio/wav", None)
    first = await store.look(PATH)
    assert await store.replace(files[1], PATH, "audio/wav", first)
    assert not await store.replace(files[0], PATH, "audio/wav", first)
    assert await read(store, 0, 3) == [b"two"]
    await store.remove([PATH])
    assert not await store.replace(files[0], PATH, "audio/wav", first)
    assert await store.look(PATH) is None
