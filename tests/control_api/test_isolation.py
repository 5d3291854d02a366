"""Two organisations, every route: what one has does not exist for the other."""

from __future__ import annotations

import io
import math
import struct
import wave
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import FormData

from control_api.app import ENDPOINTS
from control_api.web.contract import Endpoint
from control_api.web.vocabulary import Vocabulary
from storage.assets import WebhookLog
from storage.database import Database
from storage.ids import LOG, new_id
from storage.records import CallStatus, Outcome
from storage.seed import Seeded
from tests.control_api.api import Answer, Api, serving_api
from tests.storage.samples import NOW, a_call, a_turn

CANARY = "canary"
"""Stands in every text of the first organisation."""
NOBODYS = {"provider"}
"""Parts of paths that name nothing of an organisation's."""


def wav(seconds: float) -> bytes:
    """A tone, mono, 16 kHz."""
    samples = (int(8000 * math.sin(2 * math.pi * 220 * n / 16000)) for n in range(int(16000 * seconds)))
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(16000)
        writer.writeframes(b"".join(struct.pack("<h", sample) for sample in samples))
    return file.getvalue()


def form(**fields: Any) -> FormData:
    """A value of bytes is a file."""
    data = FormData()
    for name, value in fields.items():
        if isinstance(value, bytes):
            kind = "wav" if value[:4] == b"RIFF" else "csv"
            data.add_field(name, value, filename=f"{name}.{kind}", content_type="application/octet-stream")
        else:
            data.add_field(name, value)
    return data


ROWS = b"name,phone\nSomebody,+14155550177\n"

BODIES: dict[str, Any] = {
    "POST /customers": {"name": "B", "phone": "+14155550111"},
    "POST /customers/bulk": {"customers": [{"name": "B", "phone": "+14155550112"}]},
    "PATCH /customers/{customer_uuid}": {"name": "Stolen"},
    "PATCH /organisation": {"name": "B"},
    "POST /api-keys": {"name": "B", "scopes": ["voice:calls:read"]},
    "POST /agents": {"name": "B", "role": "B"},
    "PATCH /agents/{agent_uuid}": {"name": "Stolen"},
    "POST /scripts": {"name": "B", "content": "B"},
    "PATCH /scripts/{script_uuid}": {"name": "Stolen"},
    "POST /phone-numbers": {"number": "+14155550123"},
    "PATCH /phone-numbers/{number_uuid}": {"name": "Stolen"},
    "POST /contact-lists": {"name": "B"},
    "PATCH /contact-lists/{list_uuid}": {"name": "Stolen"},
    "POST /contact-lists/{list_uuid}/contacts": {"customer_ids": ["cst_1"]},
    "DELETE /contact-lists/{list_uuid}/contacts": {"customer_ids": ["cst_1"]},
    "POST /flows": {"kind": "outbound", "name": "B", "provider": "nextneural"},
    "PATCH /flows/{flow_uuid}": {"name": "Stolen"},
    "POST /flows/{flow_uuid}/schedule": {"start_at": "2030-01-01T10:00:00Z"},
    "POST /calls/{call_uuid}/metadata": {"key_details": {"stolen": True}},
    "POST /webhooks": {"name": "B", "url": "https://b.example/", "events": ["call.ended"]},
    "PATCH /webhooks/{webhook_uuid}": {"name": "Stolen"},
    "PUT /integrations/telephony/exotel": {"api_key": "b" * 20, "api_token": "b" * 20, "account_sid": "b"},
    "PUT /integrations/voice/{provider}": {"api_key": "b" * 20},
    "POST /campaign": {"name": "B", "assistantId": "agt_none", "phoneNumberId": "num_none", "customers": []},
    "PATCH /campaign/{id}": {"name": "Stolen"},
}

UPLOADS: dict[str, Any] = {
    "POST /customers/import": {"file": ROWS},
    "POST /contact-lists/{list_uuid}/import": {"file": ROWS},
    "POST /models/speakers": {"name": "b-voice", "language": "en-IN", "reference_audio": wav(11)},
    "POST /models/speakers/{name}/dataset/sample": {"transcript": "B", "audio": wav(6)},
}


