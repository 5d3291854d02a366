"""Events of calls, a receiver that refuses half of what it is asked, and processes that die in the middle of it."""

from __future__ import annotations

import asyncio
import multiprocessing
import random
from collections import Counter
from multiprocessing.process import BaseProcess

import pytest
from aiohttp import web

from storage.assets import DeliveryState
from storage.database import Database
from storage.ids import CALL, new_id
from storage.seed import Seeded
from tests.control_api.dispatching_worker import dispatch_for_ever
from tests.control_api.receivers import Received, all_are, by_call, deliveries, receiving, subscribed
from tests.patience import until

WORKERS = 2
REPEATED = 0.02


@pytest.mark.parametrize(
    ("calls", "kills"), [(200, 2), pytest.param(3_000, 15, marks=[pytest.mark.soak, pytest.mark.timeout(1800)])]
)
async def test_nothing_is_lost_and_next_to_nothing_repeated_when_those_who_send_are_killed(
    database: Database, database_url: str, seeded: Seeded, calls: int, kills: int
) -> None:
    asyncio.get_running_loop().set_debug(False)  # thousands of requests
    chance = random.Random(5)
    refused: Counter[str] = Counter()

    async def half_of_the_time(received: Received, request: web.Request) -> int:
        if refused[received.id] < 2 and chance.random() < 0.5:  # three retries get through what is down half the time
            refused[received.id] += 1
            return 503
        return 200

    async with receiving(half_of_the_time) as receiver:
        (webhook,) = await subscribed(database, seeded.organisation, receiver.url)
        workers = [_started(database_url) for _ in range(WORKERS)]
        try:
            told = [asyncio.create_task(_announce(database, seeded.organisation, calls))]
            for kill in range(1, kills + 1):
                enough = 2 * calls * kill // (kills + 1)
                await until(lambda: len(receiver.taken) >= enough, 600)  # noqa: B023 - asked at once
                victim = workers.pop(0)
                victim.kill()
                await asyncio.to_thread(victim.join)
                workers.append(await asyncio.to_thread(_started, database_url))
            await asyncio.gather(*told)
            await until(lambda: len({one.id for one in receiver.taken}) >= 2 * calls, 600)
            await until(lambda: all_are(database, webhook, DeliveryState.DONE))
        finally:
            for worker in workers:
                worker.kill()
                worker.join()
        logs = await deliveries(database, webhook)
    taken = Counter(one.id for one in receiver.taken)
    assert set(taken) == {log.event_id for log in logs}
    assert len(taken) == 2 * calls
    assert taken.total() - len(taken) <= REPEATED * len(taken)
    for events in by_call(receiver.received):
        assert events == sorted(events, reverse=True)  # call.started is over before call.ended begins


def _started(url: str) -> BaseProcess:
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload(["tests.control_api.dispatching_worker"])
    worker = processes.Process(target=dispatch_for_ever, args=(url,))
    worker.start()
    return worker


async def _announce(database: Database, organisation: str, calls: int) -> None:
    for _ in range(calls):
        call = new_id(CALL)
        for topic in ("call.started", "call.ended"):
            async with database.begin(organisation) as work:
                await work.announce(topic, {"call": call})
