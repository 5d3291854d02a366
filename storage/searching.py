"""A condition that finds customers by pieces of their name or phone, with what the database has for it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, false, literal, or_
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import Boolean

from storage.asset_tables import customers

TRIGRAM = 3
"""The indexes know no piece shorter than this."""
_NUMBER = re.compile(r"[\s()+.\-]*\d[\d\s()+.\-]*")


def found_by(text: str) -> ColumnElement[bool]:
    """Customers that have every word of `text`; a number may be written with any punctuation."""
    text = text.strip()
    pieces = [text] if _NUMBER.fullmatch(text) else text.split()
    words = [_spellings(piece) for piece in pieces]
    long = [word for word in words if min(map(len, word)) >= TRIGRAM]
    found = [_on_columns(word) for word in words if word not in long]
    if long:
        found.append(_indexed(long))
    return and_(*found) if found else false()


def _spellings(piece: str) -> list[str]:
    digits = re.sub(r"\D", "", piece) if _NUMBER.fullmatch(piece) else piece
    return list(dict.fromkeys((piece, digits)))


def _on_columns(spellings: Sequence[str]) -> ColumnElement[bool]:
    """Any of them in any column."""
    columns = customers.c.name, customers.c.phone
    cased = [case for spelling in spellings for case in _cases(spelling)]
    return or_(*(column.icontains(case, autoescape=True) for case in cased for column in columns))


def _cases(piece: str) -> list[str]:
    """SQLite itself knows large from small letters in ASCII alone, its index in every script."""
    if piece.isascii() or len(piece) >= TRIGRAM:
        return [piece]
    return list(dict.fromkeys((piece, piece.lower(), piece.upper(), piece.capitalize())))


def _indexed(words: Sequence[Sequence[str]]) -> ColumnElement[bool]:
    """All words at once: of two lists, SQLite would try each customer of one with each of the other."""
    match = " AND ".join("(" + " OR ".join(map(_quoted, spellings)) + ")" for spellings in words)
    return _Indexed(literal(match), and_(*map(_on_columns, words)))


def _quoted(spelling: str) -> str:
    """As FTS5 takes it word for word."""
    return '"' + spelling.replace('"', '""') + '"'


class _Indexed(FunctionElement[bool]):
    """What SQLite's index is asked, and the same as a condition on the columns."""

    inherit_cache = True
    type = Boolean()

    def self_group(self, against: Any = None) -> _Indexed:
        """As it is: compared with 1, as SQLite's truths are, it would be asked of every customer."""
        return self


@compiles(_Indexed)
def _in_any(element: _Indexed, compiler: SQLCompiler, **options: Any) -> str:
    _, plain = element.clauses
    return f"({compiler.process(plain, **options)})"


@compiles(_Indexed, "sqlite")
def _in_sqlite(element: _Indexed, compiler: SQLCompiler, **options: Any) -> str:
    match, _ = element.clauses
    term = compiler.process(match, **options)
    return f"customers.number IN (SELECT rowid FROM customer_search WHERE customer_search MATCH {term})"  # noqa: S608 - a bound parameter
