"""One of everything that an organisation may have, and good input for every route."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from aiohttp import FormData

from control_api.app import ENDPOINTS
from control_api.links.integrations import VOICE
from control_api.web.contract import Endpoint
from storage.assets import Delivery, DeliveryState, Training, TrainingState
from storage.database import UnitOfWork
from storage.dialing import Attempt, AttemptState, AttemptTally, Contact, ContactState, ProgressEvent, ProgressKind, Run
from storage.ids import LOG, TRAINING, new_id
from storage.records import CallStatus, Outcome, TurnLatency
from tests.control_api.api import Answer, Api
from tests.control_api.uploads import wav
from tests.storage.samples import NOW, a_call, a_turn

CANARY = "canary"
PROVIDER = "sarvam"
NOBODYS = {"provider"}
"""Parts of paths that name nothing of an organisation's."""

NEAR = dict.fromkeys(("exotel", *VOICE), "http://127.0.0.1:9")
"""Where providers are asked: nobody answers there, and nothing leaves this machine."""

ROWS = b"name,phone\nSomebody,+14155550177\n"

BODIES: dict[str, Any] = {
    "POST /customers": {"name": "B", "phone": "+14155550111"},
    "POST /customers/bulk": {"customers": [{"name": "B", "phone": "+14155550112"}]},
    "PATCH /customers/{customer_uuid}": {"name": "Stolen"},
    "PATCH /organisation": {"name": "B"},
    "POST /api-keys": {"name": "B", "scopes": ["voice:calls:read"]},
    "POST /agents": {"name": "B", "role": "B"},
    "POST /models/speakers/{name}/consent": {"owner": "B"},
    "PATCH /agents/{agent_uuid}": {"name": "Stolen"},
    "POST /scripts": {"name": "B", "content": "B"},
    "PATCH /scripts/{script_uuid}": {"name": "Stolen"},
    "POST /phone-numbers": {"number": "+14155550123"},
    "PATCH /phone-numbers/{number_uuid}": {"name": "Stolen"},
    "POST /contact-lists": {"name": "B"},
    "PATCH /contact-lists/{list_uuid}": {"name": "Stolen"},
    "POST /contact-lists/{list_uuid}/contacts": {"customer_ids": ["{customer_uuid}"]},
    "DELETE /contact-lists/{list_uuid}/contacts": {"customer_ids": ["{customer_uuid}"]},
    "POST /flows": {"kind": "outbound", "name": "B", "provider": "nextneural"},
    "PATCH /flows/{flow_uuid}": {"name": "Stolen"},
    "POST /flows/{flow_uuid}/schedule": {"start_at": "2030-01-01T10:00:00Z"},
    "POST /calls": {"to": "+14155550192", "flow_uuid": "{flow_uuid}"},
    "PATCH /credits": {"threshold": 0},
    "POST /credits": {"amount": 1},
    "POST /calls/{call_uuid}/end": {},
    "POST /calls/{call_uuid}/say": {"text": "B"},
    "POST /calls/{call_uuid}/message": {"text": "B"},
    "POST /calls/{call_uuid}/dtmf": {"digits": "1"},
    "POST /calls/{call_uuid}/metadata": {"key_details": {"stolen": True}},
    "POST /calls/{call_uuid}/recording-link": {"expires_in": 60},
    "POST /calls/{call_uuid}/transfer": {"target": "b_queue", "agent_brief": "B"},
    "POST /queues": {"name": "b"},
    "PATCH /queues/{queue_uuid}": {"description": "Stolen"},
    "POST /queues/{queue_uuid}/members": {"name": "B", "phone": "+14155550151"},
    "PATCH /queues/{queue_uuid}/members/{member_uuid}": {"name": "Stolen"},
    "POST /webhooks": {"name": "B", "url": "https://b.example/", "events": ["call.ended"]},
    "PATCH /webhooks/{webhook_uuid}": {"name": "Stolen"},
    "PUT /integrations/telephony/exotel": {"api_key": "b" * 20, "api_token": "b" * 20, "account_sid": "b"},
    "PUT /integrations/voice/{provider}": {"api_key": "b" * 20},
    "POST /campaign": {
        "name": "B",
        "assistantId": "{agent_uuid}",
        "phoneNumberId": "{number_uuid}",
        "customers": [{"number": "+14155550150"}],
    },
    "PATCH /campaign/{id}": {"name": "Stolen"},
}

QUERIES = {
    "GET /calls/agent-availability": "?target={queue_name}",
    "GET /calls/latency": "?since=2026-03-01T00:00:00Z&until=2026-03-02T00:00:00Z",
}
"""What has to be asked for."""

