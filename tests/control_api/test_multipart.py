from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import suppress

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from control_api.web.multipart import Multipart, MultipartError, PartHead, boundary_of

FORM = (
    b"what nobody reads\r\n--b\r\n"
    b'Content-Disposition: form-data; name="name"\r\n\r\nAria\r\n--b  \r\n'
    b'content-disposition: form-data; name="file"; filename="C:\\\\voices\\\\aria.wav"\r\n'
    b"Content-Type: audio/wav\r\n\r\nRIFF\r\n--\r\n--not\r\n\r\n--b--\r\nnor this"
)
PARTS = [
    (PartHead("name", None, None), b"Aria"),
    (PartHead("file", "aria.wav", "audio/wav"), b"RIFF\r\n--\r\n--not\r\n"),
]


async def read(chunks: Iterable[bytes], boundary: bytes = b"b") -> list[tuple[PartHead, bytes]]:
    coming = iter(chunks)

    async def more() -> bytes:
        return next((chunk for chunk in coming if chunk), b"")

    form = Multipart(boundary, more)
    parts = []
    while (head := await form.next()) is not None:
        parts.append((head, b"".join([piece async for piece in form.data()])))
    return parts


@pytest.mark.parametrize("size", [1, 2, 3, 7, 50, 1000])
async def test_parts_are_the_same_wherever_the_body_is_cut(size: int) -> None:
    assert await read(FORM[start : start + size] for start in range(0, len(FORM), size)) == PARTS


async def test_no_more_than_a_chunk_is_kept() -> None:
    chunks = iter([b'--b\r\nContent-Disposition: form-data; name="f"\r\n\r\n', *[bytes(1000)] * 100, b"\r\n--b--"])

    async def more() -> bytes:
        return next(chunks, b"")

    form = Multipart(b"b", more)
    assert await form.next() == PartHead("f", None, None)
    sizes = [len(piece) async for piece in form.data()]
    assert sum(sizes) == 100_000
    assert max(sizes) <= 1010
    assert await form.next() is None


@given(
    fields=st.lists(st.tuples(st.text(min_size=1).filter(str.isprintable), st.binary(max_size=300)), max_size=5),
    cuts=st.lists(st.integers(1, 60), min_size=1, max_size=20),
)
def test_what_another_library_writes_is_read(fields: list[tuple[str, bytes]], cuts: list[int]) -> None:
    async def there_and_back() -> None:
        form = aiohttp.FormData(quote_fields=False, default_to_multipart=True)
        for name, value in fields:
            form.add_field(name.replace('"', "").replace("\\", "") or "x", value, filename="f.bin")
        payload = form()
        written = bytearray()

        class Writer:
            async def write(self, data: bytes) -> None:
                written.extend(data)

        await payload.write(Writer())  # type: ignore[arg-type]
        chunks: list[bytes] = []
        at = 0
        while at < len(written):
            step = cuts[len(chunks) % len(cuts)]
            chunks.append(bytes(written[at : at + step]))
            at += step
        boundary = boundary_of(payload.headers["Content-Type"])
        parts = await read(chunks or [b"--" + boundary + b"--"], boundary)
        assert [value for _, value in parts] == [value for _, value in fields]

    asyncio.run(there_and_back())


@given(st.binary(max_size=400), st.integers(1, 40))
def test_whatever_comes_it_is_a_form_or_an_error(body: bytes, size: int) -> None:
    async def come() -> None:
        for start in (b"", b"--b\r\n", b"--b\r\nContent-Disposition: "):
            whole = start + body
            with suppress(MultipartError):
                await read(whole[at : at + size] for at in range(0, len(whole), size))

    asyncio.run(come())


@pytest.mark.parametrize(
    ("body", "what"),
    [
        (b"", "ends before its last boundary"),
        (b"--c--\r\n", "ends before its last boundary"),
        (FORM[:-30], "ends before its last boundary"),
        (b"--b\r\n", "ends before its last boundary"),
        (b"--b123\r\n\r\n", "has something beside a boundary"),
        (b"--b\r\n\r\nx\r\n\r\n--b--", "has a part without a name"),
        (b"--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--", "has a part without a name"),
        (b'--b\r\nContent-Disposition: attachment; name="x"\r\n\r\nx\r\n--b--', "has a part without a name"),
        (b'--b\r\nContent-Disposition: form-data; name="a\0b"\r\n\r\nx\r\n--b--', "has a part without a name"),
        (b'--b\r\nContent-Disposition: form-data; name="\xff"\r\n\r\nx\r\n--b--', "has a part whose head is not UTF-8"),
        (b"--b\r\nX: " + b"x" * 9000 + b"\r\n\r\nx\r\n--b--", "has a part with too long a head"),
        (b"--b" + b" " * 200 + b"\r\n\r\n--b--", "has a part with too long a head"),
    ],
)
@pytest.mark.parametrize("size", [1, 100_000])
async def test_a_broken_form_is_an_error(body: bytes, what: str, size: int) -> None:
    with pytest.raises(MultipartError, match=what):
        await read(body[at : at + size] for at in range(0, len(body), size))


@pytest.mark.parametrize(
    ("disposition", "filename"),
    [
        ('filename="a.csv"', "a.csv"),
        ("filename=a.csv", "a.csv"),
        ('filename="/etc/passwd"', "passwd"),
        ('filename="..\\\\..\\\\x.wav"', "x.wav"),
        ('filename="नमस्ते.wav"', "नमस्ते.wav"),
        ("filename*=UTF-8''%E0%A4%A8.wav", "न.wav"),
        ('filename="a\\"b.wav"', 'a"b.wav'),
        ('filename="a\x01b.wav"', "ab.wav"),
        ('filename=""', ""),
        ('filename="../"', ""),
    ],
)
async def test_a_files_name_is_what_stands_after_its_folders(disposition: str, filename: str) -> None:
    body = f'--b\r\nContent-Disposition: form-data; name="f"; {disposition}\r\n\r\nx\r\n--b--'
    ((head, _),) = await read([body.encode()])
    assert head.filename == filename


@pytest.mark.parametrize("boundary", ["b", '"a b:c"', "x" * 70, "'()+_,-./:=?"])
def test_a_boundary_is_found(boundary: str) -> None:
    assert boundary_of(f"multipart/form-data; charset=utf-8; boundary={boundary}") == boundary.strip('"').encode()


@pytest.mark.parametrize(
    "rest", ["", "; boundary=", "; boundary=" + "x" * 71, "; boundary=ü", '; boundary="a "', "; bound"]
)
def test_a_bad_boundary_is_an_error(rest: str) -> None:
    with pytest.raises(MultipartError, match="has no good boundary in its Content-Type"):
        boundary_of(f"multipart/form-data{rest}")
