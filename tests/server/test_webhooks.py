"""A whole server: what happens on the line reaches the receiver of a webhook, signed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import Webhook as StandardWebhook

from server import warmup
from tests.control_api.receivers import receiving
from tests.patience import until
from tests.server.house import scripted
from tests.server.serving import Serving, serving
from tests.storage.samples import TOKEN
from transports.simulator.people import Silence, WaitForBot


@pytest.fixture(autouse=True)
def no_models(monkeypatch: pytest.MonkeyPatch) -> None:
    async def load(*given: object, **more: object) -> None:
        pass

    monkeypatch.setattr(warmup, "load", load)


async def post(house: Serving, path: str, body: Any = None) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with house.http.post(f"{house.server.url}/api/voice{path}", json=body, headers=headers) as answer:
        told: dict[str, Any] = await answer.json()
        assert answer.ok, told
        return told


async def counted(house: Serving) -> bool:
    return await house.metric('vaani_webhook_tries_total{outcome="delivered"}') == 2


async def test_a_call_is_told_from_its_start_to_its_end_with_every_word(tmp_path: Path) -> None:
    async with (
        receiving() as receiver,
        serving(tmp_path / "data", scripted(greeting="Good morning."), allow_private_webhooks=True) as house,
    ):
        made = await post(
            house, "/webhooks", {"name": "CRM", "url": receiver.url, "events": ["call.started", "call.ended"]}
        )
        talk = await house.call([WaitForBot(), Silence(0.5)])
        await until(lambda: len(receiver.taken) == 2)
        await until(lambda: counted(house))
        said = [(turn.speaker, turn.text) for turn in await house.turns(talk.call)]
    started, ended = (received.told for received in receiver.received)
    assert [started["event"], ended["event"]] == ["call.started", "call.ended"]
    assert started["data"]["call_uuid"] == ended["data"]["call_uuid"] == talk.call
    assert [(line["speaker"], line["text"]) for line in ended["data"]["transcript"]] == said
    assert said[0] == ("agent", "Good morning.")
    for received in receiver.received:
        StandardWebhook(made["secret"]).verify(received.body, received.headers)


async def test_a_restart_loses_nothing_that_waited(tmp_path: Path) -> None:
    data = tmp_path / "data"
    async with receiving() as receiver:
        async with serving(data, scripted(), allow_private_webhooks=True) as house:
            made = await post(house, "/webhooks", {"name": "CRM", "url": receiver.url, "events": ["call.ended"]})
            async with house.database.begin() as work:
                organisation = await work.organisations.first()
                assert organisation is not None
            async with house.database.begin(organisation.id) as work:
                await work.announce("call.ended", {"call": "cal_unknown"})
        async with serving(data, allow_private_webhooks=True):
            await until(lambda: bool(receiver.taken), 30)
    assert {received.told["data"]["call_uuid"] for received in receiver.taken} == {"cal_unknown"}
    StandardWebhook(made["secret"]).verify(receiver.taken[0].body, receiver.taken[0].headers)
