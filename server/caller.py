"""`call`: a simulated person calls the server over Exotel's own wire, and the terminal shows it live."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import aiohttp
from rich.console import Console

from processors.tts.embedded import EmbeddedTts
from server.settings import Settings
from server.simulator import RATE, VOICE, voice_of
from server.terminal import CallView
from server.visit import VisitError, visited, visitors_key
from storage.database import Database
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


async def place(settings: Settings, console: Console, recording: Path | None) -> None:
    """One call to its end, shown on the console. Raises VisitError."""
    person = await _person(recording)
    async with (
        visited(settings, console, doing="Calling", what="call") as host,
        visitors_key(settings, "make call", {Scope.CALLS_READ}) as token,
        aiohttp.ClientSession() as http,
    ):
        view = CallView(console)
        with view:
            talk = await _talk(http, host.url, token, person, view, settings)
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
        raise VisitError(f"{recording} cannot be heard: {error}") from None


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
            case VisitError() as error:
                raise error from None
            case aiohttp.WSServerHandshakeError(status=status):
                raise VisitError(f"The server refused the call with status {status}.") from None
            case aiohttp.ClientError() | OSError() as error:
                raise VisitError(f"The line broke: {error}.") from None
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
        raise VisitError("That server has another data folder: call it from where it runs.")


async def _where(settings: Settings, console: Console, talk: Conversation) -> None:
    async with Database(settings.database) as database, database.read() as work:
        call = await work.calls.get(talk.call)
    if call is not None and call.recording:
        console.print(f"\nRecording (caller left, agent right): {settings.data_dir / call.recording}")
    console.print(f"Call {talk.call}", style="dim")
