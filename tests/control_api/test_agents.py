"""Voice agents: who speaks in a call."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from control_api.voices.agent_shapes import initials
from control_api.voices.agents import contract
from control_api.web.hidden import MASK, PLAN, Hidden
from server.catalogue import catalogue
from storage.database import Database
from storage.records import Scope
from storage.seed import Seeded
from tests.control_api.api import PUBLIC, Api, serving_api

ARIA: dict[str, Any] = {
    "name": "Aria",
    "role": "Outbound Sales",
    "description": "Multilingual outbound agent for retail sales",
    "avatar_color": "#6366f1",
    "avatar_initials": "AR",
    "voice_config": {"provider": "sarvam", "model": "bulbul:v3", "speaker": "anushka", "language_code": "hi-IN"},
}
KEY = "sk-canary-0123456789"


def openai(**options: Any) -> dict[str, Any]:
    return {"llm": {"provider": "openai", "options": options}}


@pytest.fixture
async def api(database: Database, seeded: Seeded, tmp_path: Path) -> AsyncIterator[Api]:
    async with serving_api(database, tmp_path, catalogue=catalogue(tmp_path)) as api:
        yield api


async def test_the_documents_agent_is_created_and_listed(api: Api) -> None:
    made = await api.made("/agents", ARIA)
    assert made["uuid"].startswith("agt_")
    assert {name: made[name] for name in ARIA} == {**ARIA, "voice_config": {**ARIA["voice_config"], "sample_url": None}}
    assert made["is_active"] is True
    assert made["created_at"].endswith("Z")
    assert (made["config"], made["assistant_overrides"], made["warnings"]) == ({}, {}, [])
    listed = (await api.get("/agents")).body
    assert listed[-1] == made
    assert (await api.get(f"/agents/{made['uuid']}")).body == made


async def test_v1_has_the_same_agents(api: Api) -> None:
    made = await api.made("/v1/voice-agents", ARIA)
    assert (await api.get(f"/v1/voice-agents/{made['uuid']}")).body == made
    assert (await api.get("/v1/voice-agents")).body == (await api.get("/agents")).body
    changed = await api.patch(f"/v1/voice-agents/{made['uuid']}", {"role": "Support"})
    assert (changed.status, changed.body["role"]) == (200, "Support")
    assert (await api.delete(f"/v1/voice-agents/{made['uuid']}")).status == 204


async def test_a_name_and_a_role_are_enough(api: Api) -> None:
    made = await api.made("/agents", {"name": "Front desk", "role": "Receptionist"})
    assert (made["description"], made["avatar_initials"], made["voice_config"]) == ("", "FD", None)
    assert made["avatar_color"].startswith("#")


@pytest.mark.parametrize(
    ("name", "letters"), [("Aria", "AR"), ("aria shah rao", "AS"), ("X", "X"), ("(Anna) 2", "A2"), ("!!", "!!")]
)
def test_initials_are_made_from_the_name(name: str, letters: str) -> None:
    assert initials(name) == letters


async def test_a_voice_of_the_server_s_own_can_be_listened_to(api: Api) -> None:
    said = {"provider": "nextneural", "speaker": "espeak+f2", "language_code": "hi-IN"}
    made = await api.made("/agents", {**ARIA, "voice_config": said})
    shown = made["voice_config"]
    assert (shown["model"], shown["speaker"]) == (None, "espeak+f2")
    assert shown["sample_url"].startswith(f"{PUBLIC}/api/voice/samples/vs_")
    heard = await api.get(shown["sample_url"].removeprefix(PUBLIC))
    assert (heard.status, heard.raw[:4]) == (200, b"RIFF")


async def test_a_change_leaves_what_it_does_not_name(api: Api) -> None:
    made = await api.made("/agents", {**ARIA, "config": {"greeting": "Hello."}})
    changed = await api.patch(f"/agents/{made['uuid']}", {"name": "Asha Rao", "avatar_initials": None})
    assert changed.status == 200
    assert changed.body == {
        **made,
        "name": "Asha Rao",
        "avatar_initials": "AR",
        "updated_at": changed.body["updated_at"],
    }
    cleared = await api.patch(f"/agents/{made['uuid']}", {"voice_config": None, "description": None, "config": {}})
    assert [cleared.body[name] for name in ("voice_config", "description", "config")] == [None, "", {}]


async def test_a_deleted_agent_is_shown_to_those_who_know_it_and_changed_by_nobody(api: Api) -> None:
    made = await api.made("/agents", ARIA)
    path = f"/agents/{made['uuid']}"
    gone = await api.delete(path)
    assert (gone.status, gone.raw) == (204, b"")
    assert made["uuid"] not in [agent["uuid"] for agent in (await api.get("/agents")).body]
    assert (await api.get(path)).body["is_active"] is False
    for refused in (await api.patch(path, {"name": "Back"}), await api.delete(path)):
        assert (refused.status, refused.detail) == (404, "Agent not found")
    assert (await api.get(path)).body["name"] == "Aria"


async def test_overrides_are_kept_and_what_is_not_obeyed_is_told(api: Api) -> None:
    overrides = {"firstMessage": "Namaste.", "backgroundSound": "office"}
    made = await api.made("/agents", {**ARIA, "assistant_overrides": overrides})
    assert made["assistant_overrides"] == overrides
    assert any("backgroundSound" in warning for warning in made["warnings"])
    wrong = await api.post("/agents", {**ARIA, "assistant_overrides": {"firstMesage": "Hi"}})
    assert (wrong.status, "firstMesage is not a known field" in wrong.detail) == (400, True)


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"name": ""}, "name "),
    ({"name": None}, "name must be a valid string"),
    ({"role": "x" * 201}, "role "),
    ({"avatar_color": "blue"}, "avatar_color "),
    ({"avatar_initials": "ARI"}, "avatar_initials "),
    ({"colour": "#000"}, "colour is not a known field"),
    ({"voice_config": {"speaker": "anushka"}}, "voice_config.provider is required"),
    ({"voice_config": {"provider": "acme"}}, "voice_config.provider must be one of nextneural, sarvam, elevenlabs"),
    ({"voice_config": {"provider": "sarvam", "language_code": "hindi!"}}, "voice_config.language_code "),
    ({"voice_config": {"provider": "sarvam", "pitch": 1}}, "voice_config.pitch is not a known field"),
    ({"config": {"persona": "x"}}, "config.persona is not a known field"),
    ({"config": {"max_seconds": 0}}, "config.max_seconds must be greater than 0"),
    ({"config": {"stt": {"provider": "acme"}}}, "config.stt.provider must be one of elevenlabs, embedded, "),
    ({"config": openai(temperature=3)}, "config.llm.options.temperature must be less than or equal to 2"),
    ({"config": openai(api_key=[KEY])}, "config.llm.options.api_key must be a valid string"),
    ({"config": {"tts": {"options": {"speed": 9}}}}, "config.tts.options.speed must be less than or equal to 2"),
    ({"config": {"llm": {"options": {"script": KEY}}}}, "config.llm.options.script will not do"),
]


@pytest.mark.either
@pytest.mark.parametrize(("fields", "detail"), WRONG)
async def test_a_wrong_field_is_named_and_changes_nothing(api: Api, fields: dict[str, Any], detail: str) -> None:
    made = await api.made("/agents", ARIA)
    before = (await api.get("/agents")).body
    for refused in (await api.post("/agents", {**ARIA, **fields}), await api.patch(f"/agents/{made['uuid']}", fields)):
        assert refused.status == 400
        assert refused.detail.startswith(detail)
        assert KEY not in refused.raw.decode()
    assert (await api.get("/agents")).body == before


async def test_name_and_role_are_required(api: Api) -> None:
    for missing in ("name", "role"):
        refused = await api.post("/agents", {name: value for name, value in ARIA.items() if name != missing})
        assert (refused.status, refused.detail) == (400, f"{missing} is required")


async def test_a_key_in_the_plan_is_never_shown_and_survives_an_edit(api: Api, seeded: Seeded) -> None:
    made = await api.made("/agents", {**ARIA, "config": openai(api_key=KEY, model="one")})
    path, shown = f"/agents/{made['uuid']}", MASK + KEY[-4:]
    assert made["config"] == openai(api_key=shown, model="one")
    for answer in (await api.get(path), await api.get("/agents"), await api.get("/v1/voice-agents")):
        assert KEY not in answer.raw.decode()
    edited = await api.patch(path, {"config": openai(api_key=shown, model="two")})
    assert edited.body["config"] == openai(api_key=shown, model="two")
    assert await kept_key(api, seeded, made["uuid"]) == KEY
    assert (await api.patch(path, {"config": openai(api_key="sk-another-987654321")})).status == 200
    assert await kept_key(api, seeded, made["uuid"]) == "sk-another-987654321"


async def test_a_key_of_a_fallback_is_never_shown_and_survives_an_edit(api: Api, seeded: Seeded) -> None:
    def plan(key: str) -> dict[str, Any]:
        return {"llm": {"fallbacks": [{"provider": "embedded"}, openai(api_key=key)["llm"]]}}

    made = await api.made("/agents", {**ARIA, "config": plan(KEY)})
    path, shown = f"/agents/{made['uuid']}", plan(MASK + KEY[-4:])
    assert made["config"] == shown
    assert KEY not in (await api.get("/agents")).raw.decode()
    edited = await api.patch(path, {"config": {**shown, "max_seconds": 60}})
    assert edited.body["config"] == {**shown, "max_seconds": 60}


async def test_headers_of_servers_that_a_call_asks_are_kept_sealed_and_shown_masked(api: Api) -> None:
    def asked(value: str) -> dict[str, Any]:
        server = {"url": "https://a.example.com/here", "headers": {"X-Key": value}}
        tool = {"kind": "tool", "tool": {"kind": "function", "name": "tell", **server}}
        return {
            "tools": [{"kind": "mcp", **server}],
            "hooks": [{"on": "session.created", "do": [tool]}],
            "consent": {"message": "May this be recorded?", "decline": tool},
            "turns": {"reader": server},
            "knowledge": {"server": server},
        }

    said = {"firstMessage": "Hello.", "model": {"toolIds": ["t"]}}
    made = await api.made("/agents", {**ARIA, "config": asked(KEY), "assistant_overrides": said})
    assert made["config"] == asked(MASK + KEY[-4:])
    assert "assistantOverrides.model.toolIds is not obeyed yet" in made["warnings"]
    async with api.database.read() as work:
        agent = await work.agents.get(made["uuid"])
    assert agent is not None
    assert KEY not in repr(agent.config)


async def test_secrets_of_servers_that_are_told_of_calls_are_kept_sealed_and_shown_masked(api: Api) -> None:
    def told(value: str) -> dict[str, Any]:
        return {
            "server": {"url": "https://a.example.com", "headers": {"X-Vapi-Secret": value}},
            "observability": {"public_key": "pk-lf-1", "secret_key": value},
        }

    made = await api.made("/agents", {**ARIA, "config": told(KEY)})
    assert made["config"] == told(MASK + KEY[-4:])
    async with api.database.read() as work:
        agent = await work.agents.get(made["uuid"])
    assert agent is not None
    assert KEY not in repr(agent.config)


async def test_a_masked_key_of_nothing_is_refused(api: Api) -> None:
    masked = openai(api_key=MASK + "6789")
    for refused in (
        await api.post("/agents", {**ARIA, "config": masked}),
        await api.patch(f"/agents/{(await api.made('/agents', ARIA))['uuid']}", {"config": masked}),
    ):
        assert refused.status == 400
        assert refused.detail == "config.llm.options.api_key is masked: it must be given in full"


async def kept_key(api: Api, seeded: Seeded, agent_id: str) -> str:
    async with api.database.read(seeded.organisation) as work:
        agent = await work.agents.get(agent_id)
    assert agent is not None
    assert KEY not in str(agent.config)
    plan = Hidden(api.services.seal, seeded.organisation, PLAN).opened(agent.config)
    return str(plan["llm"]["options"]["api_key"])


async def test_an_unknown_agent_and_another_s_are_not_found(api: Api, seeded: Seeded) -> None:
    _, stranger = await api.stranger()
    for agent, token in (("agt_unknown", None), (seeded.agent, stranger)):
        for answer in (
            await api.get(f"/agents/{agent}", token=token),
            await api.patch(f"/agents/{agent}", {"name": "Mine"}, token=token),
            await api.delete(f"/agents/{agent}", token=token),
        ):
            assert (answer.status, answer.detail) == (404, "Agent not found")
    assert (await api.get("/agents", token=stranger)).body == []
    assert (await api.get(f"/agents/{seeded.agent}")).body["is_active"] is True


async def test_scopes(api: Api, seeded: Seeded) -> None:
    reader, other = await api.key(Scope.AGENTS_READ), await api.key(Scope.CALLS_READ)
    assert (await api.get("/agents", token=reader)).status == 200
    for answer in (
        await api.post("/agents", ARIA, token=reader),
        await api.patch(f"/agents/{seeded.agent}", {"name": "Mine"}, token=reader),
        await api.delete(f"/agents/{seeded.agent}", token=reader),
    ):
        assert answer.status == 403
        assert answer.detail == "Insufficient permissions. Required scopes: voice:agents:write"
    assert (await api.get("/agents", token=other)).status == 403


def test_twenty_agents_a_minute() -> None:
    limits = {endpoint.name: endpoint.limit for endpoint in contract.endpoints}
    assert limits["POST /agents"] == "20/minute"


async def test_an_agent_of_a_provider_that_is_gone_is_still_shown(api: Api, seeded: Seeded) -> None:
    async with api.database.begin(seeded.organisation) as work:
        agent = await work.agents.get(seeded.agent)
        assert agent is not None
        plan = {"llm": {"provider": "gone", "options": {"x": "y"}}, "voice": "odd"}
        await work.agents.save(replace(agent, config=plan), now=agent.updated_at)
    assert (await api.get(f"/agents/{seeded.agent}")).body["config"] == plan
