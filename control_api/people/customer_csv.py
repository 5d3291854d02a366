"""A CSV file of customers → rows as the API takes them. Which column is which is told by the header."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from typing import Any, TextIO

from control_api.people.customer_columns import FLAGS, ColumnMapping, Columns, columns_of, targets
from control_api.people.customer_rows import Unread, counted
from control_api.web.errors import RefusedError, bad
from control_api.web.reading import parsed

WORDS = dict.fromkeys(("true", "yes", "y", "on", "t", "1"), True) | dict.fromkeys(
    ("false", "no", "n", "off", "f", "0"), False
)
"""Of a flag, in whatever case."""
SEPARATORS = ",;\t"


def csv_rows(text: TextIO, mapping: ColumnMapping) -> tuple[int, Iterator[tuple[int, Any]]]:
    """How many, and the rows, numbered from 1.

    Raises RefusedError, at once, for a header that will not do, or that the mapping does not fit, and for too many.
    """
    columns, separator = _header(text, mapping)
    count = counted(_records(text, separator))
    records = _records(text, separator)
    rows = (record if isinstance(record, Unread) else _row(columns, record) for record in records)
    return count, enumerate(rows, 1)


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


def _header(text: TextIO, mapping: ColumnMapping) -> tuple[Columns, str]:
    """Its columns, and what stands between them."""
    headers: dict[str, list[str]] = {}
    for separator in SEPARATORS:
        text.seek(0)
        names = [name.strip() for name in _first(csv.reader(text, delimiter=separator, strict=True))]
        if "phone" in targets(names, mapping) and mapping.keys() <= set(names):
            return columns_of(names, mapping), separator
        headers[separator] = names
    known = {name for names in headers.values() for name in names}
    unknown = next((name for name in mapping if name not in known), None)
    if unknown is not None:
        raise bad(f"mapping names the column {unknown}, which the file has not")
    raise bad("the file has no column phone")


def _first(records: Iterator[list[str]]) -> list[str]:
    try:
        return next((record for record in records if any(map(str.strip, record))), [])
    except csv.Error as error:
        raise bad(f"the header is not valid CSV: {error}") from None


def _row(columns: Columns, record: Sequence[str]) -> dict[str, Any] | Unread:
    cells = [cell.strip() for cell in record]
    if not any(cells):
        return Unread(None)
    if len(cells) != len(columns.names):
        phone = "".join(cells[columns.fields["phone"] :][:1]) or None
        return Unread(f"the row has {len(cells)} columns and the header {len(columns.names)}", phone)
    row: dict[str, Any] = {name: cells[place] for name, place in columns.fields.items() if cells[place]}
    phone = row.get("phone")
    if any(cells[place] for place in columns.nameless):
        return Unread("the row has a value in a column without a name", phone)
    if any("\0" in cell for cell in cells):
        return Unread("the row holds a character that cannot be stored", phone)
    row |= {name: WORDS.get(row[name].lower(), row[name]) for name in FLAGS if name in row}
    if "tags" in row:
        row["tags"] = [tag for tag in map(str.strip, row["tags"].split(",")) if tag]
    given: dict[str, Any] = {key: cells[place] for key, place in columns.metadata.items() if cells[place]}
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
