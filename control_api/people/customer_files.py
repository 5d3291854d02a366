"""A file of customers, CSV or JSON → numbered rows, read as they are asked for."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import PurePath
from typing import Any, BinaryIO, TextIO

from control_api.people.customer_columns import ColumnMapping
from control_api.people.customer_csv import csv_rows
from control_api.people.customer_rows import Unread, counted
from control_api.people.json_array import NotAnArrayError, elements
from control_api.web.bodies import Upload
from control_api.web.errors import RefusedError, bad
from control_api.web.reading import parsed

READ = 1 << 20
"""Bytes looked at between two turns of the event loop."""
NAMES = ("customers", "contacts")
"""Under one of which an object may hold the array."""


@contextmanager
def text_of(upload: Upload) -> Iterator[TextIO]:
    """Its file as text. The file is left open."""
    text = TextIOWrapper(upload.file, encoding="utf-8-sig", newline="")
    try:
        yield text
    finally:
        text.detach()


def rows_of(upload: Upload, text: TextIO, mapping: ColumnMapping) -> tuple[int, Iterator[tuple[int, Any]]]:
    """How many, and the rows, once all that can be wrong with the file as a whole is known not to be.

    It takes a second or two for the largest files, and each row is read when it is asked for: for a thread.
    Raises RefusedError.
    """
    ending = PurePath(upload.filename).suffix.lower()
    if ending not in READERS:
        raise bad("file must be a .csv or a .json file")
    _must_be_utf8(upload.file)
    upload.file.seek(0)
    count, rows = READERS[ending](text, mapping)
    return count, ((number, _named(row)) for number, row in rows)


def _json_rows(text: TextIO, mapping: ColumnMapping) -> tuple[int, Iterator[tuple[int, Any]]]:
    if mapping:
        raise bad("mapping is of a .csv file's columns, and this is a .json file")
    try:
        count = counted(elements(text, NAMES))
    except NotAnArrayError as error:
        raise bad(f"the file {error}") from None
    text.seek(0)
    return count, enumerate(map(_json_row, elements(text, NAMES)), 1)


def _json_row(element: str) -> Any:
    try:
        return parsed(element.encode())
    except UnicodeEncodeError:
        return Unread("the row holds a character that cannot be stored")
    except RefusedError as refused:
        return Unread(refused.detail.replace("the body", "the row"))


def _named(row: Any) -> Any:
    """Who has no name is called by the phone."""
    if isinstance(row, dict) and not row.get("name") and isinstance(row.get("phone"), str):
        return {**row, "name": row["phone"]}
    return row


def _must_be_utf8(file: BinaryIO) -> None:
    decoder = codecs.getincrementaldecoder("utf-8")()
    read, line = 0, 1
    while piece := file.read(READ):
        held = len(decoder.getstate()[0])
        try:
            decoder.decode(piece)
        except UnicodeDecodeError as error:
            at = read - held + error.start
            line += piece.count(b"\n", 0, max(error.start - held, 0))
            raise bad(f"the file must be UTF-8: byte {at + 1}, in line {line}, is not") from None
        read += len(piece)
        line += piece.count(b"\n")
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        raise bad("the file must be UTF-8: its last character is cut off") from None


READERS: dict[str, Callable[[TextIO, ColumnMapping], tuple[int, Iterator[tuple[int, Any]]]]] = {
    ".csv": csv_rows,
    ".json": _json_rows,
}
"""By how a file's name ends."""
