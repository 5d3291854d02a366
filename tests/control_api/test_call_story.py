from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from storage.assets import Delivery, DeliveryState
from storage.database import Database
from storage.ids import LOG, new_id
from storage.moment_records import Moment, MomentKind
from storage.records import Speaker, TurnLatency
from storage.seed import Seeded
from tests.control_api.api import Api, serving_api
from tests.storage.samples import NOW, a_call, a_turn


@pytest.fixture
async def api(database: Database, tmp_path: Path) -> AsyncIterator[Api]:
    async with serving_api(database, tmp_path) as api:
        yield api


async def a_call_of(database: Database, organisation: str) -> str:
    call = a_call(organisation)
    async with database.begin(organisation) as work:
        await work.calls.open(call)
        await work.calls.add_turns(
            [
                a_turn(call.id, 0, text="What time is it?"),
                a_turn(call.id, 1, speaker=Speaker.AGENT, text="It is", at=3.104, seconds=0.5, interrupted=True),
            ]
        )
        steps: dict[str, Any] = {
            "vad_ms": 200.0,
            "stt_ms": 250.0,
            "end_of_turn_ms": 400.0,
            "llm_ms": 700.0,
            "total_ms": 900.0,
        }
        await work.calls.add_latencies([TurnLatency(call.id, 1, **steps, stt="ears", llm="mind", measured_at=NOW)])
        await work.moments.add(
            [
                Moment(call.id, MomentKind.INTERRUPTION, 3.604, 0.0, noticed_at=NOW),
                Moment(call.id, MomentKind.DEAD_AIR, 2.9, 2.0, noticed_at=NOW),
            ]
        )
    return call.id


async def test_the_turns_come_with_their_waterfalls_and_the_moments_between(
    api: Api, database: Database, seeded: Seeded
) -> None:
    call = await a_call_of(database, seeded.organisation)
    answer = await api.get(f"/calls/{call}/turns")
    assert answer.status == 200
    asked, told = answer.body["turns"]
    assert (asked["speaker"], asked["text"], asked["latency"]) == ("customer", "What time is it?", None)
    assert (told["at"], told["seconds"], told["interrupted"]) == (3.1, 0.5, True)
    assert told["latency"] == {
        "total_ms": 900.0,
        "steps": [
            {"stage": "vad", "provider": None, "start_ms": 0.0, "ms": 200.0},
            {"stage": "stt", "provider": "ears", "start_ms": 200.0, "ms": 50.0},
            {"stage": "turn", "provider": None, "start_ms": 0.0, "ms": 400.0},
            {"stage": "llm", "provider": "mind", "start_ms": 400.0, "ms": 300.0},
        ],
    }
    assert answer.body["moments"] == [
        {"kind": "dead_air", "at": 0.9, "seconds": 2.0},
        {"kind": "interruption", "at": 3.6, "seconds": 0.0},
    ]


async def test_what_webhooks_were_told_of_a_call_is_told_oldest_first(
    api: Api, database: Database, seeded: Seeded
) -> None:
    call = await a_call_of(database, seeded.organisation)
    hook = await api.made("/webhooks", {"name": "CRM", "url": "https://crm.example/", "events": ["call.ended"]})

    def sent(event: str, of: str | None, state: DeliveryState) -> Delivery:
        about = (new_id(LOG), seeded.organisation, hook["uuid"], "evt_1", event, {"call": of})
        return Delivery(*about, triggered_at=NOW, call_id=of, state=state, attempts=1)

    async with database.begin(seeded.organisation) as work:
        await work.deliveries.add(
            [
                sent("call.started", call, DeliveryState.DONE),
                sent("call.ended", "cal_another", DeliveryState.DONE),
                sent("call.ended", call, DeliveryState.FAILED),
                sent("webhook.test", None, DeliveryState.DONE),
            ]
        )
    logs = (await api.get(f"/calls/{call}/webhooks")).body["logs"]
    told = [(log["event_type"], log["state"], log["webhook_uuid"], log["webhook"]) for log in logs]
    assert told == [("call.started", "done", hook["uuid"], "CRM"), ("call.ended", "failed", hook["uuid"], "CRM")]


@pytest.mark.parametrize("what", ["turns", "webhooks"])
async def test_of_nobodys_call_nothing_is_told(api: Api, what: str, file: Path) -> None:
    assert (await api.get(f"/calls/cal_nobodys/{what}")).status == 404


async def test_a_call_says_what_was_disclosed_and_whether_it_might_be_recorded(
    api: Api, database: Database, seeded: Seeded
) -> None:
    call = await a_call_of(database, seeded.organisation)
    shown = (await api.get(f"/calls/{call}")).body
    assert (shown["disclosure"], shown["recording_consent"]) == (None, None)
    for kind, at, disclosure, consent in (
        (MomentKind.DISCLOSURE, 0.02, {"begun_at": 0.02, "heard_at": None}, None),
        (MomentKind.DISCLOSED, 3.1, {"begun_at": 0.02, "heard_at": 3.1}, None),
        (MomentKind.CONSENT_REFUSED, 6.5, {"begun_at": 0.02, "heard_at": 3.1}, {"given": False, "at": 6.5}),
    ):
        async with database.begin(seeded.organisation) as work:
            await work.moments.add([Moment(call, kind, at, 0.0, noticed_at=NOW)])
        shown = (await api.get(f"/calls/{call}")).body
        assert (shown["disclosure"], shown["recording_consent"]) == (disclosure, consent)
