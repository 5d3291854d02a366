"""WebSocket frames as bytes: whole messages, for those who write to a connection without waiting."""

from __future__ import annotations

TEXT, BINARY = 0x81, 0x82
"""First byte of a message in one frame."""


def header(size: int, *, masked: bool = False, kind: int = TEXT) -> bytes:
    """What comes before the mask and the `size` bytes of a message."""
    bit = 0x80 if masked else 0
    if size < 126:
        return bytes((kind, bit | size))
    if size < 65536:
        return bytes((kind, bit | 126)) + size.to_bytes(2, "big")
    return bytes((kind, bit | 127)) + size.to_bytes(8, "big")


def text_frame(text: bytes) -> bytes:
    """A server's message: not masked."""
    return header(len(text)) + text


def binary_frame(content: bytes) -> bytes:
    """A server's message: not masked."""
    return header(len(content), kind=BINARY) + content


def masked_text_frame(text: bytes) -> bytes:
    """A client's message. Its mask is four zeros: allowed on the wire, and as much work for the server as any."""
    return header(len(text), masked=True) + b"\0\0\0\0" + text


def next_message(data: bytes | bytearray, start: int) -> tuple[int, int, int] | None:
    """A server's frame that begins at `start`: opcode, start and end of its content. None if not all of it is there."""
    if len(data) < start + 2:
        return None
    size, begin = data[start + 1], start + 2
    if size >= 126:
        begin += 2 if size == 126 else 8
        if len(data) < begin:
            return None
        size = int.from_bytes(data[start + 2 : begin], "big")
    if len(data) < begin + size:
        return None
    return data[start] & 0x0F, begin, begin + size
