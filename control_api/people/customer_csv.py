"""A CSV file of customers → rows as the API takes them. Which column is which is told by the header."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from typing import Any, TextIO

from control_api.people.customer_rows import Unread, must_be_few
from control_api.web.errors import RefusedError, bad
from control_api.web.reading import parsed

FIELDS = frozenset(
    {
        "name",
        "phone",
        "email",
        "tags",
        "preferred_language",
        "timezone",
        "metadata",
        "external_id",
        "extension",
        "opted_out",
        "recording_opt_out",
    }
)
"""Columns that are fields of a customer. Every other one is a key of its metadata."""
FLAGS = ("opted_out", "recording_opt_out")
WORDS = dict.fromkeys(("true", "yes", "y", "on", "t", "1"), True) | dict.fromkeys(
    ("false", "no", "n", "off", "f", "0"), False
)
"""Of a flag, in whatever case."""
ALIASES = {"phone_number": "phone", "customer_name": "name"}
"""As campaigns' files call them."""
SEPARATORS = ",;\t"


def csv_rows(text: TextIO) -> Iterator[tuple[int, Any]]:
    """Numbered from 1. Raises RefusedError, at once, for a header that will not do, and for too many rows."""
    header, separator = _header(text)
    must_be_few(_records(text, separator))
    records = _records(text, separator)
    return enumerate((record if isinstance(record, Unread) else _row(header, record) for record in records), 1)


def _records(text: TextIO, separator: str) -> Iterator[list[str] | Unread]:
    """Without the header."""
    text.seek(0)
    records = csv.reader(text, delimiter=separator, strict=True)
    _first(records)
    while True:
        try:
            yield next(records)
        except StopIteration:
            return
        except csv.Error as error:  # the reader goes on with the next line
            yield Unread(f"the row is not valid CSV: {error}")


def _header(text: TextIO) -> tuple[list[str], str]:
    """Its columns, and what stands between them. A column without a name is an empty one."""
    for separator in SEPARATORS:
        text.seek(0)
        columns = [_column(name) for name in _first(csv.reader(text, delimiter=separator, strict=True))]
        if "phone" in columns:
            twice = next((name for name in columns if name and columns.count(name) > 1), None)
            if twice is not None:
                raise bad(f"the file has the column {twice} twice")
            return columns, separator
    raise bad("the file has no column phone")


def _first(records: Iterator[list[str]]) -> list[str]:
    try:
        return next((record for record in records if any(map(str.strip, record))), [])
    except csv.Error as error:
        raise bad(f"the header is not valid CSV: {error}") from None


def _column(name: str) -> str:
    plain = re.sub(r"[\s\-]+", "_", name.strip().lower())
    plain = ALIASES.get(plain, plain)
    return plain if plain in FIELDS else name.strip()


def _row(header: Sequence[str], record: Sequence[str]) -> dict[str, Any] | Unread:
    cells = [cell.strip() for cell in record]
    if not any(cells):
        return Unread(None)
    given = {name: cell for name, cell in zip(header, cells, strict=False) if cell}
    phone = given.get("phone")
    if len(cells) != len(header):
        return Unread(f"the row has {len(cells)} columns and the header {len(header)}", phone)
    if "" in given:
        return Unread("the row has a value in a column without a name", phone)
    if any("\0" in cell for cell in cells):
        return Unread("the row holds a character that cannot be stored", phone)
    row: dict[str, Any] = {name: given.pop(name) for name in FIELDS & given.keys()}
    row |= {name: WORDS.get(row[name].lower(), row[name]) for name in FLAGS if name in row}
    if "tags" in row:
        row["tags"] = [tag for tag in map(str.strip, row["tags"].split(",")) if tag]
    if "metadata" in row:
        metadata = _metadata(row["metadata"])
        if isinstance(metadata, Unread):
            return Unread(metadata.reason, phone)
        given |= metadata
    if given:
        row["metadata"] = given
    return row


def _metadata(cell: str) -> dict[str, Any] | Unread:
    try:
        value = parsed(cell.encode())
    except RefusedError as refused:
        return Unread(refused.detail.replace("the body", "metadata"))
    return value if isinstance(value, dict) else Unread("metadata must be an object")
