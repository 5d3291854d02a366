"""`python -m benchmarks.api_server`: the control API alone, as settings say, in a process of its own."""

from __future__ import annotations

import asyncio
import signal

import uvloop
from aiohttp import ClientSession, web

from control_api.app import create_app
from server.control import services
from server.settings import Settings
from storage.database import Database


async def main() -> None:
    settings = Settings()
    over = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, over.set)
    async with Database(settings.url_of_database) as database, ClientSession() as http:
        async with services(settings, database, http) as shared:
            runner = web.AppRunner(create_app([], services=shared, ready=lambda: None), access_log=None)
            await runner.setup()
            await web.TCPSite(runner, settings.host, settings.port).start()
            await over.wait()
            await runner.cleanup()


if __name__ == "__main__":
    uvloop.run(main())
