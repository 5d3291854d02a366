"""Calls to be placed, a line to place them on, and a clock."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession

from tests.transports.exotel_answers import API_KEY, API_TOKEN, SID
from transports.carrier import CarrierError
from transports.exotel.account import ExotelAccount
from transports.exotel.carrier import ExotelLine
from transports.request_pace import RequestPace

SAMPLES = Path(__file__).parent / "samples"
CALLER_ID = "+918000000002"
FOREVER = 3600.0
SETTLED = timedelta(seconds=60)
"""From now on nothing that was dialled is on its way any more: the deadline and a request's time are over."""


def samples(name: str) -> dict[str, Any]:
    """The exchanges of a file of samples by their names."""
    rows = map(json.loads, (SAMPLES / name).read_text().splitlines())
    return {row["name"]: row for row in rows if "name" in row}


@dataclass
class Clock:
    """Runs `ahead` of this machine's."""

    ahead: timedelta = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@dataclass(frozen=True)
class Wanted:
    """A `Dial`."""

    call: str = "cal_1"
    to_number: str = "+919800000001"
    from_number: str = CALLER_ID
    carrier_call: str = ""
    token: str = "fab"
    placed_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    deadline: datetime = field(default_factory=lambda: datetime.now(UTC) + timedelta(seconds=30))
    ring_seconds: int = 40
    max_seconds: int = 1800


FLOW = ExotelAccount(SID, API_KEY, API_TOKEN, subdomain="api.in.exotel.com", mode="flow", app_id="123456")
DIRECT = ExotelAccount(SID, API_KEY, API_TOKEN, subdomain="api.in.exotel.com", mode="direct")


def line_to(
    url: str,
    http: ClientSession,
    *,
    account: ExotelAccount = FLOW,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    timeout: float = 10.0,
    pace: RequestPace | None = None,
    stream_url: str = "wss://bots.example.com/ws/exotel",
) -> ExotelLine:
    return ExotelLine(
        replace(account, base_url=url),
        http,
        status_url=lambda call: f"http://127.0.0.1:1/exotel/status?token={call.token}",
        stream_url=lambda call: f"{stream_url}?call={call.call}",
        clock=clock,
        timeout=timeout,
        pace=pace,
    )


async def trouble_of(asked: Any) -> CarrierError:
    with pytest.raises(CarrierError) as caught:
        await asked
    error = caught.value
    for secret in (API_KEY, API_TOKEN, "98000", "token=", "http", FLOW.authorization[6:]):
        assert secret not in f"{error!r} {error}"
    return error
