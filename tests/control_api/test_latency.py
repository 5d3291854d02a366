from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from storage import answer_times
from storage.database import Database
from storage.moment_records import Moment, MomentKind
from storage.records import TurnLatency
from storage.seed import Seeded
from tests.control_api.api import Api, serving_api
from tests.storage.samples import NOW, a_call

WINDOW = {"since": "2026-03-01T09:00:00Z", "until": "2026-03-01T10:00:00Z"}
"""An hour around NOW."""


@pytest.fixture
async def api(database: Database, tmp_path: Path) -> AsyncIterator[Api]:
    async with serving_api(database, tmp_path) as api:
        yield api


def measured(call: str, position: int, total: float, at: datetime = NOW, **more: Any) -> TurnLatency:
    return TurnLatency(call, position, total_ms=total, measured_at=at, **more)


async def answered(
    database: Database, organisation: str, latencies: Sequence[Any], moments: Sequence[Any] = (), **about: Any
) -> str:
    """A call with those; each is asked for with its id."""
    call = a_call(organisation, **about)
    async with database.begin(organisation) as work:
        await work.calls.open(call)
        await work.calls.add_latencies([make(call.id) for make in latencies])
        await work.moments.add([make(call.id) for make in moments])
    return call.id


async def test_percentiles_are_values_that_were_measured(api: Api, database: Database, seeded: Seeded) -> None:
    hundred = [lambda call, n=n: measured(call, n, float(n)) for n in range(1, 101)]
    await answered(database, seeded.organisation, hundred)
    answer = (await api.get("/calls/latency", params=WINDOW)).body
    assert answer["answer"] == {"p50": 50.0, "p95": 95.0, "p99": 99.0, "count": 100}
    assert [slow["total_ms"] for slow in answer["slowest"]] == [float(n) for n in range(100, 90, -1)]
    assert (answer["since"], answer["until"], answer["is_whole"]) == (*WINDOW.values(), True)


async def test_each_stage_has_its_own_share_by_provider(api: Api, database: Database, seeded: Seeded) -> None:
    steps: dict[str, Any] = {
        "vad_ms": 200.0,
        "stt_ms": 250.0,
        "end_of_turn_ms": 400.0,
        "llm_ms": 700.0,
        "tts_ms": 650.0,
    }
    call = await answered(
        database,
        seeded.organisation,
        [
            lambda call: measured(call, 1, 900.0, **steps, wire_ms=900.0, stt="ears", llm="mind", tts="voice"),
            lambda call: measured(call, 3, 500.0, stt_ms=300.0, vad_ms=200.0, stt="other ears"),
        ],
    )
    answer = (await api.get("/calls/latency", params=WINDOW)).body
    found = [(one["stage"], one["provider"], one["p50"], one["count"]) for one in answer["stages"]]
    assert found == [
        ("vad", None, 200.0, 2),
        ("stt", "ears", 50.0, 1),
        ("stt", "other ears", 100.0, 1),
        ("turn", None, 400.0, 1),
        ("llm", "mind", 300.0, 1),
        ("tts", "voice", 0.0, 1),
        ("wire", None, 250.0, 1),
    ]
    assert answer["slowest"][0] == {
        "call_uuid": call,
        "position": 1,
        "total_ms": 900.0,
        "at": NOW.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


async def test_only_the_window_the_flow_and_the_organisation_are_told_of(
    api: Api, database: Database, seeded: Seeded
) -> None:
    def at(total: float, when: datetime) -> Any:
        return lambda call: measured(call, int(total), total, when)

    def noticed(kind: MomentKind, when: datetime) -> Any:
        return lambda call: Moment(call, kind, 3.0, 2.0, noticed_at=when)

    before, after = NOW - timedelta(minutes=31), NOW + timedelta(minutes=31)
    latencies = [at(1.0, before), at(2.0, NOW - timedelta(minutes=20)), at(3.0, after)]
    moments = [noticed(MomentKind.DEAD_AIR, NOW), noticed(MomentKind.INTERRUPTION, before)]
    await answered(database, seeded.organisation, latencies, moments, flow_id="flw_1")
    other, _ = await api.stranger()
    await answered(database, other.id, [at(7.0, NOW)], [noticed(MomentKind.INTERRUPTION, NOW)], flow_id="flw_1")
    answer = (await api.get("/calls/latency", params=WINDOW)).body
    assert (answer["answer"]["count"], answer["answer"]["p99"]) == (1, 2.0)
    assert (answer["dead_air"], answer["interruptions"], answer["false_interruptions"]) == (1, 0, 0)
    told = {one["at"]: one["count"] for one in answer["over_time"]}
    assert len(told) == 30
    assert told["2026-03-01T09:10:00Z"] == sum(told.values()) == 1
    assert (await api.get("/calls/latency", params={**WINDOW, "flow_uuid": "flw_1"})).body == answer
    none = (await api.get("/calls/latency", params={**WINDOW, "flow_uuid": "flw_2"})).body
    assert (none["answer"], none["stages"], none["slowest"], none["dead_air"]) == (None, [], [], 0)


async def test_of_too_many_answers_the_newest_are_looked_at(
    api: Api, database: Database, seeded: Seeded, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answer_times, "LOOKED_AT", 3)
    five = [lambda call, n=n: measured(call, n, float(n), NOW + timedelta(seconds=n)) for n in range(5)]
    await answered(database, seeded.organisation, five)
    answer = (await api.get("/calls/latency", params=WINDOW)).body
    assert (answer["answer"]["p50"], answer["answer"]["count"]) == (3.0, 3)
    assert (answer["is_whole"], answer["since"]) == (False, "2026-03-01T09:30:02Z")
    three = {"since": "2026-03-01T09:30:02Z", "until": WINDOW["until"]}
    assert (await api.get("/calls/latency", params=three)).body["is_whole"] is True


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ({"minutes": "0"}, "minutes"),
        ({"minutes": "44641"}, "minutes"),
        ({"until": WINDOW["until"]}, "until needs since"),
        ({**WINDOW, "minutes": "5"}, "minutes cannot stand beside since"),
        ({"since": WINDOW["until"], "until": WINDOW["since"]}, "until must be after since"),
        ({"since": "2026-01-01T00:00:00Z", "until": WINDOW["until"]}, "at most 31 days"),
        ({"since": "2026-03-01T09:00:00"}, "since"),
        ({"since": "2999-01-01T00:00:00Z"}, "since must be in the past"),
        ({"since": "0001-01-01T00:00:00+05:00", "until": "0001-01-05T00:00:00Z"}, "since must be in a year"),
        ({"since": "0001-01-01T00:00:00Z", "until": "0001-01-02T00:00:00Z"}, "since must be in a year"),
        ({"since": "9999-12-30T23:00:00Z", "until": "9999-12-31T23:59:00-05:00"}, "since must be in a year"),
    ],
)
async def test_a_window_that_is_none_is_refused(api: Api, file: Path, query: dict[str, str], told: str) -> None:
    answer = await api.get("/calls/latency", params=query)
    assert answer.status == 400
    assert told in answer.detail
