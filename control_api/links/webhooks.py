"""Webhooks: where events are sent."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import orjson
from pydantic import Field

from control_api.links.signature import SECRET_START
from control_api.links.verdict import SWITCHED_OFF
from control_api.links.webhook_shapes import WebhookBody, WebhookChange, WebhookShown
from control_api.links.webhook_targets import check_headers, check_url
from control_api.web.asked import Asked
from control_api.web.contract import Contract
from control_api.web.errors import bad, conflict, not_found
from control_api.web.hidden import MASK, masked
from control_api.web.shapes import Page, Shown, changes, to_the_second
from storage.assets import Webhook
from storage.ids import WEBHOOK, new_id
from storage.records import Scope
from storage.sealing import webhook_part

contract = Contract("Webhooks", "/webhooks", v1="/webhooks", read=Scope.WEBHOOKS_READ, write=Scope.WEBHOOKS_WRITE)

SECRET_BYTES = 32
OLD_SECRET_LASTS = timedelta(hours=24)
"""After a new one was made: time to tell the receiver."""


class WebhooksQuery(Page):
    is_active: bool | None = Field(None, description="only those that are, or are not")


class WebhooksPage(Shown):
    webhooks: list[WebhookShown]
    total: int


@contract.get("")
async def every(asked: Asked, query: WebhooksQuery) -> WebhooksPage:
    """List webhooks, oldest first."""
    async with asked.read() as work:
        found, total = await work.webhooks.being(query.is_active, query.limit, query.offset)
    return WebhooksPage(webhooks=[_shown(asked, webhook) for webhook in found], total=total)


@contract.post("", limit="20/minute")
async def create(asked: Asked, body: WebhookBody) -> WebhookShown:
    """Create a webhook. A secret that the server makes is shown this once."""
    _check_url(asked, body.url)
    uuid = new_id(WEBHOOK)
    secret = body.secret or _new_secret()
    webhook = Webhook(
        uuid,
        asked.organisation,
        body.name,
        body.url,
        body.events,
        _sealed_secret(asked, uuid, secret),
        _sealed_headers(asked, uuid, body.headers),
        created_at=asked.now,
        updated_at=asked.now,
    )
    async with asked.begin() as work:
        await work.webhooks.add(webhook)
    shown = _shown(asked, webhook)
    return shown if body.secret else shown.model_copy(update={"secret": secret})


@contract.get("/{webhook_uuid}")
async def get(asked: Asked, webhook_uuid: str) -> WebhookShown:
    """Get a webhook."""
    async with asked.read() as work:
        webhook = await work.webhooks.get(webhook_uuid)
    if webhook is None:
        raise not_found("Webhook")
    return _shown(asked, webhook)


@contract.patch("/{webhook_uuid}")
async def change(asked: Asked, webhook_uuid: str, body: WebhookChange) -> WebhookShown:
    """Change a webhook. Switching it on forgets its failures; switching it off gives up what waits to be sent."""
    new = changes(body)
    if "url" in new:
        _check_url(asked, body.url)
    if "secret" in new:
        new["secret"] = _sealed_secret(asked, webhook_uuid, body.secret)
        new |= {"old_secret": None, "old_secret_until": None}
    if new.get("is_active"):
        new |= {"failures": 0, "trouble": None}
    async with asked.begin() as work:
        webhook = await work.webhooks.held(webhook_uuid)
        if webhook is None:
            raise not_found("Webhook")
        if "headers" in new:
            new["headers"] = _sealed_headers(asked, webhook_uuid, _merged(asked, webhook, body.headers))
        was_active = webhook.is_active
        webhook = replace(webhook, **new, updated_at=asked.now)
        await work.webhooks.rewrite(webhook, new.keys(), now=asked.now)
        if not (was_active and webhook.is_active):  # something may have been addressed to it while it was switched off
            await work.deliveries.give_up(webhook_uuid, SWITCHED_OFF)
    return _shown(asked, webhook)


@contract.delete("/{webhook_uuid}")
async def delete(asked: Asked, webhook_uuid: str) -> None:
    """Delete a webhook and its deliveries."""
    async with asked.begin() as work:
        if not await work.webhooks.delete(webhook_uuid):
            raise not_found("Webhook")


@contract.post("/{webhook_uuid}/rotate-secret", status=200, limit="20/minute", errors=(409,))
async def rotate_secret(asked: Asked, webhook_uuid: str) -> WebhookShown:
    """Make a new secret, shown this once. The one before it signs too for 24 hours, in which no other is made."""
    secret = _new_secret()
    async with asked.begin() as work:
        webhook = await work.webhooks.held(webhook_uuid)
        if webhook is None:
            raise not_found("Webhook")
        until = webhook.old_secret_until
        if until is not None and asked.now < until:
            told = f"A rotation is under way until {to_the_second(until)}"
            raise conflict(f"{told}: the secret before this one signs too until then")
        new: dict[str, Any] = {
            "secret": _sealed_secret(asked, webhook_uuid, secret),
            "old_secret": webhook.secret,
            "old_secret_until": asked.now + OLD_SECRET_LASTS,
        }
        webhook = replace(webhook, **new, updated_at=asked.now)
        await work.webhooks.rewrite(webhook, new.keys(), now=asked.now)
    return _shown(asked, webhook).model_copy(update={"secret": secret})


def _new_secret() -> str:
    return SECRET_START + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def _check_url(asked: Asked, url: str) -> None:
    try:
        check_url(url, private=asked.services.private_webhooks)
    except ValueError as error:
        raise bad(f"url {error}") from None


def _merged(asked: Asked, webhook: Webhook, given: Mapping[str, str]) -> dict[str, str]:
    """What was given; a value as it was shown stands for the one that is kept."""
    kept = _headers(asked, webhook)
    headers = {
        name: kept[name] if name in kept and value == masked(kept[name]) else value for name, value in given.items()
    }
    hidden = next((name for name, value in headers.items() if value.startswith(MASK)), None)
    if hidden is not None:
        raise bad(f"headers.{hidden} is masked: it must be given in full")
    try:
        check_headers(headers)
    except ValueError as error:
        raise bad(f"headers {error}") from None
    return headers


def _sealed_secret(asked: Asked, uuid: str, secret: str) -> str:
    return asked.services.seal.seal(secret, organisation=asked.organisation, name=webhook_part(uuid, "secret"))


def _sealed_headers(asked: Asked, uuid: str, headers: Mapping[str, str]) -> str:
    text = orjson.dumps(headers).decode()
    return asked.services.seal.seal(text, organisation=asked.organisation, name=webhook_part(uuid, "headers"))


def _headers(asked: Asked, webhook: Webhook) -> dict[str, str]:
    part = webhook_part(webhook.id, "headers")
    text = asked.services.seal.open(webhook.headers, organisation=webhook.organisation_id, name=part)
    headers: dict[str, Any] = orjson.loads(text)
    return headers


def _shown(asked: Asked, webhook: Webhook) -> WebhookShown:
    headers = {name: masked(value) for name, value in _headers(asked, webhook).items()}
    part = webhook_part(webhook.id, "secret")
    secret = asked.services.seal.open(webhook.secret, organisation=webhook.organisation_id, name=part)
    return WebhookShown.of(webhook, headers, masked(secret))
