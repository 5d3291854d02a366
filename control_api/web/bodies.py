"""What comes in a request's body, never more of it than was agreed on: whole in memory, or as files on disk."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass
from typing import BinaryIO, cast

from aiohttp import web

from control_api.web.errors import RefusedError, bad
from control_api.web.multipart import HEAD_BYTES, Multipart, MultipartError, PartHead, boundary_of

WHOLE_SECONDS = 10.0
PARTS = 20
"""Of one form."""
NAME = 100
"""Characters of a field's name."""
FILENAME = 255
TEXTS = ("text/", "application/json")
"""Content types of a part that may be a field: of any other it is a file."""
BATCH = 1 << 19
"""Bytes that go to the disk at once, in a thread."""


@dataclass(frozen=True, slots=True)
class Upload:
    file: BinaryIO
    """At its beginning; gone after the form's block."""
    filename: str
    size: int


@dataclass(frozen=True, slots=True)
class Form:
    fields: Mapping[str, str]
    files: Mapping[str, Upload]


async def read_whole(request: web.Request, limit: int, *, seconds: float = WHOLE_SECONDS) -> bytes:
    """A body of at most `limit` bytes, after decompression. RefusedError: 413 over it, 408 late, 400 in pieces."""
    more = _reader(request, limit, f"The body is larger than {limit} bytes")
    body = bytearray()
    try:
        async with asyncio.timeout(seconds):
            while chunk := await more():
                body += chunk
    except TimeoutError:
        raise RefusedError(408, f"The body did not come within {seconds:g} seconds") from None
    return bytes(body)


@asynccontextmanager
async def parts(request: web.Request, *, file_limit: int, field_limit: int) -> AsyncIterator[Form]:
    """A multipart/form-data body, its files on disk for as long as the block lasts.

    `file_limit` is bytes of all files together, `field_limit` of all other fields. RefusedError: 415 for anything
    else, 413 over a limit, 400 for what is broken.
    """
    if request.content_type != "multipart/form-data":
        raise RefusedError(415, "Content-Type must be multipart/form-data")
    total = file_limit + field_limit + PARTS * HEAD_BYTES
    more = _reader(request, total, f"The form is larger than {total} bytes")
    async with AsyncExitStack() as stack:
        try:
            form = Multipart(boundary_of(request.headers["Content-Type"]), more)
            read = await _FormReader(form, stack, file_limit, field_limit).read()
        except MultipartError as error:
            raise bad(f"the form {error}") from None
        yield read


def _reader(request: web.Request, limit: int, too_large: str) -> Callable[[], Awaitable[bytes]]:
    """Gives the body chunk by chunk, and b"" at its end."""
    if (request.content_length or 0) > limit:
        raise RefusedError(413, too_large)
    came = 0

    async def more() -> bytes:
        nonlocal came
        try:
            chunk = await request.content.readany()
        except (web.RequestPayloadError, ConnectionError):
            raise bad("the body is broken or ended early") from None
        came += len(chunk)
        if came > limit:
            raise RefusedError(413, too_large)
        return chunk

    return more


class _FormReader:
    def __init__(self, form: Multipart, stack: AsyncExitStack, file_limit: int, field_limit: int) -> None:
        self._form, self._stack = form, stack
        self._file_limit, self._field_limit = file_limit, field_limit
        self._file_bytes = self._field_bytes = 0
        self._fields: dict[str, str] = {}
        self._files: dict[str, Upload] = {}

    async def read(self) -> Form:
        while (head := await self._form.next()) is not None:
            name = head.name
            if len(name) > NAME:
                raise bad(f"the form has a field whose name is longer than {NAME} characters")
            if name in self._fields or name in self._files:
                raise bad(f"{name} is given more than once")
            if len(self._fields) + len(self._files) == PARTS:
                raise bad(f"the form has more than {PARTS} parts")
            if head.filename is not None:
                self._files[name] = await self._file(head, head.filename)
            elif (head.content_type or "text/plain").startswith(TEXTS):
                self._fields[name] = await self._field(name)
            else:
                raise bad(f"{name} is a file without a name")
        return Form(self._fields, self._files)

    async def _field(self, name: str) -> str:
        value = bytearray()
        async with aclosing(self._form.data()) as pieces:
            async for piece in pieces:
                self._field_bytes += len(piece)
                if self._field_bytes > self._field_limit:
                    raise RefusedError(413, f"The form's fields are larger than {self._field_limit} bytes")
                value += piece
        try:
            text = value.decode()
        except UnicodeDecodeError:
            raise bad(f"{name} is not UTF-8") from None
        if "\0" in text:
            raise bad(f"{name} holds a character that cannot be stored")
        return text

    async def _file(self, head: PartHead, filename: str) -> Upload:
        if not filename:
            raise bad(f"{head.name} is a file without a name")
        # It has no name in the file system: nothing is left of it, even if this process is killed.
        file = cast(BinaryIO, await asyncio.to_thread(tempfile.TemporaryFile))
        self._stack.push_async_callback(asyncio.to_thread, file.close)
        size, batch = 0, bytearray()
        async with aclosing(self._form.data()) as pieces:
            async for piece in pieces:
                size += len(piece)
                if self._file_bytes + size > self._file_limit:
                    raise RefusedError(413, f"The file is larger than {self._file_limit} bytes")
                batch += piece
                if len(batch) >= BATCH:
                    await asyncio.to_thread(file.write, batch)
                    batch = bytearray()
        self._file_bytes += size
        await asyncio.to_thread(_finish, file, batch)
        return Upload(file, filename[:FILENAME], size)


def _finish(file: BinaryIO, last: bytearray) -> None:
    file.write(last)
    file.seek(0)
