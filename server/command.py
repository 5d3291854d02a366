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

from server.settings import Settings, SettingsError
from server.start import StartError
from storage.database import Database, UnusableDatabaseError
from storage.migrations import migrate

_T = TypeVar("_T")

BAD_SETTING = 2
"""Also for a bad argument, as typer has it."""

console = Console(highlight=False, soft_wrap=True)


def read_settings() -> Settings:
    try:
        return Settings.load()
    except SettingsError as error:
        fail(str(error), BAD_SETTING)


def fail(sentence: str, status: int) -> NoReturn:
    print(sentence, file=sys.stderr)  # noqa: T201 - what the user is told
    raise typer.Exit(status)


def run(work: Coroutine[Any, Any, _T]) -> _T:
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(work)
    except UnusableDatabaseError as error:
        fail(f"{str(error)[0].upper()}{str(error)[1:]}.", BAD_SETTING)
    except StartError as error:
        fail(str(error), 1)


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Database]:
    """The database in the form that this version expects, made if there is none. Raises StartError."""
    try:
        await migrate(settings.database)
    except OSError as error:
        raise StartError(f"The database cannot be used: {error.strerror or type(error).__name__}.") from None
    async with Database(settings.database) as database:
        yield database
