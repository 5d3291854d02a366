"""Somebody who takes deliveries, over real sockets; and what sends them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from aiohttp import web
from aiohttp.test_utils import TestServer

from control_api.links.addressing import Addressing
from control_api.links.dispatcher import Dispatcher
from control_api.links.public_only import public_session
from control_api.links.verdict import WAITS
from control_api.links.webhook_sender import SECONDS, WebhookSender
from storage.assets import Delivery, DeliveryState, Webhook
from storage.database import Database
from storage.ids import CALL, WEBHOOK, new_id
from storage.sealing import Seal, webhook_part
from tests.storage.samples import NOW

SEAL = Seal({"0" * 8: bytes(32)}, "0" * 8)
"""The one that `serving_api` has."""
SECRET = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
QUICK = (0.01, 0.01, 0.01)
PUBLIC = "https://voice.example.com"


@dataclass(frozen=True)
class Received:
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def told(self) -> Any:
        return orjson.loads(self.body)


Answers = Callable[[Received, web.Request], Awaitable[web.StreamResponse | int]]


async def always_200(received: Received, request: web.Request) -> int:
    return 200


@dataclass
class Receiver:
    url: str = ""
    answers: Answers = always_200
    received: list[Received] = field(default_factory=list)
    taken: list[Received] = field(default_factory=list)
    """Those that were answered with 2xx."""

    def of(self, path: str) -> list[Received]:
        return [one for one in self.received if one.path == path]

    async def take(self, request: web.Request) -> web.StreamResponse:
        one = Received(request.path, dict(request.headers), await request.read())
        self.received.append(one)
        answer = await self.answers(one, request)
        response = web.Response(status=answer) if isinstance(answer, int) else answer
        if 200 <= response.status < 300:
            self.taken.append(one)
        return response


@asynccontextmanager
async def receiving(answers: Answers = always_200) -> AsyncIterator[Receiver]:
    receiver = Receiver(answers=answers)
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", receiver.take)
    server = TestServer(app)
    await server.start_server(shutdown_timeout=0.1)
    receiver.url = str(server.make_url("")).rstrip("/")
    try:
        yield receiver
    finally:
        await server.close()


def a_webhook(organisation: str, url: str, **more: Any) -> Webhook:
    uuid = new_id(WEBHOOK)
    secret = more.pop("secret", SECRET)
    about: dict[str, Any] = {"events": ["call.started", "call.ended"], "created_at": NOW, "updated_at": NOW}
    headers = orjson.dumps(more.pop("headers", {})).decode()
    return Webhook(
        uuid,
        organisation,
        "CRM",
        url,
        secret=SEAL.seal(secret, organisation=organisation, name=webhook_part(uuid, "secret")),
        headers=SEAL.seal(headers, organisation=organisation, name=webhook_part(uuid, "headers")),
        **about | more,
    )


async def subscribed(database: Database, organisation: str, *urls: str, **more: Any) -> list[Webhook]:
    webhooks = [a_webhook(organisation, url, **more) for url in urls]
    async with database.begin(organisation) as work:
        for webhook in webhooks:
            await work.webhooks.add(webhook)
    return webhooks


async def announced(database: Database, organisation: str, calls: int, *topics: str) -> list[str]:
    """Each call's events in order, and made into deliveries. Ids of the calls."""
    ids = [new_id(CALL) for _ in range(calls)]
    async with database.begin(organisation) as work:
        for call in ids:
            await work.announce_all([(topic, {"call": call}) for topic in topics or ("call.ended",)])
    while await relayed(database):
        pass
    return ids


async def relayed(database: Database) -> int:
    async with database.read() as work:
        events = await work.outbox.waiting(100)
    if events:
        await Addressing(database, PUBLIC).take(events)
    return len(events)


class Counted:
    """Tries by what came of them."""

    def __init__(self) -> None:
        self.states: list[DeliveryState] = []

    def tried(self, state: DeliveryState) -> None:
        self.states.append(state)


def real_now() -> datetime:
    return datetime.now(UTC)


@asynccontextmanager
async def dispatching(
    database: Database,
    *,
    private: bool = True,
    seconds: float = SECONDS,
    lease: timedelta = timedelta(seconds=20),
    waits: tuple[float, ...] = WAITS,
    clock: Callable[[], datetime] = real_now,
    tally: Counted | None = None,
) -> AsyncIterator[Dispatcher]:
    async with public_session(private=private) as http:
        sender = WebhookSender(http, SEAL, private=private, seconds=seconds)
        dispatcher = Dispatcher(database, sender, clock, tally or Counted(), lease=lease, waits=waits)
        task = asyncio.create_task(dispatcher.run())
        try:
            yield dispatcher
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def deliveries(database: Database, webhook: Webhook) -> list[Delivery]:
    """Oldest first."""
    async with database.read() as work:
        found, _ = await work.deliveries.page(webhook.id, [], 10_000)
    return found[::-1]


async def all_are(database: Database, webhook: Webhook, *states: DeliveryState) -> bool:
    return {one.state for one in await deliveries(database, webhook)} <= set(states)


async def kept(database: Database, webhook: Webhook) -> Webhook:
    async with database.read() as work:
        found = await work.webhooks.get(webhook.id)
    assert found is not None
    return found


def by_call(received: list[Received]) -> Iterator[list[str]]:
    """What was told of each call, in the order in which it came."""
    calls: dict[str, list[str]] = {}
    for one in received:
        calls.setdefault(one.told["data"]["call_uuid"], []).append(one.told["event"])
    yield from calls.values()
