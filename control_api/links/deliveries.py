"""What became of each delivery of a webhook; a test of it; and sending again what failed."""

from __future__ import annotations

from dataclasses import replace

from pydantic import Field

from control_api.links import webhooks
from control_api.links.event_data import envelope
from control_api.links.webhook_sender import WebhookSender
from control_api.links.webhook_shapes import DeliveryShown
from control_api.web.asked import Asked
from control_api.web.errors import conflict, not_found
from control_api.web.shapes import Page, Shown
from storage.assets import Delivery, DeliveryState, Webhook
from storage.database import UnitOfWork
from storage.ids import EVENT, LOG, new_id

contract = webhooks.contract.again()

TEST = "webhook.test"
"""No webhook asks for it: it is sent when somebody wants to see whether a webhook works."""


class DeliveriesQuery(Page):
    state: DeliveryState | None = Field(None, description="only those that are so")


class DeliveriesPage(Shown):
    logs: list[DeliveryShown]
    total: int


class Retried(Shown):
    retried: int = Field(description="deliveries that will be sent again")


@contract.get("/{webhook_uuid}/logs")
async def logs(asked: Asked, webhook_uuid: str, query: DeliveriesQuery) -> DeliveriesPage:
    """List what became of each delivery, newest first. They are kept for 30 days."""
    states = [] if query.state is None else [query.state]
    async with asked.read() as work:
        await _found(work, webhook_uuid)
        found, total = await work.deliveries.page(webhook_uuid, states, query.limit, query.offset)
    return DeliveriesPage(logs=[DeliveryShown.of(delivery) for delivery in found], total=total)


@contract.post("/{webhook_uuid}/test", status=200, limit="10/minute")
async def test(asked: Asked, webhook_uuid: str) -> DeliveryShown:
    """Send a test event now, once, and tell what came back."""
    async with asked.read() as work:
        webhook = await _found(work, webhook_uuid)
    told = envelope(TEST, asked.now, asked.organisation, {"webhook_uuid": webhook_uuid, "name": webhook.name})
    delivery = Delivery(
        new_id(LOG), asked.organisation, webhook_uuid, new_id(EVENT), TEST, told, triggered_at=asked.now, attempts=1
    )
    services = asked.services
    sender = WebhookSender(services.public_http, services.seal, private=services.private_webhooks)
    answer = await sender.send(webhook, delivery, asked.now)
    delivery = replace(
        delivery,
        state=DeliveryState.DONE if answer.trouble is None else DeliveryState.FAILED,
        response_status=answer.status,
        response_ms=answer.milliseconds,
        trouble=answer.trouble,
    )
    async with asked.begin() as work:
        if await work.webhooks.held(webhook_uuid) is None:
            raise not_found("Webhook")
        await work.deliveries.add([delivery])
    return DeliveryShown.of(delivery)


@contract.post("/{webhook_uuid}/logs/{log_uuid}/retry", status=200, errors=(409,))
async def retry(asked: Asked, webhook_uuid: str, log_uuid: str) -> DeliveryShown:
    """Send a delivery again, whatever became of it: the same body and event, with as many tries as a new one."""
    async with asked.begin() as work:
        webhook = await _found(work, webhook_uuid)
        if await work.deliveries.get(webhook_uuid, log_uuid) is None:
            raise not_found("Log")
        _must_be_on(webhook)
        if not await work.deliveries.retry(webhook_uuid, log_uuid, now=asked.now):
            raise conflict("The delivery is on its way already")
        delivery = await work.deliveries.get(webhook_uuid, log_uuid)
    assert delivery is not None
    return DeliveryShown.of(delivery)


@contract.post("/{webhook_uuid}/retry-failed", status=200, errors=(409,))
async def retry_failed(asked: Asked, webhook_uuid: str) -> Retried:
    """Send all deliveries again that were given up."""
    async with asked.begin() as work:
        _must_be_on(await _found(work, webhook_uuid))
        return Retried(retried=await work.deliveries.retry_failed(webhook_uuid, now=asked.now))


async def _found(work: UnitOfWork, webhook_uuid: str) -> Webhook:
    webhook = await work.webhooks.get(webhook_uuid)
    if webhook is None:
        raise not_found("Webhook")
    return webhook


def _must_be_on(webhook: Webhook) -> None:
    if not webhook.is_active:
        raise conflict("Webhook is switched off: switch it on first")