@dataclass
class Theirs:
    """One of everything, of the first organisation, and how it is named in paths."""

    ids: dict[str, str]
    organisation: str

    def known_by(self, answer: Answer) -> list[str]:
        """What of it stands in an answer."""
        text = answer.raw.decode("utf-8", "replace")
        return [mark for mark in (CANARY, self.organisation, *self.ids.values()) if mark in text]


@pytest.fixture
async def api(database: Database, tmp_path: Path) -> AsyncIterator[Api]:
    async with serving_api(database, tmp_path) as api:
        yield api


@pytest.fixture
async def theirs(api: Api, seeded: Seeded) -> Theirs:
    customer = await api.made("/customers", {"name": f"{CANARY} C", "phone": "+14155550192", "tags": [f"{CANARY}:1"]})
    agent = await api.made("/agents", {"name": f"{CANARY} A", "role": CANARY})
    script = await api.made("/scripts", {"name": CANARY, "content": CANARY})
    number = await api.made("/phone-numbers", {"number": "+15550010000", "name": CANARY})
    contact_list = await api.made("/contact-lists", {"name": CANARY})
    await api.post(f"/contact-lists/{contact_list['uuid']}/contacts", {"customer_ids": [customer["uuid"]]})
    flow = await api.made("/flows", flow_body(agent["uuid"], script["uuid"], contact_list["uuid"], number["uuid"]))
    webhook = await api.made("/webhooks", {"name": CANARY, "url": "https://canary.example/", "events": ["call.ended"]})
    key = await api.made("/api-keys", {"name": CANARY, "scopes": ["voice:calls:read"]})
    await api.put("/integrations/voice/sarvam", {"api_key": f"{CANARY}-0123456789"})
    await api.patch("/organisation", {"name": CANARY})
    speaker = await api.post(
        "/models/speakers", data=form(name=f"{CANARY}-voice", language="en-IN", reference_audio=wav(11))
    )
    assert speaker.status == 201
    deployed = await api.post(f"/models/speakers/{CANARY}-voice/deploy")
    call = await a_call_of(api, seeded, flow["uuid"], customer["uuid"])
    log = WebhookLog(new_id(LOG), seeded.organisation, webhook["uuid"], "call.ended", {CANARY: 1}, triggered_at=NOW)
    async with api.database.begin(seeded.organisation) as work:
        await work.webhooks.log(log)
    ids = {
        "customer_uuid": customer["uuid"],
        "agent_uuid": agent["uuid"],
        "script_uuid": script["uuid"],
        "number_uuid": number["uuid"],
        "list_uuid": contact_list["uuid"],
        "flow_uuid": flow["uuid"],
        "id": flow["uuid"],
        "webhook_uuid": webhook["uuid"],
        "key_uuid": key["uuid"],
        "name": f"{CANARY}-voice",
        "sample_uuid": deployed.body["voice_sample_uuid"],
        "call_uuid": call,
    }
    return Theirs(ids, seeded.organisation)


def flow_body(agent: str, script: str, contact_list: str, number: str) -> dict[str, Any]:
    return {
        "kind": "outbound",
        "name": CANARY,
        "provider": "nextneural",
        "voice_agent_id": agent,
        "script_id": script,
        "contact_list_id": contact_list,
        "phone_numbers": [number],
        "config": {"persona_prompt": CANARY},
    }


async def a_call_of(api: Api, seeded: Seeded, flow: str, customer: str) -> str:
    """Over, with a turn and a recording that is there."""
    call = a_call(seeded.organisation, flow_id=flow, customer_id=customer, status=CallStatus.IN_PROGRESS)
    path = f"recordings/{call.id}.wav"
    call = replace(call, summary=CANARY, key_details={CANARY: 1}, recording=path, from_number=CANARY)
    (api.services.data / "recordings").mkdir(exist_ok=True)
    (api.services.data / path).write_bytes(wav(1))
    async with api.database.begin(seeded.organisation) as work:
        await work.calls.open(call)
        await work.calls.add_turns([a_turn(call.id, 0, text=CANARY)])
        outcome = Outcome.CONNECTED
        await work.calls.ended(call.id, at=NOW, outcome=outcome, reason=CANARY, duration=3.0, recording=path)
    return call.id