UPLOADS: dict[str, Any] = {
    "POST /customers/import": {"file": ROWS},
    "POST /contact-lists/{list_uuid}/import": {"file": ROWS},
    "POST /models/speakers": {"name": "b-voice", "language": "en-IN", "reference_audio": wav(11)},
    "POST /models/speakers/{name}/dataset/sample": {"transcript": "B says a sentence", "audio": wav(6)},
}


def form(**fields: Any) -> FormData:
    """A value of bytes is a file, whose name tells what it is."""
    data = FormData()
    for name, value in fields.items():
        if isinstance(value, bytes):
            kind = "wav" if value[:4] == b"RIFF" else "csv"
            data.add_field(name, value, filename=f"{name}.{kind}", content_type="application/octet-stream")
        else:
            data.add_field(name, value)
    return data


def routes() -> Iterator[tuple[Endpoint, str]]:
    """Every endpoint wherever it can be asked for; what deletes comes last, and its children before it."""
    found = [(endpoint, place) for endpoint in ENDPOINTS for _, place in endpoint.places]
    yield from sorted(found, key=lambda route: (route[0].method == "DELETE") * (100 - route[0].path.count("/")))


def named(endpoint: Endpoint, place: str, ids: Mapping[str, str]) -> str:
    unknown = set(endpoint.path_names) - NOBODYS - ids.keys()
    assert not unknown, f"{endpoint.name}: what is {unknown}?"
    return (place + QUERIES.get(endpoint.name, "")).format(**{**ids, "provider": PROVIDER})


def filled(template: Any, ids: Mapping[str, str]) -> Any:
    """With these ids where it has `{agent_uuid}` and the like."""
    match template:
        case dict():
            return {name: filled(value, ids) for name, value in template.items()}
        case list():
            return [filled(value, ids) for value in template]
        case str():
            return template.format_map(ids)
    return template


def good_body(endpoint: Endpoint, ids: Mapping[str, str]) -> Any:
    assert (endpoint.body is None) or endpoint.name in BODIES, f"{endpoint.name} needs a good body here"
    return filled(BODIES.get(endpoint.name), ids)


async def asked(api: Api, endpoint: Endpoint, path: str, ids: Mapping[str, str], **more: Any) -> Answer:
    """With good input, which names what has these ids."""
    if endpoint.uploads is not None:
        assert endpoint.name in UPLOADS, f"{endpoint.name} needs a good form here"
        return await api.ask(endpoint.method, path, data=form(**UPLOADS[endpoint.name]), **more)
    return await api.ask(endpoint.method, path, good_body(endpoint, ids), **more)


async def one_of_everything(api: Api, organisation: str, word: str = CANARY) -> dict[str, str]:
    """Made for the one that `api` asks as, with the word in every text. Their ids, by how paths name them."""
    customer = await api.made("/customers", {"name": f"{word} C", "phone": "+14155550192", "tags": [f"{word}:1"]})
    agent = await api.made("/agents", {"name": f"{word} A", "role": word})
    script = await api.made("/scripts", {"name": word, "content": word})
    line = "+15550010000" if word == CANARY else "+15550010001"  # nobody else has it
    number = await api.made("/phone-numbers", {"number": line, "name": word})
    contact_list = await api.made("/contact-lists", {"name": word})
    await api.post(f"/contact-lists/{contact_list['uuid']}/contacts", {"customer_ids": [customer["uuid"]]})
    flow = await api.made(
        "/flows", flow_body(word, agent["uuid"], script["uuid"], contact_list["uuid"], number["uuid"])
    )
    webhook = await api.made("/webhooks", {"name": word, "url": f"https://{word}.example/", "events": ["call.ended"]})
    queue = await api.made("/queues", {"name": f"{word}_queue", "description": word})
    member = await api.made(f"/queues/{queue['uuid']}/members", {"name": word, "phone": "+14155550152"})
    key = await api.made("/api-keys", {"name": word, "scopes": ["voice:calls:read"]})
    await api.put(f"/integrations/voice/{PROVIDER}", {"api_key": f"{word}-0123456789"})
    await api.put("/integrations/telephony/exotel", {"api_key": word, "api_token": word, "account_sid": word})
    await api.patch("/organisation", {"name": word})
    voice = form(name=f"{word}-voice", language="en-IN", reference_audio=wav(11))
    assert (await api.post("/models/speakers", data=voice)).status == 201
    sample = form(transcript=f"{word} is said here", audio=wav(6))
    assert (await api.post(f"/models/speakers/{word}-voice/dataset/sample", data=sample)).status == 201
    await api.made_voice(organisation, f"{word}-voice")
    await api.post(f"/models/speakers/{word}-voice/consent", {"owner": word, "statement": word})
    deployed = await api.post(f"/models/speakers/{word}-voice/deploy")
    call = await a_call_of(api, organisation, word, flow["uuid"], customer["uuid"])
    state = DeliveryState.FAILED
    log = Delivery(
        new_id(LOG), organisation, webhook["uuid"], word, "call.ended", {word: 1}, triggered_at=NOW, state=state
    )
    log = replace(log, call_id=call)
    async with api.database.begin(organisation) as work:
        await work.deliveries.add([log])
        await work.trainings.queue(
            Training(organisation, f"{word}-voice", new_id(TRAINING), TrainingState.FAILED, NOW, reason=word)
        )
        await an_attempt_of(work, organisation, word, flow["uuid"], customer["uuid"], call)
    return {
        "customer_uuid": customer["uuid"],
        "agent_uuid": agent["uuid"],
        "script_uuid": script["uuid"],
        "number_uuid": number["uuid"],
        "list_uuid": contact_list["uuid"],
        "flow_uuid": flow["uuid"],
        "id": flow["uuid"],
        "webhook_uuid": webhook["uuid"],
        "log_uuid": log.id,
        "queue_uuid": queue["uuid"],
        "queue_name": queue["name"],
        "member_uuid": member["uuid"],
        "key_uuid": key["uuid"],
        "name": f"{word}-voice",
        "sample_uuid": deployed.body["voice_sample_uuid"],
        "call_uuid": call,
    }


