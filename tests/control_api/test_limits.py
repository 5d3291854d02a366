from __future__ import annotations

import asyncio
import logging
import socket
import time
import tracemalloc
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from control_api.access import limits as limits_module
from control_api.access.limits import SHARED_AGAIN, Limits, Rules, Verdict
from control_api.access.windows import CAPACITY, Windows
from tests.control_api.redis_servers import INSTALLED, URL, imitation, real
from tests.patience import until

PLACES = [
    "memory",
    "imitation",
    pytest.param("real", marks=pytest.mark.skipif(not INSTALLED, reason="no redis-server")),
]


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(params=PLACES)
def place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str | None]:
    """Where is counted."""
    match request.param:
        case "memory":
            yield None
        case "imitation":
            imitation(monkeypatch)
            yield URL
        case _:
            with real(tmp_path) as url:
                yield url


@pytest.fixture
async def limits(place: str | None) -> AsyncIterator[Limits]:
    limits = Limits(place, Rules())
    yield limits
    assert not limits.away  # what was shown was shown by Redis, where there is one
    await limits.close()


async def hits(
    limits: Limits, count: int, endpoint: str, documented: str | None, *, key: str | None, address: str
) -> Verdict:
    """The last verdict of so many requests."""
    verdict = None
    for _ in range(count):
        verdict = await limits.hit(endpoint, documented, key=key, address=address)
    assert verdict is not None
    return verdict


async def test_one_more_than_the_limit_is_refused(limits: Limits) -> None:
    left = []
    for _ in range(10):
        verdict = await limits.hit("POST /customers/bulk", "10/minute", key="k", address="1.1.1.1")
        assert verdict is not None
        assert verdict.allowed
        left.append(verdict.remaining)
    assert left == [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]
    refused = await hits(limits, 2, "POST /customers/bulk", "10/minute", key="k", address="1.1.1.1")
    assert not refused.allowed
    assert (refused.limit, refused.remaining, refused.text) == (10, 0, "10/minute")
    assert 1 <= refused.retry_after <= 61
    assert 0 <= refused.reset - time.time() <= 61


async def test_an_endpoints_own_limit_counts_the_key_and_the_address(limits: Limits) -> None:
    await hits(limits, 3, "POST /flows", "4/minute", key="one", address="1.1.1.1")
    other_key = await hits(limits, 1, "POST /flows", "4/minute", key="two", address="1.1.1.1")
    assert (other_key.allowed, other_key.remaining) == (True, 0)
    by_address = await hits(limits, 1, "POST /flows", "4/minute", key="three", address="1.1.1.1")
    assert not by_address.allowed
    by_key = await hits(limits, 1, "POST /flows", "4/minute", key="one", address="2.2.2.2")
    assert (by_key.allowed, by_key.remaining) == (True, 0)
    elsewhere = await hits(limits, 1, "POST /flows", "4/minute", key="one", address="3.3.3.3")
    assert not elsewhere.allowed
    stranger = await hits(limits, 1, "POST /flows", "4/minute", key=None, address="4.4.4.4")
    assert (stranger.allowed, stranger.remaining) == (True, 3)


async def test_what_one_counter_refuses_the_other_does_not_count(limits: Limits) -> None:
    await hits(limits, 5, "POST /flows", "2/minute", key=None, address="1.1.1.1")
    refused = await hits(limits, 5, "POST /flows", "2/minute", key="k", address="1.1.1.1")
    assert not refused.allowed
    key = await hits(limits, 1, "POST /flows", "2/minute", key="k", address="2.2.2.2")
    assert (key.allowed, key.remaining) == (True, 1)
    await hits(limits, 4, "POST /flows", "2/minute", key="k", address="3.3.3.3")
    address = await hits(limits, 1, "POST /flows", "2/minute", key="other", address="3.3.3.3")
    assert (address.allowed, address.remaining) == (True, 0)


async def test_the_default_is_counted_over_all_endpoints_that_share_it(limits: Limits) -> None:
    await hits(limits, 60, "GET /calls", None, key="k", address="1.1.1.1")
    await hits(limits, 39, "GET /flows", None, key="k", address="2.2.2.2")
    await hits(limits, 5, "POST /flows", "20/minute", key="k", address="2.2.2.2")
    last = await hits(limits, 1, "GET /agents", None, key="k", address="3.3.3.3")
    assert (last.allowed, last.limit, last.remaining) == (True, 100, 0)
    assert not (await hits(limits, 1, "GET /agents", None, key="k", address="3.3.3.3")).allowed
    stranger = await hits(limits, 1, "GET /agents", None, key=None, address="3.3.3.3")
    assert (stranger.allowed, stranger.remaining) == (True, 99)
    with_a_key = await hits(limits, 1, "GET /agents", None, key="other", address="3.3.3.3")
    assert (with_a_key.allowed, with_a_key.remaining) == (True, 99)


