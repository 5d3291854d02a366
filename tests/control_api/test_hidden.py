"""Secrets within JSON: not readable at rest, masked in answers, and kept when they come back masked."""

from __future__ import annotations

from collections.abc import AsyncIterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from control_api.assistant.secrecy import is_secret
from control_api.web.errors import RefusedError
from control_api.web.hidden import MASK, OVERRIDES, PLAN, SEALED, Hidden, masked
from server.catalogue import catalogue
from storage.database import Database
from storage.sealing import Seal, SealedError
from storage.seed import Seeded
from tests.control_api.api import Api, serving_api

SEAL = Seal.of([bytes(32)])
HIDDEN = Hidden(SEAL, "org_1", OVERRIDES)
KEY = "canary-key-0123456789"
SHOWN = MASK + "6789"


def keyed(provider: str = "openai", key: str = KEY, **more: Any) -> dict[str, Any]:
    return {"provider": provider, "apiKey": key, **more}


def everywhere(key: str) -> dict[str, Any]:
    """Overrides with a secret in each place for one."""
    server = {"url": "https://x.example.com", "headers": {"Authorization": f"Bearer {key}", "X-Pin": 123456789012}}
    header = {"type": "object", "properties": {"X-Key": {"type": "string", "value": key}}}
    tool = {"type": "apiRequest", "headers": header, "server": server, "description": "Looks an order up."}
    return {
        "credentials": [keyed(key=key, name="mine"), {"provider": "twilio", "authToken": key, "accountSid": "AC1"}],
        "server": server,
        "model": {"tools": [tool], "knowledgeBase": {"server": server}},
        "tools:append": [tool],
        "hooks": [{"on": "call.ending", "do": [{"type": "tool", "tool": tool}]}],
        "startSpeakingPlan": {"smartEndpointingPlan": {"provider": "custom-endpointing-model", "server": server}},
        "transcriber": {"provider": "custom-transcriber", "server": {"url": "wss://x.example.com", "secret": key}},
        "compliancePlan": {"recordingConsentPlan": {"type": "verbal", "message": "?", "declineTool": tool}},
        "firstMessage": "Hello.",
    }


def texts(value: Any) -> list[str]:
    match value:
        case dict():
            return [text for each in value.values() for text in texts(each)]
        case list():
            return [text for each in value for text in texts(each)]
    return [str(value)]


@pytest.mark.parametrize(
    "path",
    [
        ("credentials", 0, "apiKey"),
        ("credentials", 0, "authToken"),
        ("credentials", 0, "awsSecretAccessKey"),
        ("credentials", 0, "awsAccessKeyId"),
        ("credentials", 0, "gcpKey", "privateKey"),
        ("credentials", 0, "gcpKey", "private_key"),
        ("credentials", 0, "outboundAuthenticationPlan", "authPassword"),
        ("credentials", 0, "authenticationPlan", "clientSecret"),
        ("server", "headers", "X-Anything"),
        ("model", "tools", 2, "server", "headers", "Authorization"),
        ("model", "tools", 0, "headers", "properties", "Authorization", "value"),
        ("voice", "fallbackPlan", "voices", 0, "apiKey"),
        ("voice", "server", "secret"),
        ("voice", "server", "headers", "X-Anything"),
    ],
)
def test_a_secret_is_known_by_its_place(path: tuple[str | int, ...]) -> None:
    assert is_secret(path)


@pytest.mark.parametrize(
    "path",
    [
        ("credentials", 0, "provider"),
        ("credentials", 0, "name"),
        ("credentials", 0, "accountSid"),
        ("server", "url"),
        ("variableValues", "apiKey"),
        ("metadata", "token"),
        ("model", "tools", 0, "headers", "properties", "Authorization", "type"),
        ("model", "tools", 0, "body", "properties", "token", "description"),
        ("model", "tools", 0, "function", "parameters", "properties", "apiKey", "description"),
        ("model", "tools", 0, "parameters", 0, "key"),
        ("model", "maxTokens"),
        ("transcriber", "keywords", 0),
        ("analysisPlan", "structuredDataMultiPlan", 0, "key"),
        ("nothing", "apiKey"),
        (),
    ],
)
def test_what_is_no_secret_stays_readable(path: tuple[str | int, ...]) -> None:
    assert not is_secret(path)


def test_sealed_opened_masked() -> None:
    given = everywhere(KEY)
    before = deepcopy(given)
    sealed = HIDDEN.sealed(given, is_secret)
    assert given == before
    assert not [text for text in texts(sealed) if "canary" in text or "1234567890" in text]
    assert (sealed["firstMessage"], sealed["server"]["url"]) == ("Hello.", "https://x.example.com")
    assert HIDDEN.opened(sealed) == given
    shown = HIDDEN.masked(sealed, is_secret)
    assert shown["credentials"][0] == {"provider": "openai", "apiKey": SHOWN, "name": "mine"}
    assert shown["server"]["headers"] == {"Authorization": SHOWN, "X-Pin": MASK + "9012"}
    assert not [text for text in texts(shown) if "canary" in text]
    assert HIDDEN.masked(shown, is_secret) == shown