def flow_body(word: str, agent: str, script: str, contact_list: str, number: str) -> dict[str, Any]:
    return {
        "kind": "outbound",
        "name": word,
        "provider": "nextneural",
        "voice_agent_id": agent,
        "script_id": script,
        "contact_list_id": contact_list,
        "phone_numbers": [number],
        "config": {"persona_prompt": word},
    }


async def a_call_of(api: Api, organisation: str, word: str, flow: str, customer: str) -> str:
    """Over, with a turn and a recording that is there."""
    call = a_call(organisation, flow_id=flow, customer_id=customer, status=CallStatus.IN_PROGRESS)
    path = f"recordings/{call.id}.wav"
    call = replace(call, summary=word, key_details={word: 1}, recording=path, from_number=word)
    (api.services.data / "recordings").mkdir(parents=True, exist_ok=True)
    (api.services.data / path).write_bytes(wav(1))
    async with api.database.begin(organisation) as work:
        await work.calls.open(call)
        await work.calls.add_turns([a_turn(call.id, 0, text=word)])
        await work.calls.add_latencies([TurnLatency(call.id, 0, total_ms=500.0, measured_at=NOW)])
        outcome = Outcome.CONNECTED
        await work.calls.ended(call.id, at=NOW, outcome=outcome, reason=word, duration=3.0, recording=path)
    return call.id


async def an_attempt_of(work: UnitOfWork, organisation: str, word: str, flow: str, customer: str, call: str) -> None:
    """The campaign's only contact was called, and is done."""
    run = Run(flow, organisation, NOW, NOW, enrol_after=None, places=["US|America/New_York"], sequence=1)
    run = replace(run, attempted=1, done=1)
    contact = Contact(0, organisation, flow, customer, "+14155550192", 0, ContactState.DONE, NOW, attempts=1)
    outcome = Outcome.CONNECTED
    await work.runs.start(flow, organisation, now=NOW, enrol_to=0)
    await work.runs.save(run)
    await work.contacts.take_in([replace(contact, outcome=outcome, reason=word)])
    (known,) = await work.contacts.page(flow, 1)
    attempt = Attempt(
        call,
        organisation,
        flow,
        customer,
        contact.phone,
        caller_id=word,
        line="",
        provider="simulator",
        state=AttemptState.ENDED,
        node="one",
        decided_at=NOW,
        deadline=NOW,
        look_at=None,
        contact=known.number,
        ended_at=NOW + timedelta(minutes=1),
        outcome=outcome,
        reason=word,
    )
    await work.attempts.add([attempt])
    await work.attempt_tallies.add([AttemptTally(flow, NOW.date(), NOW.hour, 1, outcome, 1, 3.0, 0)])
    told = {"call_uuid": call, "customer_uuid": customer, "attempt": 1, "status": "ended", "reason": word}
    await work.runs.tell([ProgressEvent(flow, 1, organisation, ProgressKind.CALL, told, NOW)])
