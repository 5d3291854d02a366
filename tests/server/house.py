"""A server's inside, without sockets: calls come over a loopback, stages speak from a script, a real database."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from aiohttp import ClientSession
from prometheus_client import CollectorRegistry

from control_api.records.stories import Stories
from dialer.timing import Prices, Timing
from pipeline.transport import Incoming
from processors.meter import Metrics
from processors.recorder import RecordingThread
from processors.voice_detector import VoiceDetector
from server.assembly import Workshop
from server.desks import OutboundDesk
from server.journal import Ledger
from server.office import Office
from server.switchboard import Switchboard
from storage.bus import MemoryBus, Message
from storage.ids import CALL, new_id
from storage.recordings import Recordings
from storage.records import OutboxEvent
from storage.sealing import Seal
from storage.seed import Seeded
from tests.server.books import Books
from tests.storage.samples import NOW
from transports.loopback import Line, Loopback

NODE = "one"
SEAL = Seal.of([bytes(32)])


def scripted(
    *, heard: Iterable[str] = ("hello there",), says: Iterable[str] = ("Fine.",), **more: Any
) -> dict[str, Any]:
    """A call plan of which every stage answers at once, and the same every time. Who is silent is left alone."""
    return {
        "idle": None,
        "vad": {"kind": "loudness"},
        "smart_turn": False,
        "stt": {"provider": "scripted", "options": {"lines": list(heard)}},
        "llm": {"provider": "scripted", "options": {"replies": list(says)}},
        "tts": {"provider": "scripted", "options": {}},
        **more,
    }


@dataclass
class House(Books):
    seeded: Seeded
    data: Path
    workshop: Workshop
    max_calls: int = 10
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)
    ringing: Callable[[], int] = lambda: 0
    """Calls that somebody has yet to answer."""

    def __post_init__(self) -> None:
        self.bus = Stories(MemoryBus())
        self.recordings = Recordings(self.data)
        self.office = Office(
            self.database,
            Ledger(self.database),
            self.bus,
            self.recordings,
            self.workshop.metrics,
            NODE,
            SEAL,
            OutboundDesk(Timing(), Prices()),
        )
        self.switchboard = Switchboard(
            self.office, self.workshop, max_calls=self.max_calls, country="IN", ringing=lambda: self.ringing()
        )

    async def agent(self, config: Mapping[str, Any]) -> None:
        """What the demo line's agent does from now on."""
        async with self.database.begin(self.seeded.organisation) as work:
            agent = await work.agents.get(self.seeded.agent)
            assert agent is not None
            await work.agents.save(replace(agent, config=config), now=NOW)

    async def call(self, script: Iterable[Line] | AsyncIterable[Line], **about: Any) -> tuple[str, Loopback]:
        """One call to its end."""
        line, incoming = Loopback(script), self.incoming(**about)
        await self.switchboard.answer(line, incoming)
        return incoming.call, line

    def incoming(self, **about: Any) -> Incoming:
        return Incoming("loopback", call=new_id(CALL), **about)

    async def announced(self) -> list[OutboxEvent]:
        async with self.database.read() as work:
            return await work.outbox.waiting(1000)

    async def story(self, call: str) -> list[Message]:
        """Of a call that is over."""
        async with self.bus.follow(f"call.{call}") as story:
            return [message async for message in story]


@asynccontextmanager
async def a_workshop(**more: Any) -> AsyncIterator[Workshop]:
    recordings = RecordingThread()
    async with ClientSession() as http:
        with VoiceDetector() as detector:
            given = {"judge": None, "max_seconds": 3600.0, **more}
            yield Workshop(http, detector, recordings=recordings, metrics=Metrics(CollectorRegistry()), **given)
    recordings.close()
