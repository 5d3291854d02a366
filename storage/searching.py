"""A condition that finds customers by pieces of their name or phone, with what the database has for it."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import ColumnElement, and_, false, literal, or_
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import Boolean

from storage.asset_tables import customers

TRIGRAM = 3
"""SQLite's index knows no piece shorter than this."""
_NUMBER = re.compile(r"[\s()+.\-]*\d[\d\s()+.\-]*")


def found_by(text: str) -> ColumnElement[bool]:
    """Customers that have every word of `text`; a number may be written with any punctuation."""
    text = text.strip()
    pieces = [text] if _NUMBER.fullmatch(text) else text.split()
    return and_(*map(_found, pieces)) if pieces else false()


def _found(piece: str) -> ColumnElement[bool]:
    digits = re.sub(r"\D", "", piece) if _NUMBER.fullmatch(piece) else piece
    return or_(*(_held(spelling) for spelling in dict.fromkeys((piece, digits))))


def _held(piece: str) -> ColumnElement[bool]:
    plain = or_(
        *(
            column.icontains(spelling, autoescape=True)
            for column in (customers.c.name, customers.c.phone)
            for spelling in _spellings(piece)
        )
    )
    quoted = piece.replace('"', '""')
    return plain if len(piece) < TRIGRAM else _Indexed(literal(f'"{quoted}"'), plain)


def _spellings(piece: str) -> list[str]:
    """SQLite itself knows large from small letters in ASCII alone, its index in every script."""
    if piece.isascii() or len(piece) >= TRIGRAM:
        return [piece]
    return list(dict.fromkeys((piece, piece.lower(), piece.upper(), piece.capitalize())))


class _Indexed(FunctionElement[bool]):
    """A word in name or phone, as SQLite's index wants it and as a condition on the columns."""

    inherit_cache = True
    type = Boolean()


@compiles(_Indexed)
def _on_columns(element: _Indexed, compiler: SQLCompiler, **options: Any) -> str:
    _, plain = element.clauses
    return compiler.process(plain.self_group(), **options)


@compiles(_Indexed, "sqlite")
def _in_sqlite(element: _Indexed, compiler: SQLCompiler, **options: Any) -> str:
    quoted, _ = element.clauses
    term = compiler.process(quoted, **options)
    return f"customers.number IN (SELECT rowid FROM customer_search WHERE customer_search MATCH {term})"  # noqa: S608 - a bound parameter
