"""`keys`: API keys made, listed and revoked, also while the server runs."""

from __future__ import annotations

from collections.abc import Coroutine, Iterable
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, TypeVar

import typer

from server.command import BAD_SETTING, fail, opened, quiet_settings, run
from server.settings import Settings
from storage.keys import key_for, new_token
from storage.records import ApiKey, Scope

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="API keys: create, list, revoke.")

_T = TypeVar("_T")

LONGEST_NAME = 100


class KeysError(Exception):
    """It cannot be done. Its text is a sentence for the operator."""


@app.command()
def create(
    name: Annotated[str, typer.Option(help="What the key is for.")],
    scopes: Annotated[str | None, typer.Option(help="What it may do: scopes with commas between.")] = None,
    all_scopes: Annotated[bool, typer.Option("--all-scopes", help="It may do everything.")] = False,
    expires_days: Annotated[int | None, typer.Option(min=1, max=36_500, help="Days until it expires.")] = None,
    organisation: Annotated[str | None, typer.Option(help="Id of the organisation, if not the first one.")] = None,
) -> None:
    """Make a key and print it: it is shown only now."""
    if not 1 <= len(name) <= LONGEST_NAME or not name.isprintable():
        fail(f"The name is 1 to {LONGEST_NAME} readable characters.", BAD_SETTING)
    if all_scopes == (scopes is not None):
        fail("Say what the key may do: either --scopes or --all-scopes.", BAD_SETTING)
    may = frozenset(Scope) if scopes is None else _scopes(scopes)
    token = new_token()
    key = _done(_create(quiet_settings(), token, name, may, expires_days, organisation))
    typer.echo(f"The key {key.id} is made. It is shown only now:", err=True)
    typer.echo(token)


@app.command("list")
def list_() -> None:
    """Tell of every key, oldest first. The keys themselves are not kept."""
    for line in _table(_done(_every(quiet_settings()))):
        typer.echo(line)


@app.command()
def revoke(key: Annotated[str, typer.Argument(metavar="ID", help="As `keys list` shows it: key_…")]) -> None:
    """Let a key open nothing any more."""
    _done(_revoke(quiet_settings(), key))
    typer.echo("The key is revoked.")


def _done(work: Coroutine[Any, Any, _T]) -> _T:
    try:
        return run(work)
    except KeysError as error:
        fail(str(error), 1)


def _scopes(words: str) -> frozenset[Scope]:
    known = {scope.value: scope for scope in Scope}
    asked = [word.strip() for word in words.split(",")]
    for word in asked:
        if word not in known:
            fail(f"There is no scope {word!r}: there are {', '.join(known)}.", BAD_SETTING)
    return frozenset(known[word] for word in asked)


async def _create(
    settings: Settings, token: str, name: str, scopes: frozenset[Scope], days: int | None, organisation: str | None
) -> ApiKey:
    now = datetime.now(UTC)
    async with opened(settings) as database, database.begin() as work:
        first = await work.organisations.first()
        if first is None:
            raise KeysError("There is no organisation yet: start the server once first.")
        owner = first if organisation is None else await work.organisations.get(organisation)
        if owner is None:
            raise KeysError("There is no organisation with that id.")
        expires_at = None if days is None else now + timedelta(days=days)
        key = key_for(token, owner.id, name, scopes, now, expires_at)
        await work.keys.add(key)
    return key


async def _every(settings: Settings) -> list[ApiKey]:
    async with opened(settings) as database, database.read() as work:
        return await work.keys.every()


async def _revoke(settings: Settings, key: str) -> None:
    async with opened(settings) as database, database.begin() as work:
        if not await work.keys.revoke(key, now=datetime.now(UTC)):
            raise KeysError("There is no key with that id, or it has been revoked before.")


def _table(keys: Iterable[ApiKey]) -> list[str]:
    now = datetime.now(UTC)
    head = ("ID", "KEY", "STATE", "CREATED", "EXPIRES", "LAST USED", "ORGANISATION", "NAME", "SCOPES")
    rows = [head, *(_row(key, now) for key in keys)]
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _row(key: ApiKey, now: datetime) -> tuple[str, ...]:
    return (
        key.id,
        f"{key.start}…",
        _state(key, now),
        _day(key.created_at),
        _day(key.expires_at),
        _day(key.last_used_at),
        key.organisation_id,
        key.name if key.name.isprintable() else ascii(key.name),  # a name from outside cannot write to the terminal
        "all" if key.scopes == frozenset(Scope) else ",".join(sorted(key.scopes)),
    )


def _state(key: ApiKey, now: datetime) -> str:
    if key.revoked_at is not None:
        return "revoked"
    return "expired" if key.expires_at is not None and key.expires_at <= now else "live"


def _day(at: datetime | None) -> str:
    return "-" if at is None else f"{at:%Y-%m-%d}"
