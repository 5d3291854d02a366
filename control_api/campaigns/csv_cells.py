"""Rows of CSV that no spreadsheet takes for formulas."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence

MEDIA = "text/csv"
_FORMULA = re.compile(r"[=+\-@\t\r]")
_PHONE = re.compile(r"\+[0-9]{6,15}")
"""A plain number to every spreadsheet: it stays as it is, so that a file can be imported again."""


def written(rows: Iterable[Sequence[object]]) -> str:
    """With the line ends of RFC 4180. None is an empty cell."""
    text = io.StringIO()
    csv.writer(text).writerows([_cell(value) for value in row] for row in rows)
    return text.getvalue()


def headers(name: str) -> dict[str, str]:
    """Of an answer that is kept as a file."""
    return {
        "Content-Type": f"{MEDIA}; charset=utf-8",
        "Content-Disposition": f'attachment; filename="{name}"',
        "Cache-Control": "private",
    }


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    is_formula = _FORMULA.match(text) and not _PHONE.fullmatch(text) and not isinstance(value, int | float)
    return f"'{text}" if is_formula else text
