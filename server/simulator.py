"""The simulated telephone network of a server: its people have an embedded voice, and Exotel's own wire."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from aiohttp import ClientSession, TCPConnector

from processors.tts.embedded import EmbeddedTts, Options
from server.settings import Settings
from server.sounds.speech import spoken
from transports.simulator.cast import Cast
from transports.simulator.fates import Mix
from transports.simulator.flow import Applets
from transports.simulator.network import Report, SimulatedNetwork

RATE = 8000
VOICE = Options(voice="espeak+m3", language="en-IN", speed=0.95)
"""The callers', unlike the bot's."""
EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104 - what a server may listen on
"""Where a server that listens on all addresses is reached from within."""


def voice_of(tts: EmbeddedTts) -> Callable[[str], Awaitable[bytes]]:
    """A voice as the casting of a simulated person wants it."""

    async def say(text: str) -> bytes:
        return await spoken(tts, text, RATE)

    return say


@asynccontextmanager
async def simulated_network(
    settings: Settings, report: Report, applets: Callable[[str, str], Awaitable[Applets | None]]
) -> AsyncIterator[SimulatedNetwork]:
    """`applets` are those of a call, at a server with this URL."""
    exotel = settings.exotel
    secret = exotel.token.get_secret_value()
    host = EVERYWHERE.get(settings.host, f"[{settings.host}]" if ":" in settings.host else settings.host)
    url = f"ws://{host}:{settings.port}/ws/exotel" + (f"/{secret}" if secret else "")
    async with (
        ClientSession(connector=TCPConnector(limit=0)) as http,
        SimulatedNetwork(
            url=lambda: url,
            http=http,
            person=Cast(voice_of(EmbeddedTts(VOICE)), speed=settings.simulator_speed),
            report=report,
            applets=lambda call: applets(call, f"http://{host}:{settings.port}"),
            mix=Mix.parse(settings.simulator_mix),
            seed=settings.simulator_seed,
            speed=settings.simulator_speed,
            credentials=(exotel.user, exotel.password.get_secret_value()) if exotel.user else None,
        ) as network,
    ):
        yield network
