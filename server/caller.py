"""`call`: a simulated person calls the server over Exotel's own wire, and the terminal shows it live."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
from rich.console import Console

from processors.tts.embedded import EmbeddedTts
from server.settings import Settings
from server.simulator import RATE, VOICE, voice_of
from server.terminal import CallView
from server.wiring import running
from storage.database import Database, UnusableDatabaseError
from storage.keys import key_for, new_token
from storage.records import Scope
from transports import simulator
from transports.simulator.casting import from_recording, from_script
from transports.simulator.exotel_wire import CallFacts
from transports.simulator.line import Conversation, SimulatedLine
from transports.simulator.people import Person

SCRIPT = Path(simulator.__file__).with_name("demo_caller.json")
NOT_YET, WATCH_TRIES = 4404, 30
"""The line stands a moment before the server has written down that there is a call."""
FROM, TO = "+15550010001", "+15550010000"


class CallError(Exception):
    """The call could not be placed. Its text is a sentence for whoever typed the command."""


async def place(settings: Settings, console: Console, recording: Path | None) -> None:
    """One call to its end, shown on the console. Raises CallError."""
    person = await _person(recording)
    async with _server(settings, console) as url, _key(settings) as token, aiohttp.ClientSession() as http:
        view = CallView(console)
        with view:
            talk = await _talk(http, url, token, person, view, settings)
        console.print()
        console.print(view.summary())
        await _where(settings, console, talk)


async def _person(recording: Path | None) -> Person:
    if recording is None:
        script = json.loads(await asyncio.to_thread(SCRIPT.read_text))
        return await from_script(script, voice_of(EmbeddedTts(VOICE)), rate=RATE)
    try:
        return await from_recording(recording, rate=RATE)
    except (OSError, ValueError) as error:
        raise CallError(f"{recording} cannot be heard: {error}") from None


@asynccontextmanager
async def _server(settings: Settings, console: Console) -> AsyncIterator[str]:
    """The running server's address, or a private one's for this one call."""
    if await _answers(settings.url):
        console.print(f"Calling the server at {settings.url}.", style="dim")
        yield settings.url
        return
    console.print(f"No server at {settings.url}: starting one for this call.", style="dim")
    async with running(settings.model_copy(update={"port": 0, "public_url": None})) as server:
        await server.settled.wait()
        if not server.ready.is_set():
            raise CallError(server.unready)
        if server.first_key:
            console.print(f"Your first API key, shown only now: [bold]{server.first_key}[/bold]")
        yield server.url


async def _answers(url: str) -> bool:
    """Whether a server is there. Raises CallError, in the server's words, if it is and takes no call now."""
    try:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(2)) as http:
            async with http.get(f"{url}/healthz") as answer:
                if answer.status != 200 or await answer.json() != {"status": "ok"}:
                    return False
            async with http.get(f"{url}/readyz") as answer:
                if answer.status == 503:
                    raise CallError((await answer.json())["detail"])
    except (aiohttp.ClientError, TimeoutError, ValueError):
        return False
    return True


@asynccontextmanager
async def _key(settings: Settings) -> AsyncIterator[str]:
    """A key to watch calls with, good for an hour at most, revoked afterwards."""
    token, now = new_token(), datetime.now(UTC)
    try:
        async with Database(settings.database) as database:
            async with database.begin() as work:
                organisation = await work.organisations.first()
                if organisation is None:
                    raise CallError("This data folder belongs to no server: start one with make run.")
                key = key_for(token, organisation.id, "make call", {Scope.CALLS_READ}, now, now + timedelta(hours=1))
                await work.keys.add(key)
            try:
                yield token
            finally:
                async with database.begin() as work:
                    await work.keys.revoke(key.id, now=datetime.now(UTC))
    except UnusableDatabaseError as error:
        raise CallError(f"The database cannot be used: {error}.") from None


async def _talk(
    http: aiohttp.ClientSession, url: str, token: str, person: Person, view: CallView, settings: Settings
) -> Conversation:
    wire = url.replace("http", "ws", 1)
    secret = settings.exotel.token.get_secret_value()
    credentials = (settings.exotel.user, settings.exotel.password.get_secret_value())
    answered: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    line = SimulatedLine(
        f"{wire}/ws/exotel" + (f"/{secret}" if secret else ""),
        person,
        CallFacts(from_number=FROM, to_number=TO, rate=RATE),
        credentials=credentials if credentials[0] else None,
        answered=answered.set_result,
    )
    try:
        async with asyncio.TaskGroup() as tasks:
            talking = tasks.create_task(line.run(http))
            tasks.create_task(_watch(http, wire, token, answered, view))
    except ExceptionGroup as group:
        match group.exceptions[0]:
            case CallError() as error:
                raise error from None
            case aiohttp.WSServerHandshakeError(status=status):
                raise CallError(f"The server refused the call with status {status}.") from None
            case aiohttp.ClientError() | OSError() as error:
                raise CallError(f"The line broke: {error}.") from None
        raise
    return talking.result()


async def _watch(
    http: aiohttp.ClientSession, wire: str, token: str, answered: asyncio.Future[str], view: CallView
) -> None:
    call = await answered
    headers = {"Authorization": f"Bearer {token}"}
    for _ in range(WATCH_TRIES):
        async with http.ws_connect(f"{wire}/ws/live/{call}?partials=1", headers=headers) as live:
            async for message in live:
                if message.type is aiohttp.WSMsgType.TEXT:
                    view.show(message.json())
            if live.close_code != NOT_YET:
                break
        await asyncio.sleep(0.1)
    if live.close_code in (4401, NOT_YET):
        raise CallError("That server has another data folder: call it from where it runs.")


async def _where(settings: Settings, console: Console, talk: Conversation) -> None:
    async with Database(settings.database) as database, database.read() as work:
        call = await work.calls.get(talk.call)
    if call is not None and call.recording:
        console.print(f"\nRecording (caller left, agent right): {settings.data_dir / call.recording}")
    console.print(f"Call {talk.call}", style="dim")
