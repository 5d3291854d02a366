"""The stand-in for Exotel itself."""

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import orjson
import pytest
from aiohttp import ClientSession

from tests.transports.exotel_dials import (
    CALLER_ID,
    FLOW,
    Wanted,
    line_to,
    samples,
)
from tests.transports.exotel_exchange import ExotelExchange
from tests.transports.exotel_subscribers import Manner
from transports.exotel.carrier import exotel_session

REST = samples("exotel_rest.jsonl")


@pytest.fixture
async def http() -> AsyncIterator[ClientSession]:
    async with exotel_session() as session:
        yield session


@pytest.mark.parametrize("name", ["number_metadata", "active_streams", "call_details", "connect_flow"])
async def test_the_stand_in_speaks_as_the_samples_do(http: ClientSession, name: str) -> None:
    sample = REST[name]
    async with ExotelExchange(Manner(ring=0, talk=0)) as exchange:
        sid = await line_to(exchange.url, http).dial(Wanted())
        await exchange.over()
        url = sample["request"]["url"].replace(FLOW.root, exchange.url)
        url = url.replace("fab0c0ffee0000000000000000000001", sid)
        headers = {"Authorization": FLOW.authorization}
        if name == "connect_flow":
            headers["Content-Type"] = sample["request"]["headers"]["Content-Type"]
        body = sample["request"].get("body")
        async with http.request(sample["request"]["method"], url, headers=headers, data=body) as reply:
            assert reply.status == sample["response"]["status"]
            if (wanted := sample["response"].get("json")) is None:
                assert (await reply.text()).replace(">0<", ">3<") == sample["response"]["body"]
                return
            (part,) = wanted
            assert set((await reply.json())[part]) == set(wanted[part])


async def test_a_dial_stays_in_the_log_of_a_stand_in_that_is_killed(http: ClientSession, tmp_path: Path) -> None:
    log = tmp_path / "dials.jsonl"
    options = ["--log", str(log), "--ring", "3600", "--callbacks", "none", "--accept-delay", "0:0.01"]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.transports.exotel_exchange", *options, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        url = orjson.loads(await process.stdout.readline())["url"]
        sid = await line_to(url, http).dial(Wanted())
    finally:
        process.kill()
        await process.wait()
    (line,) = map(orjson.loads, log.read_text().splitlines())
    assert (line["sid"], line["custom"], line["from"], line["caller_id"]) == (sid, "cal_1", "+919800000001", CALLER_ID)


def test_numbers_without_a_fixed_end_follow_the_mix_and_the_seed() -> None:
    numbers = [f"+9198{n:08d}" for n in range(5000, 7000)]
    outcomes = [Manner(seed=1).outcome(number) for number in numbers]
    assert outcomes == [Manner(seed=1).outcome(number) for number in numbers]
    assert outcomes != [Manner(seed=2).outcome(number) for number in numbers]
    assert 900 < outcomes.count("completed") < 1100
    assert 400 < outcomes.count("no-answer") < 600