async def test_processes_with_one_redis_count_together(place: str | None) -> None:
    if place is None:
        pytest.skip("memory is one process's own")
    one, two = Limits(place, Rules()), Limits(place, Rules())
    await asyncio.gather(*(hits(limits, 10, "POST /x", "25/minute", key=None, address="a") for limits in (one, two)))
    assert (await hits(two, 1, "POST /x", "25/minute", key=None, address="a")).remaining == 4
    await asyncio.gather(one.close(), two.close())


async def test_a_window_ends_and_a_new_one_begins() -> None:
    clock = Clock()
    limits = Limits(None, Rules(), clock=clock)
    refused = await hits(limits, 6, "POST /flows/{uuid}/launch", "5/minute", key="k", address="a")
    assert (refused.allowed, refused.retry_after) == (False, 60)
    clock.now += 59.9
    assert not (await hits(limits, 1, "POST /flows/{uuid}/launch", "5/minute", key="k", address="a")).allowed
    clock.now += 0.1
    again = await hits(limits, 1, "POST /flows/{uuid}/launch", "5/minute", key="k", address="a")
    assert (again.allowed, again.remaining) == (True, 4)


async def test_a_crowd_of_addresses_takes_little_memory_and_is_forgotten() -> None:
    clock = Clock()
    windows = Windows(capacity=10_000, clock=clock)
    tracemalloc.start()
    try:
        for number in range(15_000):
            await windows.incr(f"LIMITER/address/2001:db8:1234:{number}::/64/default/100/1/minute", 60)
        size, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(windows) == 10_000
    assert size / len(windows) * CAPACITY < 35e6
    for number, count in ((14_999, 1), (0, 0)):
        assert await windows.get(f"LIMITER/address/2001:db8:1234:{number}::/64/default/100/1/minute") == count
    clock.now += 60
    for number in range(4_000):
        await windows.incr(f"later/{number}", 60)
    assert len(windows) == 4_000


async def test_windows_of_different_lengths_end_each_at_its_own_time() -> None:
    clock = Clock()
    windows = Windows(capacity=3, clock=clock)
    for key, length in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        await windows.incr(key, length)
    await windows.incr("second minute", 60)
    assert [await windows.get(key) for key in ("day", "hour", "minute", "second minute")] == [1, 1, 0, 1]
    clock.now += 3_600
    await windows.incr("third minute", 60)
    assert [await windows.get(key) for key in ("day", "hour", "second minute", "third minute")] == [1, 0, 0, 1]
    await windows.clear("day")
    assert await windows.get("day") == 0
    assert (await windows.reset(), len(windows), await windows.check()) == (1, 0, True)


