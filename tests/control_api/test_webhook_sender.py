from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from email.utils import format_datetime

import pytest
from aiohttp import web

from control_api.links.public_only import public_session
from control_api.links.webhook_sender import WebhookSender
from storage.assets import Delivery
from storage.sealing import Seal
from tests.control_api.receivers import SEAL, Received, a_webhook, receiving
from tests.storage.samples import NOW

DELIVERY = Delivery("wbl_1", "org_1", "wbh_1", "evt_1", "call.ended", {"name": "राम"}, NOW)


@pytest.fixture
async def sender() -> AsyncIterator[WebhookSender]:
    async with public_session(private=True) as http:
        yield WebhookSender(http, SEAL, private=True)


@pytest.mark.parametrize(
    ("status", "asked", "wait"),
    [
        (429, "7", 7.0),
        (503, "7", 7.0),
        (503, "3600", 60.0),
        (503, format_datetime(NOW + timedelta(seconds=20), usegmt=True), 20.0),
        (503, format_datetime(NOW - timedelta(seconds=20), usegmt=True), 0.0),
        (503, "Fri, 01 May 2026", 0.0),
        (503, "-5", 0.0),
        (503, "soon", 0.0),
        (503, "٣", 0.0),
        (500, "7", 0.0),
    ],
)
async def test_a_busy_receiver_says_when_it_wants_to_hear_again(
    sender: WebhookSender, status: int, asked: str, wait: float
) -> None:
    async def busy(received: Received, request: web.Request) -> web.Response:
        return web.Response(status=status, headers={"Retry-After": asked})

    async with receiving(busy) as receiver:
        answer = await sender.send(a_webhook("org_1", receiver.url), DELIVERY, NOW)
    assert (answer.status, answer.trouble, answer.wait) == (status, f"it answered {status}", wait)


async def test_their_headers_are_sent_and_ours_stand_above_them(sender: WebhookSender) -> None:
    given = {"X-Workflow-Secret": "shared", "User-Agent": "Theirs/1", "content-type": "text/plain"}
    async with receiving() as receiver:
        answer = await sender.send(a_webhook("org_1", f"{receiver.url}/a?b=c%20d", headers=given), DELIVERY, NOW)
    assert (answer.status, answer.trouble) == (200, None)
    (received,) = receiver.received
    assert received.headers["X-Workflow-Secret"] == "shared"
    assert received.headers["User-Agent"] == "Theirs/1"
    assert received.headers["Content-Type"] == "application/json"
    assert received.headers["webhook-id"] == "evt_1"
    assert received.headers["webhook-timestamp"] == str(int(NOW.timestamp()))
    assert received.body == '{"name":"राम"}'.encode()


async def test_an_old_secret_signs_until_its_day_is_over(sender: WebhookSender) -> None:
    async with receiving() as receiver:
        webhook = a_webhook("org_1", receiver.url)
        webhook = replace(webhook, old_secret=webhook.secret, old_secret_until=NOW)
        for at in (NOW - timedelta(seconds=1), NOW):
            await sender.send(webhook, DELIVERY, at)
    before, after = (received.headers["webhook-signature"].split(" ") for received in receiver.received)
    assert (len(before), len(after)) == (2, 1)


async def test_what_is_no_http_is_told_in_words_without_the_address(sender: WebhookSender) -> None:
    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(b"220 mail.example ESMTP\r\n")
        writer.close()

    async with await asyncio.start_server(speak, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        answer = await sender.send(a_webhook("org_1", f"http://127.0.0.1:{port}/"), DELIVERY, NOW)
    assert (answer.status, answer.trouble) == (None, "the connection broke, or what it answered is not HTTP")


async def test_one_that_hangs_is_left_after_its_time(sender: WebhookSender) -> None:
    for_ever = asyncio.Event()

    async def hangs(received: Received, request: web.Request) -> int:
        await for_ever.wait()
        return 200

    async with receiving(hangs) as receiver:
        answer = await replace(sender, seconds=0.05).send(a_webhook("org_1", receiver.url), DELIVERY, NOW)
        for_ever.set()
    assert (answer.status, answer.trouble) == (None, "it did not answer within 10 seconds")


async def test_a_secret_that_this_server_cannot_open_is_not_sent_with_another(sender: WebhookSender) -> None:
    stranger = Seal({"1" * 8: bytes(range(32))}, "1" * 8)
    async with receiving() as receiver:
        answer = await replace(sender, seal=stranger).send(a_webhook("org_1", receiver.url), DELIVERY, NOW)
    assert answer.trouble == "its secret or headers cannot be opened with this server's keys"
    assert receiver.received == []


async def test_a_name_that_leads_inside_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    async with receiving() as receiver, public_session() as http:
        port = receiver.url.rpartition(":")[2]
        url = f"https://localtest.example:{port}/"
        monkeypatch.setattr(
            "socket.getaddrinfo", lambda host, port, *more: [(2, 1, 6, "", (one, port)) for one in ("127.0.0.1",)]
        )
        answer = await WebhookSender(http, SEAL).send(a_webhook("org_1", url), DELIVERY, NOW)
    assert answer.trouble == "it leads to a private address"
    assert receiver.received == []
