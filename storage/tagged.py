"""Tags, and the customers that have them, found in an index of numbers alone.

A tag's number is one organisation's own: whoever has found it among its tags needs to ask no more whose the rows are.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import groupby

from sqlalchemy import ColumnElement, Select, delete, func, insert, select

from storage.asset_tables import customer_tags, tags
from storage.tenancy import Tenancy, WrongOrganisationError


def groups(names: Iterable[str]) -> list[list[str]]:
    """Tags that share a prefix (`Region:West`, `Region:East`) are choices; one without a prefix stands alone."""

    def prefix(tag: str) -> str:
        before, colon, _ = tag.partition(":")
        return before + colon if colon else tag

    return [list(dict.fromkeys(same)) for _, same in groupby(sorted(names, key=prefix), key=prefix)]


def numbers_tagged(tenancy: Tenancy, names: Iterable[str]) -> Select[tuple[int]]:
    """Numbers of the customers that have one tag of every group, each once. `names` are not empty."""
    lead, *others = sorted(groups(names), key=len)  # one choice is read in order: a page of it needs no sorting
    query = numbers_with_any(tenancy, lead)
    for place, choices in enumerate(others):
        also = customer_tags.alias(f"also_{place}")
        same = select(also.c.customer).where(
            _is_one_of(tenancy, also.c.tag, choices), also.c.customer == customer_tags.c.customer
        )
        query = query.where(same.exists())
    return query


def numbers_with_any(tenancy: Tenancy, names: Collection[str]) -> Select[tuple[int]]:
    """Numbers of the customers that have at least one of them, each once."""
    query = select(customer_tags.c.customer).where(_is_one_of(tenancy, customer_tags.c.tag, names))
    return query.distinct() if len(names) > 1 else query


async def tags_in_use(tenancy: Tenancy, prefix: str) -> list[str]:
    """Tags that somebody has and that begin so, to the letter, in alphabetical order."""
    used = select(customer_tags.c.customer).where(customer_tags.c.tag == tags.c.number).exists()
    begins = func.substr(tags.c.tag, 1, len(prefix)) == prefix  # LIKE would not tell large from small letters in SQLite
    found = select(tags.c.tag).where(tenancy.mine(tags), begins, used)
    return sorted(row["tag"] for row in await tenancy.rows(found))


async def tag(tenancy: Tenancy, wanted: Mapping[int, Sequence[str]], *, anew: bool = False) -> None:
    """Gives customers, by their numbers, these tags and no others. `anew`: none of them has any yet."""
    if not anew:
        await tenancy.change(delete(customer_tags).where(customer_tags.c.customer.in_(wanted)))
    names = {name for its in wanted.values() for name in its}
    if not names:
        return
    known = await _numbers(tenancy, names)
    if len(known) < len(names):
        await _add(tenancy, sorted(names - known.keys()))
        known = await _numbers(tenancy, names)
    rows = [
        {"organisation_id": tenancy.organisation, "tag": known[name], "customer": number}
        for number, its in wanted.items()
        for name in dict.fromkeys(its)
    ]
    await tenancy.connection.execute(insert(customer_tags), rows)


def _is_one_of(tenancy: Tenancy, column: ColumnElement[int], names: Collection[str]) -> ColumnElement[bool]:
    """Numbers looked up one by one are constants to the planner, where a join with their table would be a guess."""
    numbers = [select(tags.c.number).where(_ours(tenancy), tags.c.tag == name).scalar_subquery() for name in names]
    return column == numbers[0] if len(numbers) == 1 else column.in_(numbers)


async def _numbers(tenancy: Tenancy, names: Collection[str]) -> dict[str, int]:
    """Tag → its number, of those that are known."""
    found = select(tags.c.tag, tags.c.number).where(_ours(tenancy), tags.c.tag.in_(names))
    return {row["tag"]: row["number"] for row in await tenancy.rows(found)}


def _ours(tenancy: Tenancy) -> ColumnElement[bool]:
    """The same words are others' tags too: it takes an organisation to know which are meant."""
    if tenancy.organisation is None:
        raise WrongOrganisationError("tags of nobody")
    return tenancy.mine(tags)


async def _add(tenancy: Tenancy, names: Sequence[str]) -> None:
    """Unless another transaction just has."""
    rows = [{"organisation_id": tenancy.organisation, "tag": name} for name in names]
    await tenancy.connection.execute(tenancy.tolerant_insert(tags).on_conflict_do_nothing(), rows)
