"""A real Prometheus that scrapes a test's own server. `tests/prometheus.sh` fetches it.

Where it is missing a test that needs it is skipped, but fails in CI.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from subprocess import DEVNULL
from typing import Any

import pytest
from aiohttp import ClientConnectionError, ClientSession

from tests.patience import until

FETCHED = Path(__file__).parents[1] / ".venv/share/prometheus"
JOB = "vaani"


def program(name: str) -> str:
    """`prometheus` or `promtool`. Skips the test where it is missing."""
    found = shutil.which(name) or shutil.which(name, path=str(FETCHED))
    if found is None:
        if os.environ.get("CI") == "true":
            pytest.fail(f"no {name}: run tests/prometheus.sh")
        pytest.skip(f"no {name}: run tests/prometheus.sh")
    return found


@dataclass(frozen=True, slots=True)
class Prometheus:
    url: str
    http: ClientSession

    async def ask(self, path: str, **given: str) -> Any:
        """Its data. Fails if the query cannot be answered."""
        async with self.http.post(f"{self.url}/api/v1/{path}", data=given) as answer:
            told = await answer.json()
        assert told["status"] == "success", (given, told)
        return told["data"]

    async def values(self, query: str) -> list[float]:
        """One for each series."""
        return [float(one["value"][1]) for one in (await self.ask("query", query=query))["result"]]

    async def exemplars(self, query: str) -> list[dict[str, str]]:
        """The labels of each, of the last minute."""
        now = time.time()
        found = await self.ask("query_exemplars", query=query, start=str(now - 60), end=str(now + 60))
        return [exemplar["labels"] for series in found for exemplar in series["exemplars"]]


@asynccontextmanager
async def scraping(folder: Path, target: str, rules: Path, http: ClientSession) -> AsyncIterator[Prometheus]:
    """It scrapes the server at the URL `target`, and works the rules out, every second."""
    address = f"127.0.0.1:{_free_port()}"
    process = await asyncio.create_subprocess_exec(
        program("prometheus"),
        f"--config.file={_configured(folder, target, rules)}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address={address}",
        "--enable-feature=exemplar-storage",
        stdout=DEVNULL,
        stderr=DEVNULL,
    )
    try:
        prometheus = Prometheus(f"http://{address}", http)

        async def is_ready() -> bool:
            assert process.returncode is None, "it ended"
            try:
                async with http.get(f"{prometheus.url}/-/ready") as answer:
                    return answer.status == 200
            except ClientConnectionError:
                return False

        await until(is_ready, 30)
        yield prometheus
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def _configured(folder: Path, target: str, rules: Path) -> Path:
    configuration = {
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "rule_files": [str(rules)],
        "scrape_configs": [{"job_name": JOB, "static_configs": [{"targets": [target.partition("//")[2]]}]}],
    }
    folder.mkdir()
    file = folder / "prometheus.yml"
    file.write_text(json.dumps(configuration))
    return file


def _free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as held:
        port: int = held.getsockname()[1]
        return port