def test_what_was_written_in_clear_is_masked_too() -> None:
    assert HIDDEN.masked({"credentials": [keyed()]}, is_secret)["credentials"][0]["apiKey"] == SHOWN


def test_an_empty_text_is_no_secret() -> None:
    empty = {"credentials": [keyed(key="")]}
    assert HIDDEN.sealed(empty, is_secret) == HIDDEN.masked(empty, is_secret) == empty


@pytest.mark.parametrize("other", [Hidden(SEAL, "org_2", OVERRIDES), Hidden(SEAL, "org_1", PLAN)])
def test_a_secret_of_another_organisation_or_kind_does_not_open(other: Hidden) -> None:
    sealed = HIDDEN.sealed({"credentials": [keyed()]}, is_secret)
    with pytest.raises(SealedError):
        other.opened(sealed)


def credentials(*each: dict[str, Any]) -> dict[str, Any]:
    return {"credentials": list(each)}


def restored(given: dict[str, Any], *before: dict[str, Any]) -> dict[str, Any]:
    return HIDDEN.plain(given, HIDDEN.sealed(credentials(*before), is_secret), is_secret, "overrides")


def test_a_mask_stands_for_the_secret_that_was_there() -> None:
    assert restored(credentials(keyed(key=SHOWN)), keyed()) == credentials(keyed())
    assert restored(credentials(keyed(key="sk-new")), keyed()) == credentials(keyed(key="sk-new"))


def test_a_mask_finds_its_secret_where_the_list_has_changed() -> None:
    given = credentials(keyed("groq", MASK + "bbbb"), keyed("openai", SHOWN))
    before = [keyed(), keyed("anthropic", "a" * 12), keyed("groq", "b" * 12)]
    assert restored(given, *before) == credentials(keyed("groq", "b" * 12), keyed())


@pytest.mark.parametrize(
    ("given", "before"),
    [
        (keyed("groq", SHOWN), [keyed("openai")]),  # another provider's key goes nowhere else
        (keyed(key=MASK + "0000"), [keyed()]),
        (keyed(key=SHOWN), []),
        (keyed(key=MASK), [{"provider": "openai"}, keyed(key="short"), keyed(key="tiny")]),  # one or the other
    ],
)
def test_a_mask_of_nothing_is_refused(given: dict[str, Any], before: list[dict[str, Any]]) -> None:
    with pytest.raises(RefusedError) as refused:
        restored(credentials(given), *before)
    assert refused.value.status == 400
    assert refused.value.detail == "overrides.credentials.0.apiKey is masked: it must be given in full"


def test_nobody_gives_what_looks_sealed() -> None:
    sealed = HIDDEN.sealed(credentials(keyed()), is_secret)
    for given in (sealed, {"variableValues": {"x": sealed["credentials"][0]["apiKey"]}}):
        with pytest.raises(RefusedError, match=r"must not have the name \$sealed"):
            HIDDEN.plain(given, {}, is_secret, "overrides")


def test_a_new_key_renews_what_an_old_one_sealed() -> None:
    new = Seal.of([bytes(31) + b"1", bytes(32)])
    sealed = HIDDEN.sealed(everywhere(KEY), is_secret)
    hidden = Hidden(new, "org_1", OVERRIDES)
    renewed = hidden.renewed(sealed)
    assert hidden.renewed(renewed) == renewed != sealed
    assert Hidden(Seal.of([bytes(31) + b"1"]), "org_1", OVERRIDES).opened(renewed) == everywhere(KEY)


@pytest.mark.parametrize("secret", ["", "12345678901", "123456789012"])
def test_a_mask_of_a_mask_is_the_same(secret: str) -> None:
    assert masked(masked(secret)) == masked(secret)


@pytest.fixture
async def api(database: Database, seeded: Seeded, tmp_path: Path) -> AsyncIterator[Api]:
    async with serving_api(database, tmp_path, catalogue=catalogue(tmp_path)) as api:
        yield api


ASHA = {"name": "Asha", "phone": "+919876543210"}
FLOW = {"kind": "outbound", "name": "Spring", "provider": "nextneural"}


