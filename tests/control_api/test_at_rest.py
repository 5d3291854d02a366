"""What is secret can be read nowhere in the database, by whichever way it came in."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from control_api.links.integrations import VOICE
from storage.columns import metadata
from storage.database import Database
from storage.seed import Seeded
from storage.tables import api_keys
from tests.control_api.api import Api, serving_api
from tests.control_api.everything import one_of_everything
from tests.storage.samples import TOKEN

SECRET = "sk-canarysecret-0123456789"
PLAIN = "plainword"
"""Stands beside every secret."""
OVERRIDES = {"firstMessage": PLAIN, "credentials": [{"provider": "openai", "apiKey": SECRET}]}


@pytest.fixture
async def api(database: Database, tmp_path: Path) -> AsyncIterator[Api]:
    async with serving_api(database, tmp_path) as api:
        yield api


async def keep_everywhere(api: Api, ids: dict[str, str]) -> str:
    """By every route that takes secrets. The key that was made."""
    exotel = {"api_key": SECRET, "api_token": SECRET, "account_sid": PLAIN}
    asks: list[tuple[str, str, dict[str, Any]]] = [
        ("PUT", "/integrations/telephony/exotel", exotel),
        *(("PUT", f"/integrations/voice/{provider}", {"api_key": SECRET}) for provider in VOICE),
        ("PATCH", f"/webhooks/{ids['webhook_uuid']}", {"name": PLAIN, "secret": SECRET, "headers": {"X-Key": SECRET}}),
        ("PATCH", f"/agents/{ids['agent_uuid']}", {"assistant_overrides": OVERRIDES}),
        ("PATCH", f"/flows/{ids['flow_uuid']}", {"assistant_overrides": OVERRIDES}),
        ("PATCH", f"/customers/{ids['customer_uuid']}", {"assistant_overrides": OVERRIDES}),
        ("PATCH", "/organisation", {"assistant_overrides": OVERRIDES}),
    ]
    for method, path, body in asks:
        answer = await api.ask(method, path, body)
        assert answer.status == 200, (path, answer)
    made = await api.made("/api-keys", {"name": PLAIN, "scopes": ["voice:calls:read"]})
    return str(made["key"])


def shapes(secret: str) -> list[str]:
    """As it is, and as it might be thought hidden."""
    raw = secret.encode()
    return [secret, base64.b64encode(raw).decode().rstrip("=")[:-1], raw.hex(), secret[::-1]]


async def test_no_secret_can_be_read_in_any_table(api: Api, seeded: Seeded) -> None:
    token = await keep_everywhere(api, await one_of_everything(api, seeded.organisation))
    async with api.database.connect() as connection:
        kept = {table.name: repr((await connection.execute(select(table))).all()) for table in metadata.sorted_tables}
    for table in ("integrations", "webhooks", "agents", "flows", "customers", "organisations", "api_keys"):
        assert PLAIN in kept[table], table
    for secret in (SECRET, TOKEN, token):
        assert [name for name, rows in kept.items() if any(shape in rows for shape in shapes(secret))] == []


async def test_no_secret_can_be_read_in_the_database_file(api: Api, seeded: Seeded, file: Path) -> None:
    token = await keep_everywhere(api, await one_of_everything(api, seeded.organisation))
    at_rest = b"".join(each.read_bytes() for each in file.parent.glob(f"{file.name}*"))
    assert PLAIN.encode() in at_rest
    for secret in (SECRET, TOKEN, token):
        assert [shape for shape in shapes(secret) if shape.encode() in at_rest] == []


async def test_a_key_is_kept_as_its_sha_256(api: Api) -> None:
    made = await api.made("/api-keys", {"name": "A", "scopes": ["voice:calls:read"]})
    async with api.database.connect() as connection:
        prints = set((await connection.execute(select(api_keys.c.fingerprint))).scalars())
    assert prints == {hashlib.sha256(token.encode()).hexdigest() for token in (TOKEN, made["key"])}
