from __future__ import annotations

import asyncio
import gzip
import os
import tempfile
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable
from io import BytesIO
from pathlib import Path

import pytest
from aiohttp import ClientSession, FormData, web

from control_api.web.bodies import PARTS, Form, parts, read_whole
from control_api.web.errors import RefusedError
from server.door import listening
from tests.patience import until

LIMIT = 100_000
FILE_LIMIT = 3_000_000
FIELD_LIMIT = 1_000
HELLO = b"Host: x\r\nConnection: close\r\n"


class Here:
    """A server that takes bodies, and what it made of them."""

    def __init__(self) -> None:
        self.forms: list[Form] = []
        self.contents: list[bytes] = []
        self.port = 0
        self.asked = 0
        self.refused: list[tuple[int, str]] = []

    @web.middleware
    async def refusals(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        self.asked += 1
        try:
            return await handler(request)
        except RefusedError as error:
            self.refused.append((error.status, error.detail))
            return web.Response(status=error.status, text=error.detail)

    async def whole(self, request: web.Request) -> web.Response:
        return web.Response(text=str(len(await read_whole(request, LIMIT, seconds=0.3))))

    async def form(self, request: web.Request) -> web.Response:
        async with parts(request, file_limit=FILE_LIMIT, field_limit=FIELD_LIMIT) as form:
            self.forms.append(form)
            self.contents = [upload.file.read(1000) for upload in form.files.values()]
            if "fail" in form.fields:
                raise RefusedError(409, "It failed")
        return web.json_response({"fields": dict(form.fields), "sizes": [file.size for file in form.files.values()]})

    async def raw(self, head: bytes, *chunks: bytes) -> tuple[int, str]:
        """What is answered to a request that is written by hand."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(head + HELLO + b"\r\n")
        for chunk in chunks:
            writer.write(chunk)
        status = (await reader.readline()).split()[1]
        body = (await reader.readuntil(b"\r\n\r\n")) + await reader.read(1000)
        writer.transport.abort()
        return int(status), body.rpartition(b"\r\n\r\n")[2].decode()


@pytest.fixture
async def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Here]:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    here = Here()
    app = web.Application(middlewares=[here.refusals], client_max_size=1)
    app.add_routes([web.post("/whole", here.whole), web.post("/form", here.form)])
    async with listening(app, "127.0.0.1", 0, shutdown_timeout=0.1) as here.port:
        yield here
    assert os.listdir(tmp_path) == []
    for form in here.forms:
        assert all(upload.file.closed for upload in form.files.values())


@pytest.fixture
async def http(here: Here) -> AsyncIterator[ClientSession]:
    async with ClientSession(f"http://127.0.0.1:{here.port}") as http:
        yield http


async def chunked(size: int) -> AsyncIterator[bytes]:
    for _ in range(0, size, 10_000):
        yield bytes(10_000)


async def answer(http: ClientSession, path: str, data: object, **headers: str) -> tuple[int, str]:
    async with http.post(path, data=data, headers=headers) as response:
        return response.status, await response.text()


@pytest.mark.parametrize("size", [0, 1, LIMIT])
async def test_a_body_up_to_the_limit_is_read_whole(http: ClientSession, size: int) -> None:
    assert await answer(http, "/whole", bytes(size)) == (200, str(size))


async def test_a_body_in_chunks_is_read_whole(http: ClientSession) -> None:
    assert await answer(http, "/whole", chunked(LIMIT)) == (200, str(LIMIT))


async def test_a_body_over_the_limit_is_refused_with_and_without_a_length(http: ClientSession) -> None:
    refused = (413, f"The body is larger than {LIMIT} bytes")
    assert await answer(http, "/whole", bytes(LIMIT + 1)) == refused
    assert await answer(http, "/whole", chunked(LIMIT + 10_000)) == refused


async def test_a_length_over_the_limit_is_refused_before_a_byte_of_it_came(here: Here) -> None:
    status, _ = await here.raw(b"POST /whole HTTP/1.1\r\nContent-Length: 100001\r\n")
    assert status == 413


async def test_a_body_is_measured_as_it_is_when_unpacked(http: ClientSession) -> None:
    packed = gzip.compress(bytes(50_000_000))
    assert len(packed) < LIMIT
    tracemalloc.start()
    try:
        status, _ = await answer(http, "/whole", packed, **{"Content-Encoding": "gzip"})
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert status == 413
    assert peak < 5e6
    assert (await answer(http, "/whole", gzip.compress(bytes(50_000)), **{"Content-Encoding": "gzip"}))[1] == "50000"


async def test_a_body_that_comes_too_late_is_refused(here: Here) -> None:
    async with asyncio.timeout(2):
        late = await here.raw(b"POST /whole HTTP/1.1\r\nContent-Length: 10\r\n", b"12345")
    assert late == (408, "The body did not come within 0.3 seconds")


async def test_a_body_that_cannot_be_unpacked_is_refused(here: Here) -> None:
    head = b"POST /whole HTTP/1.1\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n"
    assert await here.raw(head, b"\x1f\x8b\x00\x00") == (400, "the body is broken or ended early")


@pytest.mark.parametrize("path", [b"/whole", b"/form"])
async def test_a_client_that_leaves_in_the_middle_makes_no_noise(
    here: Here, path: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", here.port)
    kind = b"Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 1000\r\n"
    writer.write(b"POST " + path + b" HTTP/1.1\r\n" + kind + HELLO + b"\r\n--b\r\n")
    await until(lambda: here.asked == 1)
    writer.transport.abort()
    await until(lambda: here.refused == [(400, "the body is broken or ended early")])
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


def form(**fields: str | tuple[str, bytes]) -> FormData:
    data = FormData(default_to_multipart=True)
    for name, value in fields.items():
        if isinstance(value, str):
            data.add_field(name, value)
        else:
            data.add_field(name, BytesIO(value[1]), filename=value[0], content_type="audio/wav")
    return data


async def test_a_form_gives_its_fields_and_files(here: Here, http: ClientSession) -> None:
    sound = os.urandom(2_000_000)
    sent = form(name="Ariá", empty="", sample=("a.wav", sound), other=("b.wav", b"RIFF"))
    assert await answer(http, "/form", sent) == (
        200,
        '{"fields": {"name": "Ari\\u00e1", "empty": ""}, "sizes": [2000000, 4]}',
    )
    assert here.contents == [sound[:1000], b"RIFF"]
    assert [file.filename for file in here.forms[0].files.values()] == ["a.wav", "b.wav"]


async def test_a_form_may_have_a_part_of_json_without_a_file_name(here: Here, http: ClientSession) -> None:
    data = FormData(default_to_multipart=True)
    data.add_field("mapping", "{}", content_type="application/json")
    assert (await answer(http, "/form", data))[0] == 200
    assert here.forms[0].fields == {"mapping": "{}"}


async def test_files_are_gone_after_the_block_also_when_it_fails(here: Here, http: ClientSession) -> None:
    status, _ = await answer(http, "/form", form(fail="yes", sample=("a.wav", bytes(600_000))))
    assert status == 409
    assert [upload.file.closed for upload in here.forms[0].files.values()] == [True]


@pytest.mark.parametrize(
    ("sent", "status", "detail"),
    [
        (form(sample=("a.wav", bytes(FILE_LIMIT + 1))), 413, f"The file is larger than {FILE_LIMIT} bytes"),
        (
            form(one=("a.wav", bytes(FILE_LIMIT - 1)), two=("b.wav", b"12")),
            413,
            f"The file is larger than {FILE_LIMIT} bytes",
        ),
        (form(name="x" * (FIELD_LIMIT + 1)), 413, f"The form's fields are larger than {FIELD_LIMIT} bytes"),
        (form(one="x" * FIELD_LIMIT, two="x"), 413, f"The form's fields are larger than {FIELD_LIMIT} bytes"),
        (form(**{f"f{number}": "" for number in range(PARTS + 1)}), 400, f"the form has more than {PARTS} parts"),
        (form(sample=("", b"x")), 400, "sample is a file without a name"),
        (form(name="a\0b"), 400, "name holds a character that cannot be stored"),
        (form(**{"x" * 101: "x"}), 400, "the form has a field whose name is longer than 100 characters"),
        ({"a": "b"}, 415, "Content-Type must be multipart/form-data"),
        (b"{}", 415, "Content-Type must be multipart/form-data"),
    ],
)
async def test_a_form_that_will_not_do_is_refused_with_a_sentence(
    http: ClientSession, sent: object, status: int, detail: str
) -> None:
    assert await answer(http, "/form", sent) == (status, detail)


PART = b'--b\r\nContent-Disposition: form-data; name="x"'


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (PART + b"\r\nContent-Type: audio/wav\r\n\r\nRIFF\r\n--b--", "x is a file without a name"),
        (PART + b'; filename=""\r\n\r\nRIFF\r\n--b--', "x is a file without a name"),
        (PART + b"\r\n\r\n\xff\r\n--b--", "x is not UTF-8"),
        (PART + b"\r\n\r\n1\r\n" + PART + b"\r\n\r\n2\r\n--b--", "x is given more than once"),
        (PART + b"\r\n\r\nand then", "the form ends before its last boundary"),
        (PART + b'; filename="a"\r\n\r\n' + bytes(700_000), "the form ends before its last boundary"),
        (b"", "the form ends before its last boundary"),
    ],
)
async def test_a_broken_form_is_refused_with_a_sentence(http: ClientSession, body: bytes, detail: str) -> None:
    sent = await answer(http, "/form", body, **{"Content-Type": "multipart/form-data; boundary=b"})
    assert sent == (400, detail)


async def test_a_form_without_a_boundary_is_refused(http: ClientSession) -> None:
    sent = await answer(http, "/form", b"x", **{"Content-Type": "multipart/form-data"})
    assert sent == (400, "the form has no good boundary in its Content-Type")


@pytest.mark.parametrize("start", [b"", PART + b'; filename="a"\r\n\r\n', PART + b"\r\n\r\n", b"--b--\r\n"])
async def test_an_endless_form_without_a_length_is_cut_and_kept_nowhere(here: Here, start: bytes) -> None:
    async def endless() -> AsyncIterator[bytes]:
        yield start
        for _ in range(2000):
            yield bytes(50_000)

    tracemalloc.start()
    try:
        async with ClientSession(f"http://127.0.0.1:{here.port}") as http:
            headers = {"Content-Type": "multipart/form-data; boundary=b"}
            async with http.post("/form", data=endless(), headers=headers) as response:
                assert response.status == 413
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 8e6
