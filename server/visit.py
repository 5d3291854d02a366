"""What a command that tries the server needs: a running server, or a private one, and a key for an hour."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import aiohttp
from rich.console import Console

from server.settings import Settings
from server.wiring import running
from storage import migrations
from storage.database import Database, UnusableDatabaseError
from storage.keys import key_for, new_token
from storage.records import Scope


class VisitError(Exception):
    """It could not be done. Its text is a sentence for whoever typed the command."""


@dataclass(frozen=True, slots=True)
class Host:
    url: str
    is_private: bool
    """It was started for this visit, and ends with it."""


@asynccontextmanager
async def visited(settings: Settings, console: Console, *, doing: str, what: str) -> AsyncIterator[Host]:
    """The running server, or a private one on the same data folder. `what` it is wanted for. Raises VisitError."""
    if await answers(settings.url):
        console.print(f"{doing} the server at {settings.url}.", style="dim")
        yield Host(settings.url, is_private=False)
        return
    await _must_be_idle(settings, what)
    console.print(f"No server at {settings.url}: starting one for this {what}.", style="dim")
    async with running(settings.model_copy(update={"port": 0, "public_url": None})) as server:
        await server.settled.wait()
        if not server.ready.is_set():
            raise VisitError(server.unready)
        if server.first_key:
            console.print(f"Your first API key, shown only now: [bold]{server.first_key}[/bold]")
        yield Host(server.url, is_private=True)


async def _must_be_idle(settings: Settings, what: str) -> None:
    """A server that is started for a moment would go on with campaigns, and nobody could come through to it."""
    async with Database(settings.database) as database:
        async with database.connect() as connection:
            if await connection.run_sync(migrations.revision) != migrations.HEAD:
                return
        async with database.read() as work:
            busy = await work.flows.to_be_dialled() or await work.attempts.queued(1)
    if busy:
        raise VisitError(f"Campaigns are active or scheduled here: start the server with make run for this {what}.")


async def answers(url: str) -> bool:
    """Whether a server is there. Raises VisitError, in the server's words, if it is and takes no call now."""
    try:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(2)) as http:
            async with http.get(f"{url}/healthz") as answer:
                if answer.status != 200 or await answer.json() != {"status": "ok"}:
                    return False
            async with http.get(f"{url}/readyz") as answer:
                if answer.status == 503:
                    raise VisitError((await answer.json())["detail"])
    except (aiohttp.ClientError, TimeoutError, ValueError):
        return False
    return True


@asynccontextmanager
async def visitors_key(settings: Settings, name: str, scopes: Iterable[Scope]) -> AsyncIterator[str]:
    """A key of the first organisation, good for an hour at most, revoked afterwards. Raises VisitError."""
    token, now = new_token(), datetime.now(UTC)
    try:
        async with Database(settings.database) as database:
            async with database.begin() as work:
                organisation = await work.organisations.first()
                if organisation is None:
                    raise VisitError("This data folder belongs to no server: start one with make run.")
                key = key_for(token, organisation.id, name, scopes, now, now + timedelta(hours=1))
                await work.keys.add(key)
            try:
                yield token
            finally:
                async with database.begin() as work:
                    await work.keys.revoke(key.id, now=datetime.now(UTC))
    except UnusableDatabaseError as error:
        raise VisitError(f"The database cannot be used: {error}.") from None
