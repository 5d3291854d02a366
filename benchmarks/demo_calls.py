"""Whole calls of the demo caller, over the real websocket wire; what the server has written of them."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from processors.tts.embedded import EmbeddedTts
from server.caller import FROM, SCRIPT, TO
from server.simulator import RATE, VOICE, voice_of
from storage.database import Database
from storage.records import TurnLatency
from transports.simulator.casting import from_script
from transports.simulator.exotel_wire import CallFacts
from transports.simulator.line import SimulatedLine


@dataclass(frozen=True, slots=True)
class DemoCall:
    answers: list[TurnLatency]
    greeting: float
    """Seconds from the answer of the phone to the greeting's first sound."""


async def one_call(http: aiohttp.ClientSession, port: int, folder: Path, seed: int) -> DemoCall:
    """From its answer to its end. `folder` is the server's."""
    script = json.loads(SCRIPT.read_text())
    person = await from_script(script, voice_of(EmbeddedTts(VOICE)), rate=RATE, seed=seed)
    facts = CallFacts(from_number=FROM, to_number=TO, rate=RATE, call_sid=f"bench{seed}")
    talk = await SimulatedLine(f"ws://127.0.0.1:{port}/ws/exotel", person, facts).run(http)
    url = f"sqlite+aiosqlite:///{folder / 'vaani.db'}"
    while True:
        async with Database(url) as database, database.read() as work:
            call = await work.calls.get(talk.call)
            if call is not None and call.ended_at is not None:
                return DemoCall(await work.calls.latencies(talk.call), talk.times("reply")[0])
        await asyncio.sleep(0.2)