async def test_without_redis_counting_goes_on_in_memory(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, server = Clock(), imitation(monkeypatch)
    limits = Limits(URL, Rules(), clock=clock)
    caplog.set_level(logging.INFO)

    async def ask(times: int = 1) -> tuple[bool, int]:
        """Whether Redis is away, and what is left."""
        verdict = await hits(limits, times, "POST /x", "50/minute", key=None, address="10.9.8.7")
        return limits.away, verdict.remaining

    assert await ask(5) == (False, 45)
    server.connected = False
    await asyncio.gather(*(ask(10) for _ in range(4)))
    clock.now += SHARED_AGAIN
    assert await ask() == (True, 9)
    server.connected = True
    clock.now += SHARED_AGAIN - 0.1
    assert await ask() == (True, 8)
    clock.now += 0.1
    assert await ask() == (False, 44)
    server.connected = False
    assert await ask() == (True, 7)
    await limits.close()
    gone, back = (
        "Redis cannot be reached: rate limits are counted in this process alone",
        "Redis can be reached again: rate limits are counted there",
    )
    assert [record.getMessage() for record in caplog.records] == [gone, back, gone]


async def test_a_redis_that_nobody_answers_at_is_away() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    limits = Limits(f"redis://127.0.0.1:{port}", Rules())
    assert (await hits(limits, 3, "GET /x", None, key=None, address="a")).remaining == 97
    assert limits.away
    await limits.close()


async def test_a_redis_that_hangs_delays_only_those_who_found_it_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits_module, "SHARED_WAIT", 0.1)
    lines: list[asyncio.StreamWriter] = []

    async def silence(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        lines.append(writer)
        await reader.read()
        writer.close()

    server = await asyncio.start_server(silence, "127.0.0.1", 0)
    limits = Limits(f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}", Rules())
    await asyncio.gather(*(hits(limits, 1, "GET /x", None, key=None, address="a") for _ in range(50)))
    found_it_so = len(lines)
    assert found_it_so > 0
    verdict = await hits(limits, 20, "GET /x", None, key=None, address="a")
    assert verdict.remaining == 30
    assert len(lines) == found_it_so
    await limits.close()
    server.close()
    await until(lambda: all(line.transport.is_closing() for line in lines))


DOCUMENTED = {"POST /flows": "20/minute", "POST /customers/bulk": "10/minute", "GET /calls": None}


@pytest.mark.parametrize(
    ("setting", "in_force"),
    [
        ("on", ["20/minute", "10/minute", "100/minute"]),
        (" OFF ", [None, None, None]),
        ("default=1000/minute", ["20/minute", "10/minute", "1000/minute"]),
        ("default=off", ["20/minute", "10/minute", None]),
        ("post   /flows = 50 / Minute,POST /customers/bulk=off", ["50/minute", None, "100/minute"]),
        ("POST /api/voice/flows=7/hour, GET /v1/calls=3/day", ["7/hour", "10/minute", "3/day"]),
    ],
)
def test_the_operator_raises_and_lowers_each_limit(setting: str, in_force: list[str | None]) -> None:
    rules = Rules.parse(setting)
    found = [rules.in_force(endpoint, documented) for endpoint, documented in DOCUMENTED.items()]
    assert [limit and f"{limit.amount}/{limit.GRANULARITY.name}" for limit in found] == in_force


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        ("yes", 'the entry "yes" is not written like POST /flows=50/minute'),
        ("", 'the entry "" is not written like'),
        ("default=1/minute,", 'the entry "" is not written like'),
        ("POST /flows=50", 'the entry "POST /flows=50" is not written like'),
        ("POST /flows=50/fortnight", 'the entry "POST /flows=50/fortnight" is not written like'),
        ("POST flows=5/minute", 'the entry "POST flows=5/minute" is not written like'),
        ("POST /flows=-5/minute", 'the entry "POST /flows=-5/minute" is not written like'),
        ("GET /a=1/day, get  /a = 2/day", 'the entry "get  /a = 2/day" names an endpoint for the second time'),
        ("POST /flows/{id}=1/day,POST /flows/{uuid}=1/day", "names an endpoint for the second time"),
        ("default=0/minute", 'the entry "default=0/minute" would let nobody in'),
        ("a\nb" + "x" * 500, 'the entry "a?bxxx'),
    ],
)
def test_a_bad_entry_is_named_in_one_sentence(setting: str, sentence: str) -> None:
    with pytest.raises(ValueError) as error:
        Rules.parse(setting)
    assert sentence in str(error.value)
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 200


def test_a_limit_of_no_endpoint_is_found_out() -> None:
    rules = Rules.parse("POST /flows/{uuid}/launch=9/minute, default=off")
    rules.hold_against(["GET /flows", "POST /flows/{flow_uuid}/launch"])
    with pytest.raises(ValueError, match=r'there is no endpoint "POST /flows/\{\}/launch"'):
        rules.hold_against(["GET /flows", "POST /flows"])


async def test_a_changed_limit_is_the_endpoints_own_whatever_its_path_calls_its_parts() -> None:
    limits = Limits(None, Rules.parse("GET /calls/{uuid}=2/minute, POST /flows=off"))
    await hits(limits, 2, "GET /calls/{call_uuid}", None, key="k", address="a")
    refused = await hits(limits, 1, "GET /calls/{call_id}", None, key="k", address="a")
    assert (refused.allowed, refused.text) == (False, "2/minute")
    assert (await hits(limits, 1, "GET /calls", None, key="k", address="a")).remaining == 99
    assert await limits.hit("POST /flows", "20/minute", key="k", address="a") is None
