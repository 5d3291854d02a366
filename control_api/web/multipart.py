"""multipart/form-data as it comes in: one part after the other, never more of one in memory than a chunk."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from email import message_from_string
from email.message import Message
from email.utils import collapse_rfc2231_value

HEAD_BYTES = 8192
"""Of one part."""
_BOUNDARY = re.compile(r"[ -~]{0,69}[!-~]")


class MultipartError(Exception):
    """What came is not multipart/form-data. Its text goes on from "the form …"."""


@dataclass(frozen=True, slots=True)
class PartHead:
    name: str
    filename: str | None
    """None: it is a field. Without the folders that a client may have put before it."""
    content_type: str | None


def boundary_of(content_type: str) -> bytes:
    """Raises MultipartError."""
    head = Message()
    head["content-type"] = content_type
    boundary = _text(head, "boundary", "content-type") or ""
    if not _BOUNDARY.fullmatch(boundary):
        raise MultipartError("has no good boundary in its Content-Type")
    return boundary.encode()


class Multipart:
    """Reads parts in turn: `next` the head of one, then `data` of it to the end."""

    def __init__(self, boundary: bytes, more: Callable[[], Awaitable[bytes]]) -> None:
        """`more` gives the next bytes of the body, and b"" after the last."""
        self._mark = b"\r\n--" + boundary
        self._more = more
        self._buffer = bytearray(b"\r\n")
        self._begun = False

    async def next(self) -> PartHead | None:
        """None after the last one. Raises MultipartError."""
        if not self._begun:
            self._begun = True
            async with aclosing(self.data()) as preamble:
                async for _ in preamble:
                    pass
        while len(self._buffer) < 2:
            await self._fill()
        if self._buffer.startswith(b"--"):
            while await self._more():
                pass
            return None
        if (await self._until(b"\r\n", 100)).strip(b" \t"):
            raise MultipartError("has something beside a boundary")
        return _head(await self._until(b"\r\n\r\n", HEAD_BYTES))

    async def data(self) -> AsyncGenerator[bytes, None]:
        """The rest of this part, in pieces. Raises MultipartError."""
        keep = len(self._mark) - 1
        while (at := self._buffer.find(self._mark)) < 0:
            if len(self._buffer) > keep:
                piece = bytes(self._buffer[:-keep])
                del self._buffer[:-keep]
                yield piece
            await self._fill()
        piece = bytes(self._buffer[:at])
        del self._buffer[: at + len(self._mark)]
        if piece:
            yield piece

    async def _until(self, mark: bytes, limit: int) -> bytes:
        while (at := self._buffer.find(mark)) < 0:
            if len(self._buffer) > limit:
                raise MultipartError("has a part with too long a head")
            await self._fill()
        if at > limit:
            raise MultipartError("has a part with too long a head")
        found = bytes(self._buffer[:at])
        del self._buffer[: at + len(mark)]
        return found

    async def _fill(self) -> None:
        chunk = await self._more()
        if not chunk:
            raise MultipartError("ends before its last boundary")
        self._buffer += chunk


def _head(lines: bytes) -> PartHead:
    try:
        head = message_from_string(lines.decode())
    except UnicodeDecodeError:
        raise MultipartError("has a part whose head is not UTF-8") from None
    name = _text(head, "name", "content-disposition")
    if head.get_content_disposition() != "form-data" or not name or not name.isprintable():
        raise MultipartError("has a part without a name")
    filename = _text(head, "filename", "content-disposition")
    if filename is not None:
        filename = "".join(filter(str.isprintable, filename.replace("\\", "/").rpartition("/")[2])).strip()
    return PartHead(name, filename, head.get_content_type() if "content-type" in head else None)


def _text(head: Message, parameter: str, header: str) -> str | None:
    value = head.get_param(parameter, header=header)
    return None if value is None else collapse_rfc2231_value(value)
