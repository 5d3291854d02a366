from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Coroutine
from typing import Any, TypeVar

import pytest
from aiohttp import ClientSession

from server.rehearsal.clock import RehearsalLoop
from server.rehearsal.servers import ToolServer

T = TypeVar("T")


def run(work: Coroutine[Any, Any, T]) -> T:
    with asyncio.Runner(loop_factory=RehearsalLoop) as runner:
        return runner.run(work)


def test_to_wait_takes_no_time_and_moves_the_clock() -> None:
    async def waits() -> float:
        await asyncio.sleep(86_400)
        return asyncio.get_running_loop().time()

    assert run(waits()) == 86_400


def test_the_clock_stands_still_while_a_thread_works() -> None:
    async def works() -> float:
        began = threading.Event()

        def work() -> None:
            began.set()
            time.sleep(0.05)

        async with asyncio.timeout(0.01):
            await asyncio.to_thread(work)
        assert began.is_set()
        return asyncio.get_running_loop().time()

    assert run(works()) == 0


def test_a_timeout_comes_where_nothing_else_does() -> None:
    async def hangs() -> None:
        async with asyncio.timeout(30):
            await asyncio.Event().wait()

    with pytest.raises(TimeoutError):
        run(hangs())


def test_a_server_of_this_process_answers_before_the_clock_moves_on() -> None:
    async def asks() -> tuple[float, list[int]]:
        server = ToolServer({"/times": {"times": ["10:00"]}})
        async with server.serving(), ClientSession() as http:
            statuses = []
            for status in (200, 503):
                server.statuses["/times"] = status
                async with http.post(f"{server.url}/times", json={}) as answer:
                    statuses.append(answer.status)
            server.statuses["/times"] = 0
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(3), http.post(f"{server.url}/times", json={}):
                    pass
        return asyncio.get_running_loop().time(), statuses

    seconds, statuses = run(asks())
    assert statuses == [200, 503]
    assert 3 <= seconds < 4