async def keep_everywhere(api: Api) -> dict[str, dict[str, Any]]:
    """Secrets in every record that holds some, by every way in. Path → what it is now."""
    told = {"assistant_overrides": everywhere(KEY)}
    plan = {"config": {"llm": {"provider": "openai", "options": {"api_key": KEY}}}}
    agent = await api.made("/agents", {"name": "Aria", "role": "Sales", **plan, **told})
    customer = await api.made("/customers", {**ASHA, **told})
    flow = await api.made("/flows", {**FLOW, **told})
    empty = [await api.made("/flows", FLOW), await api.made("/customers", {**ASHA, "phone": "+919876543211"})]
    copy = await api.made(f"/flows/{flow['uuid']}/duplicate", {})
    paths = [f"/agents/{agent['uuid']}", f"/customers/{customer['uuid']}", f"/flows/{flow['uuid']}"]
    paths += [f"/flows/{empty[0]['uuid']}", f"/customers/{empty[1]['uuid']}", "/organisation"]
    for path in paths[3:]:
        assert (await api.patch(path, told)).status == 200
    rows = [{"name": "Bulk", "phone": f"+91987654322{number}", **told} for number in range(3)]
    assert (await api.post("/customers/bulk", {"customers": rows})).body["created"] == 3
    assert (await api.post("/customers/bulk", {"customers": rows, "mode": "append"})).body["created"] == 3
    assert (await api.post("/customers", {**rows[0], "overwrite": True})).status == 201
    return {path: (await api.get(path)).body for path in [*paths, f"/flows/{copy['uuid']}"]}


async def test_no_secret_can_be_read_in_the_database_file(api: Api, file: Path) -> None:
    await keep_everywhere(api)
    at_rest = b"".join(each.read_bytes() for each in file.parent.glob(f"{file.name}*"))
    assert b"x.example.com" in at_rest
    assert b"canary" not in at_rest


async def test_no_secret_is_shown_and_each_survives_an_edit(api: Api, seeded: Seeded) -> None:
    shown = await keep_everywhere(api)
    lists = ["/agents", "/customers", "/flows", "/flows?include_metrics=true", "/v1/campaigns", "/v1/contacts"]
    for path in [*lists, *shown, *(f"{path}?include_calls=true" for path in shown if "customers" in path)]:
        answer = await api.get(path)
        assert (answer.status, "canary" in answer.raw.decode()) == (200, False), path
    for path, body in shown.items():
        assert body["assistant_overrides"]["credentials"][0]["apiKey"] == SHOWN, path
        back = {"assistant_overrides": {**body["assistant_overrides"], "firstMessage": "Changed."}}
        changed = await api.patch(path, back)
        assert (changed.status, changed.body["assistant_overrides"]) == (200, back["assistant_overrides"]), path
    hidden = Hidden(api.services.seal, seeded.organisation, OVERRIDES)
    async with api.database.read(seeded.organisation) as work:
        agent, customer = await work.agents.get(last(shown, 0)), await work.customers.get(last(shown, 1))
        flow, organisation = await work.flows.get(last(shown, 2)), await work.organisations.get(seeded.organisation)
    for record in (agent, customer, flow, organisation):
        assert record is not None
        assert hidden.opened(record.assistant_overrides) == {**everywhere(KEY), "firstMessage": "Changed."}


def last(shown: dict[str, Any], place: int) -> str:
    """The id in one of the paths."""
    return list(shown)[place].rpartition("/")[2]


async def test_a_mask_of_nothing_is_refused_by_every_route_and_changes_nothing(api: Api) -> None:
    told = {"assistant_overrides": credentials(keyed(key=SHOWN))}
    detail = "assistant_overrides.credentials.0.apiKey is masked: it must be given in full"
    customer, flow = await api.made("/customers", ASHA), await api.made("/flows", FLOW)
    other = {**ASHA, "phone": "+919876543219", **told}
    for answer in (
        await api.post("/agents", {"name": "Aria", "role": "Sales", **told}),
        await api.post("/customers", other),
        await api.post("/flows", {**FLOW, **told}),
        await api.patch("/organisation", told),
        await api.patch(f"/customers/{customer['uuid']}", told),
        await api.patch(f"/flows/{flow['uuid']}", told),
    ):
        assert (answer.status, answer.detail) == (400, detail)
    bulk = await api.post("/customers/bulk", {"customers": [other]})
    assert bulk.body == {"created": 0, "updated": 0, "errors": [{"row": 1, "phone": other["phone"], "reason": detail}]}
    assert (await api.get(f"/flows/{flow['uuid']}")).body["assistant_overrides"] == {}
    assert (await api.get("/customers")).body["total"] == 1


async def test_overrides_that_are_too_large_are_refused(api: Api) -> None:
    answer = await api.patch("/organisation", {"assistant_overrides": {"firstMessage": "x" * 70_000}})
    assert (answer.status, answer.detail) == (400, "assistant_overrides must be smaller than 65536 characters")


async def test_a_record_with_secrets_is_found_by_the_key_alone(api: Api, seeded: Seeded) -> None:
    """Under another key the answer is a fault, and not a record without its secrets."""
    await api.patch("/organisation", {"assistant_overrides": credentials(keyed())})
    async with api.database.begin(seeded.organisation) as work:
        organisation = await work.organisations.get(seeded.organisation)
        assert organisation is not None
        at_rest = organisation.assistant_overrides["credentials"][0]["apiKey"]
    assert set(at_rest) == {SEALED}
    with pytest.raises(SealedError):
        Hidden(Seal.of([b"1" * 32]), seeded.organisation, OVERRIDES).opened(organisation.assistant_overrides)
