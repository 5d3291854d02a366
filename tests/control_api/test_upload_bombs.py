"""Uploads that are larger than they look, to every route that takes one: refused, and never held in memory."""

from __future__ import annotations

import asyncio
import gzip
import io
import struct
import tracemalloc
import zipfile
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from control_api.app import ENDPOINTS
from storage.database import Database
from storage.seed import Seeded
from tests.control_api.api import Answer, Api, serving_api
from tests.control_api.everything import UPLOADS, named, one_of_everything
from tests.control_api.uploads import mp3, wav

PLACES = {endpoint.places[0][1]: endpoint for endpoint in ENDPOINTS if endpoint.uploads is not None}
"""Where forms are taken."""
PIECE = bytes(1 << 16)
MEMORY = 20e6
"""Bytes that a bomb may cost."""


@pytest.fixture
async def api(database: Database, tmp_path: Path) -> AsyncIterator[Api]:
    asyncio.get_running_loop().set_debug(False)
    async with serving_api(database, tmp_path) as api:
        yield api


@pytest.fixture
async def ids(api: Api, seeded: Seeded, file: Path) -> dict[str, str]:
    """On SQLite alone: nothing of an upload that is refused comes to the database."""
    return await one_of_everything(api, seeded.organisation)


@contextmanager
def cheap() -> Iterator[None]:
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < MEMORY
    finally:
        tracemalloc.stop()


def head(name: str) -> bytes:
    """Of a form, up to the contents of its file."""
    field = next(field for field, value in UPLOADS[name].items() if isinstance(value, bytes))
    start: bytes = UPLOADS[name][field][:12]
    disposition = f'form-data; name="{field}"; filename="people.csv"'
    return f"--b\r\nContent-Disposition: {disposition}\r\n\r\n".encode() + start


async def posted(api: Api, path: str, data: Any, **headers: str) -> Answer:
    return await api.post(path, data=data, headers={"Content-Type": "multipart/form-data; boundary=b", **headers})


async def test_a_form_without_an_end_is_cut(api: Api, ids: dict[str, str]) -> None:
    async def endless(start: bytes) -> AsyncIterator[bytes]:
        yield start
        for _ in range(2000):
            yield PIECE

    for place, endpoint in PLACES.items():
        with cheap():
            answer = await posted(api, named(endpoint, place, ids), endless(head(endpoint.name)))
        assert answer.status == 413, place


async def test_a_form_that_is_packed_is_measured_as_it_is_when_unpacked(api: Api, ids: dict[str, str]) -> None:
    for place, endpoint in PLACES.items():
        packed = gzip.compress(head(endpoint.name) + bytes(60 << 20), compresslevel=1)
        with cheap():
            sent = posted(api, named(endpoint, place, ids), io.BytesIO(packed), **{"Content-Encoding": "gzip"})
            assert (await sent).status == 413, place


def zipped() -> bytes:
    """20 kB of a file of 20 MB."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("people.csv", bytes(20 << 20))
    return file.getvalue()


BOMBS = {
    "a WAV file of four gigabytes, it says": wav(1)[:40] + struct.pack("<I", 0xFFFFFFF0) + wav(1)[44:],
    "a WAV file of nothing but chunks": wav(1)[:12] + b"LIST\x02\0\0\0ab" * 100_000,
    "an MP3 file of an hour": mp3(60, rate=8000) * 60,
    "an MP3 file of nothing but its tag": b"ID3\x04\0\0\x7f\x7f\x7f\x7f" + bytes(1_000_000),
    "a zip file": zipped(),
}


async def test_a_file_that_unfolds_is_refused_and_leaves_nothing(api: Api, ids: dict[str, str]) -> None:
    before = sorted((api.services.data / "voices").rglob("*"))
    for place, endpoint in PLACES.items():
        if "/models/" in place:
            for what, bomb in BOMBS.items():
                form = io.BytesIO(head(endpoint.name)[:-12] + bomb + b"\r\n--b--\r\n")
                with cheap():
                    answer = await posted(api, named(endpoint, place, ids), form)
                assert answer.status == 400, (place, what)
    assert sorted((api.services.data / "voices").rglob("*")) == before
