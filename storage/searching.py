"""A condition that finds customers by pieces of their name or phone, with what the database has for it."""

from __future__ import annotations

import re
from collections.abc import Iterable
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
    return and_(*map(_found, pieces)) if pieces else false()


def _found(piece: str) -> ColumnElement[bool]:
    digits = re.sub(r"\D", "", piece) if _NUMBER.fullmatch(piece) else piece
    spellings = list(dict.fromkeys((piece, digits)))
    plain = _on_columns(cased for spelling in spellings for cased in _cases(spelling))
    if any(len(spelling) < TRIGRAM for spelling in spellings):
        return plain
    return _Indexed(plain, *map(literal, spellings))


def _on_columns(spellings: Iterable[str]) -> ColumnElement[bool]:
    columns = customers.c.name, customers.c.phone
    return or_(*(column.icontains(spelling, autoescape=True) for spelling in spellings for column in columns))


def _cases(piece: str) -> list[str]:
    """SQLite itself knows large from small letters in ASCII alone, its index in every script."""
    if piece.isascii() or len(piece) >= TRIGRAM:
        return [piece]
    return list(dict.fromkeys((piece, piece.lower(), piece.upper(), piece.capitalize())))


class _Indexed(FunctionElement[bool]):
    """Any of the spellings in name or phone: a condition on the columns, and what SQLite's index is asked."""

    inherit_cache = True
    type = Boolean()

    def self_group(self, against: Any = None) -> _Indexed:
        """As it is: compared with 1, as SQLite's truths are, it would be asked of every customer."""
        return self


@compiles(_Indexed)
def _in_any(element: _Indexed, compiler: SQLCompiler, **options: Any) -> str:
    plain, *_ = element.clauses
    return f"({compiler.process(plain, **options)})"


@compiles(_Indexed, "sqlite")
def _in_sqlite(element: _Indexed, compiler: SQLCompiler, **options: Any) -> str:
    _, *spellings = (compiler.process(clause, **options) for clause in element.clauses)
    terms = " || ' OR ' || ".join(f"""'"' || replace({spelling}, '"', '""') || '"'""" for spelling in spellings)
    return f"customers.number IN (SELECT rowid FROM customer_search WHERE customer_search MATCH {terms})"  # noqa: S608 - bound parameters
