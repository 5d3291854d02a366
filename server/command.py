"""What every command needs: its settings, a loop to work in, and troubles told in one sentence with an exit status."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any, NoReturn, TypeVar

import typer
import uvloop
from rich.console import Console

from server import logs
from server.setting_names import SettingsError
from server.settings import Settings
from server.start import StartError
from storage import migrations
from storage.database import Database, UnusableDatabaseError

_T = TypeVar("_T")

BAD_SETTING = 2
"""Also for a bad argument, as typer has it."""

console = Console(highlight=False, soft_wrap=True)


def read_settings() -> Settings:
    try:
        return Settings.load()
    except SettingsError as error:
        fail(str(error), BAD_SETTING)


def quiet_settings() -> Settings:
    """For a command that says itself what it does: the log tells of troubles alone."""
    settings = read_settings()
    logs.configure("warning", settings.log_format)
    return settings


def welcome(url: str, first_key: str | None) -> None:
    """Where the server answers, and its console. A first key goes to the terminal once, and into no log."""
    console.print(f"Vaani answers at {url}")
    if first_key:
        console.print(f"Your first API key, shown only now: {first_key}")
        console.print(f"Console: {url}/#key={first_key}")
    else:
        console.print(f"Console: {url}/")


def fail(sentence: str, status: int) -> NoReturn:
    print(sentence, file=sys.stderr)  # noqa: T201 - what the user is told
    raise typer.Exit(status)


def run(work: Coroutine[Any, Any, _T]) -> _T:
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(work)
    except UnusableDatabaseError as error:
        fail(f"{str(error)[0].upper()}{str(error)[1:]}.", BAD_SETTING)
    except SettingsError as error:
        fail(str(error), BAD_SETTING)
    except StartError as error:
        fail(str(error), 1)


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Database]:
    """The database as a server of this version left it: to migrate it might harm an older one that is running.

    Raises StartError and UnusableDatabaseError.
    """
    async with Database(settings.database) as database:
        async with database.connect() as connection:
            found = await connection.run_sync(migrations.revision)
        if found != migrations.HEAD:
            raise StartError("The database is not in the form that this version needs: start the server once first.")
        yield database
