"""The workflow service of the documents, run as a process of its own beside a server that calls it."""

from __future__ import annotations

import asyncio
import base64
import os
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from control_api.links.signature import signed
from storage.records import Call
from tests.patience import until
from tests.server.house import scripted
from tests.server.serving import Serving, serving
from tests.storage.samples import NOW, TOKEN
from transports.loopback import tone
from transports.simulator.exotel_wire import CallFacts
from transports.simulator.faults import Faults
from transports.simulator.line import SimulatedLine
from transports.simulator.people import Person, Say, Silence, Step, WaitForBot

PROGRAM = Path(__file__).parents[2] / "docs/examples/workflow/workflow.py"
SECRET = "whsec_" + base64.b64encode(b"k" * 32).decode()
PHONE = "+14155550192"
WANTED = "I want to order it for $850 today, when does it arrive"
PLAN = scripted(greeting="Hello.", heard=[WANTED], says=["Fine."])
BRIEF = "Standing Desk Pro, worth 850, on the line now."


@dataclass
class Shop:
    """A business: its phone server, and its workflow service."""

    house: Serving
    events: str
    """Where the service takes them."""

    async def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        url, headers = f"{self.house.server.url}/api/voice{path}", {"Authorization": f"Bearer {TOKEN}"}
        async with self.house.http.request(method, url, json=body, headers=headers) as answer:
            told = await answer.json()
            assert answer.status < 300, told
            return told

    async def customer(self, cart: int) -> None:
        about = {"product_interest": "Standing Desk Pro", "cart_value": cart}
        await self.ask("POST", "/customers", {"name": "Jordan", "phone": PHONE, "metadata": about})

    async def details(self, call: str, *path: str) -> dict[str, Any]:
        """Of the extraction, once it has what stands at `path`."""
        found: dict[str, Any] = {}

        async def is_there() -> bool:
            row: Call = await self.house.row(call)
            found.update(row.key_details.get("extraction") or {})
            return all(key in found for key in path)

        await until(is_there, seconds=20)
        return found

    async def deliver(self, headers: Mapping[str, str], body: bytes) -> int:
        async with self.house.http.post(self.events, data=body, headers=headers) as answer:
            return answer.status


@asynccontextmanager
async def workflow(server: str) -> AsyncIterator[str]:
    given = {"VAANI_URL": server, "VAANI_KEY": TOKEN, "WEBHOOK_SECRET": SECRET, "PORT": "0"}
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(PROGRAM), env={**os.environ, **given}, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        yield (await process.stdout.readline()).decode().strip()
    finally:
        process.kill()
        await process.wait()


@pytest.fixture
async def shop(data: Path, no_models: None) -> AsyncIterator[Shop]:
    more: dict[str, Any] = {"rate_limits": "off", "allow_private_webhooks": True}
    async with serving(data, PLAN, **more) as house, workflow(house.server.url) as events:
        shop = Shop(house, events)
        topics = ["call.started", "call.ended"]
        await shop.ask("POST", "/webhooks", {"name": "Workflow", "url": events, "events": topics, "secret": SECRET})
        yield shop


TALK: list[Step] = [WaitForBot(), Silence(0.5), Say(tone(1.0)), WaitForBot(), Silence(0.5)]
ROOM = Faults(noise=45.0)
"""The hiss of a quiet room: a loudness detector knows a voice only by what it stands out of."""


async def test_what_was_said_is_read_and_written_back_after_the_call(shop: Shop) -> None:
    talk = await shop.house.call(TALK, facts=CallFacts(from_number=PHONE), faults=ROOM)
    found = await shop.details(talk.call, "outcome")
    assert found["outcome"] == {"intent_score": 80, "verbatim_quote": WANTED}
    assert (found["requirement"], found["objection"]) == ({"budget_signal": 850}, {"category": "delivery_time"})
    assert "next_action" not in found, "nothing is known of the caller: no specialist is asked"


async def test_a_caller_worth_a_specialist_is_called_back_where_nobody_is_there(shop: Shop) -> None:
    await shop.customer(850)
    talk = await shop.house.call(TALK, facts=CallFacts(from_number=PHONE), faults=ROOM)
    found = await shop.details(talk.call, "outcome", "next_action")
    assert found["next_action"] == {
        "type": "async_handoff",
        "transfer_target": "sales_specialist",
        "agent_brief": BRIEF,
    }


async def test_a_caller_worth_a_specialist_is_handed_to_one_who_is_there(shop: Shop) -> None:
    await shop.customer(850)
    queue = await shop.ask("POST", "/queues", {"name": "sales_specialist"})
    await shop.ask("POST", f"/queues/{queue['uuid']}/members", {"name": "Asha", "phone": "+14155550100"})
    line = SimulatedLine(
        shop.house.wire, Person([WaitForBot(), Silence(60)]), CallFacts(call_sid="x1", from_number=PHONE), speed=1
    )
    talk = await line.run(shop.house.http)
    (transfer,) = (await shop.ask("GET", f"/calls/{talk.call}/transfers"))["transfers"]
    assert (transfer["target"], transfer["agent_brief"]) == ("sales_specialist", BRIEF)
    assert transfer["context"] == {"cart_value": 850}
    assert (await shop.house.row(talk.call)).status == "transferring"


async def test_only_what_the_server_signed_a_moment_ago_is_taken(shop: Shop) -> None:
    body = b'{"event":"campaign.launched","data":{}}'
    now = NOW.fromtimestamp(time.time(), NOW.tzinfo)
    good = signed(body, event="evt_1", at=now, secrets=[SECRET])
    assert await shop.deliver(good, body) == 204
    assert await shop.deliver(good, body) == 204, "a second time it has nothing to do"
    assert await shop.deliver(good, body + b" ") == 401
    assert await shop.deliver({**good, "webhook-id": "evt_2"}, body) == 401
    assert await shop.deliver({}, b"{}") == 401
    assert await shop.deliver(signed(body, event="evt_1", at=NOW, secrets=[SECRET]), body) == 401, "long ago"
    both = signed(body, event="evt_3", at=now, secrets=["whsec_" + base64.b64encode(b"n" * 32).decode(), SECRET])
    assert await shop.deliver(both, body) == 204, "while the secret is changed, either will do"