async def asked(api: Api, endpoint: Endpoint, path: str, token: str) -> Answer:
    name = endpoint.name
    if name in UPLOADS:
        return await api.ask(endpoint.method, path, data=form(**UPLOADS[name]), token=token)
    assert (endpoint.body is None) or name in BODIES, f"{name} needs a good body here"
    return await api.ask(endpoint.method, path, BODIES.get(name), token=token)


async def test_what_one_organisation_has_does_not_exist_for_the_other(api: Api, theirs: Theirs) -> None:
    _, stranger = await api.stranger()
    for endpoint in ENDPOINTS:
        unknown = set(endpoint.path_names) - NOBODYS - theirs.ids.keys()
        assert not unknown, f"{endpoint.name}: what is {unknown}?"
        for _, place in endpoint.places:
            path = place.format(**{**theirs.ids, "provider": "sarvam"})
            answer = await asked(api, endpoint, path, stranger)
            if set(endpoint.path_names) - NOBODYS:
                assert answer.status == 404, (endpoint.name, answer)
            else:
                assert answer.status < 500, (endpoint.name, answer)
            assert theirs.known_by(answer) == [], endpoint.name


async def test_after_a_stranger_has_asked_for_everything_it_is_all_as_it_was(api: Api, theirs: Theirs) -> None:
    before = await everything(api, theirs)
    _, stranger = await api.stranger()
    for endpoint in ENDPOINTS:
        if endpoint.method != "GET":
            for _, place in endpoint.places:
                await asked(api, endpoint, place.format(**{**theirs.ids, "provider": "sarvam"}), stranger)
    assert await everything(api, theirs) == before


async def everything(api: Api, theirs: Theirs) -> dict[str, Any]:
    """All that its own organisation reads, by path. It can be read, and has something in it."""
    found = {}
    for endpoint in ENDPOINTS:
        if endpoint.method == "GET":
            for _, place in endpoint.places:
                path = place.format(**{**theirs.ids, "provider": "sarvam"})
                answer = await api.get(path)
                assert answer.status == 200, (path, answer)
                found[path] = answer.body if answer.body is not None else len(answer.raw)
    return found


async def test_filters_find_nothing_of_anothers(api: Api, theirs: Theirs) -> None:
    _, stranger = await api.stranger()
    for path in (
        f"/calls?flow_uuid={theirs.ids['flow_uuid']}",
        f"/calls?customer_uuid={theirs.ids['customer_uuid']}",
        f"/calls/statistics?flow_uuid={theirs.ids['flow_uuid']}",
        f"/customers?contact_list_id={theirs.ids['list_uuid']}",
        f"/customers?search={CANARY}",
        f"/customers?tags={CANARY}:1",
        f"/customers/meta/count?tags={CANARY}:1",
    ):
        own, other = await api.get(path), await api.get(path, token=stranger)
        assert own.body != other.body, path
        assert other.status == 200
        assert theirs.known_by(other) == []


@pytest.mark.parametrize("field", ["voice_agent_id", "script_id", "contact_list_id", "phone_numbers"])
async def test_nothing_can_be_made_of_anothers(api: Api, theirs: Theirs, field: str) -> None:
    _, stranger = await api.stranger()
    ids = theirs.ids
    whole = flow_body(ids["agent_uuid"], ids["script_uuid"], ids["list_uuid"], ids["number_uuid"])
    body = {name: whole[name] for name in ("kind", "name", "provider", field)}
    answer = await api.post("/flows", body, token=stranger)
    assert answer.status == 400
    assert field in answer.detail
    assert (await api.get("/flows", token=stranger)).body["total"] == 0


async def test_customers_of_anothers_cannot_be_put_on_a_list(api: Api, theirs: Theirs) -> None:
    _, stranger = await api.stranger()
    own = await api.made("/contact-lists", {"name": "B"}, token=stranger)
    path = f"/contact-lists/{own['uuid']}/contacts"
    await api.post(path, {"customer_ids": [theirs.ids["customer_uuid"]]}, token=stranger)
    found = await api.get(f"/customers?contact_list_id={own['uuid']}", token=stranger)
    assert found.body["total"] == 0


def test_both_vocabularies_are_asked() -> None:
    assert {vocabulary for endpoint in ENDPOINTS for vocabulary, _ in endpoint.places} >= {
        Vocabulary.DASHBOARD,
        Vocabulary.DEVELOPERS,
    }
