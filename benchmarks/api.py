"""S9: the control API over 100,000 customers and a million calls, on SQLite and PostgreSQL; and how its answers grow.

The server is a process of its own, on a core of its own, asked over HTTP with an API key.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import uvloop

from benchmarks import databases, plots
from benchmarks.api_questions import BULK, LISTED, SHOWN, TWO_TAGS, Answers, Question, questions
from benchmarks.bench_server import LOAD_CORE, Measured, free_port, process
from benchmarks.office import Office
from benchmarks.report import Bar, machine, percentile, print_bars
from storage.database import Database
from storage.keys import new_token
from storage.migrations import migrate
from storage.seed import seed

CALLS = (1_000, 10_000, 100_000, 1_000_000)
CLIENTS = 16
CROWD_SECONDS = 10.0
WARM = 10
"""Answers that fill the caches, before those that count."""
DATABASES: dict[str, Callable[[Path], databases.Place]] = {
    "SQLite": databases.sqlite,
    "PostgreSQL": databases.postgresql,
}
PICTURE = Path(__file__).parents[1] / "docs" / "api_growth.png"


class Client:
    """Somebody with a key."""

    def __init__(self, http: aiohttp.ClientSession, server: Measured) -> None:
        self._http, self.server = http, server

    async def ask(self, question: Question) -> float:
        """How long the whole answer took, in milliseconds. Raises RuntimeError if it was not the one expected."""
        method, path, body = question.request()
        begin = time.perf_counter()
        async with self._http.request(
            method, f"http://127.0.0.1:{self.server.port}/api/voice{path}", data=body
        ) as answer:
            text = await answer.read()
        took = (time.perf_counter() - begin) * 1000
        if not answer.ok:
            raise RuntimeError(f"{question.name}: {answer.status} {text[:200]!r}")
        return took


@asynccontextmanager
async def client_of(url: str, token: str, folder: Path) -> AsyncIterator[Client]:
    """Of a server on that database. This thread has the load's core within the block."""
    port = free_port()
    environment = {
        "VAANI_DATABASE_URL": url,
        "VAANI_DATA_DIR": str(folder),
        "VAANI_PORT": str(port),
        "VAANI_RATE_LIMITS": "off",
        "VAANI_LOG_LEVEL": "warning",
    }
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    cores = os.sched_getaffinity(0)
    async with (
        process([sys.executable, "-m", "server"], port, environment, ready="/readyz") as server,
        aiohttp.ClientSession(headers=headers) as http,
    ):
        os.sched_setaffinity(0, {LOAD_CORE})
        try:
            yield Client(http, server)
        finally:
            os.sched_setaffinity(0, cores)


async def one_by_one(client: Client, database: str, calls: int, question: Question) -> Answers:
    for _ in range(WARM):
        await client.ask(question)
    before = client.server.cost().cpu
    took = [await client.ask(question) for _ in range(question.times)]
    cpu = (client.server.cost().cpu - before) * 1000 / question.times
    p50, p95, p99 = (percentile(took, share) for share in (0.5, 0.95, 0.99))
    return Answers(database, calls, question.name, p50, p95, p99, cpu)


async def crowd(client: Client, asked: Sequence[Question]) -> float:
    """Answers a second to clients who ask any of the questions, each one after the other."""
    answered = 0
    begin = time.perf_counter()

    async def one(chance: random.Random) -> None:
        nonlocal answered
        while time.perf_counter() - begin < CROWD_SECONDS:
            await client.ask(chance.choice(asked))
            answered += 1

    await asyncio.gather(*(one(random.Random(number)) for number in range(CLIENTS)))
    return answered / (time.perf_counter() - begin)


async def of_database(name: str, sizes: Sequence[int], folder: Path) -> list[Answers]:
    """Grows one office from size to size, and asks it everything at each."""
    found: list[Answers] = []
    token, now = new_token(), datetime.now(UTC)
    async with DATABASES[name](folder) as url:
        await migrate(url)
        async with Database(url) as database:
            async with database.begin() as work:
                seeded = await seed(work, now=now, config={}, voice_config={}, language="en-IN", token=token)
            assert seeded is not None
            office = Office(database, seeded, now)
            await office.open()
            for size in sizes:
                begin = time.monotonic()
                await office.grow(size - len(office.calls))
                await databases.settle(url)
                took = time.monotonic() - begin
                print(f"\n{name}, {size} calls, {len(office.customers)} customers (filled in {took:.0f} s)")
                async with client_of(url, token, folder) as client:
                    found += await of_size(client, name, office)
                await office.forget()
    return found


async def of_size(client: Client, database: str, office: Office) -> list[Answers]:
    found = []
    print(f"{'milliseconds':<40} {'p50':>8} {'p95':>8} {'p99':>8} {'CPU':>8}")
    asked = questions(office)
    for question in asked:
        answers = await one_by_one(client, database, len(office.calls), question)
        figures = (answers.p50, answers.p95, answers.p99, answers.cpu)
        print(f"{question.name:<40} " + " ".join(f"{figure:>8.1f}" for figure in figures), flush=True)
        found.append(answers)
    for kind, changes in (("reading", False), ("writing", True)):
        usual = [question for question in asked if question.changes is changes and question.is_usual]
        print(f"{CLIENTS} clients {kind:<29} {await crowd(client, usual):>8.0f} answers a second", flush=True)
    print(f"load average {os.getloadavg()[0]:.1f}", flush=True)
    return found


def bars(found: Sequence[Answers]) -> None:
    for database in dict.fromkeys(answers.database for answers in found):
        largest = max(answers.calls for answers in found)
        p99 = {each.question: each.p99 for each in found if (each.database, each.calls) == (database, largest)}
        print_bars(
            Bar(f"S9 {database}: {LISTED}, p99", p99[LISTED], 20, "ms"),
            Bar(f"S9 {database}: {TWO_TAGS}, p99", p99[TWO_TAGS], 20, "ms"),
            *(Bar(f"S9 {database}: {bulk}, p99", p99[bulk], 250, "ms") for bulk in BULK),
        )


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("calls", type=int, nargs="*", default=CALLS, help="how many calls there are, growing")
    parser.add_argument("--only", choices=DATABASES, help="on this database alone")
    asked = parser.parse_args()
    sizes = sorted(asked.calls)
    await asyncio.to_thread(subprocess.run, ["sh", "tests/postgres.sh"], check=True)
    print(f"machine: {machine()}; one core for the server, one for the load; load average {os.getloadavg()[0]:.1f}")
    found: list[Answers] = []
    for name in [asked.only] if asked.only else DATABASES:
        with tempfile.TemporaryDirectory() as folder:
            found += await of_database(name, sizes, Path(folder))
    bars(found)
    if len(sizes) > 1:
        plots.api_growth(found, SHOWN, PICTURE)


if __name__ == "__main__":
    uvloop.run(main())
