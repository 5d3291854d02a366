"""A workflow service: all that one business does about its calls, in one file, outside the phone server.

It takes two webhooks of the server. On `call.started` it hands callers worth a specialist's time to a queue of people,
if somebody is there, and else notes that they are to be called back. On `call.ended` it reads what was said, and
writes what it found to the call.
"""

from __future__ import annotations

import asyncio
import base64
import hmac
import json
import os
import re
import time
from collections.abc import AsyncIterator, Mapping
from typing import Any

from aiohttp import ClientSession, ClientTimeout, web

SERVER: web.AppKey[ClientSession] = web.AppKey("server", ClientSession)
SECRET: web.AppKey[bytes] = web.AppKey("secret", bytes)
DONE: web.AppKey[dict[str, float]] = web.AppKey("done", dict)

QUEUE = "sales_specialist"
WORTH_A_SPECIALIST = 500
"""A cart from this value on."""
REPLAY_SECONDS = 300
LONGEST_BRIEF = 280

WANTS = re.compile(r"\b(order|buy|purchase|take it)\b", re.IGNORECASE)
OBJECTIONS = {
    "price": re.compile(r"\b(expensive|price|discount|cheaper)\b", re.IGNORECASE),
    "delivery_time": re.compile(r"\b(deliver\w*|arrive|days|weeks)\b", re.IGNORECASE),
}
SUM = re.compile(r"(?:\$|₹|rs\.?|rupees)\s*(\d[\d,]*)", re.IGNORECASE)


def is_genuine(headers: Mapping[str, str], body: bytes, key: bytes, now: float) -> bool:
    """Signed by the server with our secret, and not long ago. While a secret is changed there are two signatures."""
    sent, given = headers.get("webhook-timestamp", ""), headers.get("webhook-signature", "").split()
    if not sent.isdecimal() or abs(now - int(sent)) > REPLAY_SECONDS:
        return False
    content = b".".join((headers.get("webhook-id", "").encode(), sent.encode(), body))
    ours = b"v1," + base64.b64encode(hmac.digest(key, content, "sha256"))
    return any(hmac.compare_digest(ours, each.encode()) for each in given)


async def take(request: web.Request) -> web.Response:
    """Answers once the work is done: what fails is delivered again, and what was done is not done twice."""
    body, done, event_id = await request.read(), request.app[DONE], request.headers.get("webhook-id", "")
    now = time.time()
    if not is_genuine(request.headers, body, request.app[SECRET], now):
        return web.Response(status=401)
    for old in [each for each, at in done.items() if now - at > REPLAY_SECONDS]:
        del done[old]
    if event_id not in done:
        told = json.loads(body)
        work = {"call.started": started, "call.ended": ended}.get(told["event"])
        if work is not None:
            await work(request.app[SERVER], told["data"])
        done[event_id] = now
    return web.Response(status=204)


async def started(server: ClientSession, call: Mapping[str, Any]) -> None:
    """The warm transfer: ask whether somebody is there, hand the caller over, or note that we call back."""
    about = call["customer_metadata"]
    if (about.get("cart_value") or 0) < WORTH_A_SPECIALIST:
        return
    brief = f"{about.get('product_interest', 'A cart')}, worth {about['cart_value']}, on the line now."[:LONGEST_BRIEF]
    async with server.get("calls/agent-availability", params={"target": QUEUE}) as answer:
        is_there = answer.status == 200 and (await answer.json())["available"]
    if is_there:
        wish = {"target": QUEUE, "agent_brief": brief, "context": {"cart_value": about["cart_value"]}}
        async with server.post(f"calls/{call['call_uuid']}/transfer", json=wish) as answer:
            if answer.status == 200:
                return
            # Nobody any more (503), or the caller has hung up (409): what is left is to call back.
            if answer.status not in (404, 409, 503):
                answer.raise_for_status()
    await note(server, call, {"next_action": {"type": "async_handoff", "transfer_target": QUEUE, "agent_brief": brief}})


async def ended(server: ClientSession, call: Mapping[str, Any]) -> None:
    """After the call: read it, write what was found. A CRM and messages to the customer would come next."""
    if call["outcome"] == "connected":
        await note(server, call, extracted(call["transcript"]))


def extracted(transcript: list[dict[str, Any]]) -> dict[str, Any]:
    """By simple rules; a language model would stand here."""
    said = [line["text"] for line in transcript if line["speaker"] == "customer"]
    wanting = next((text for text in said if WANTS.search(text)), None)
    objection = next((kind for kind, words in OBJECTIONS.items() if any(map(words.search, said))), "none")
    sums = [int(found[1].replace(",", "")) for text in said for found in SUM.finditer(text)]
    return {
        "schema_version": "1.0",
        "outcome": {"intent_score": 80 if wanting else 20, "verbatim_quote": wanting},
        "requirement": {"budget_signal": max(sums, default=None)},
        "objection": {"category": objection},
    }


async def note(server: ClientSession, call: Mapping[str, Any], extraction: Mapping[str, Any]) -> None:
    body = {"key_details": {"extraction": extraction}}
    async with server.post(f"calls/{call['call_uuid']}/metadata", json=body) as answer:
        answer.raise_for_status()


def service(url: str, key: str, secret: str) -> web.Application:
    """`url` is the phone server's; `secret` is what it showed once when the webhook was made."""
    app = web.Application()
    app[SECRET] = base64.b64decode(secret[6:]) if secret.startswith("whsec_") else secret.encode()
    app[DONE] = {}

    async def connected(app: web.Application) -> AsyncIterator[None]:
        headers, patience = {"Authorization": f"Bearer {key}"}, ClientTimeout(total=4)
        async with ClientSession(f"{url}/api/voice/", headers=headers, timeout=patience) as server:
            app[SERVER] = server
            yield

    app.cleanup_ctx.append(connected)
    app.router.add_post("/events", take)
    return app


async def main() -> None:
    app = service(os.environ["VAANI_URL"].rstrip("/"), os.environ["VAANI_KEY"], os.environ["WEBHOOK_SECRET"])
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", int(os.environ.get("PORT", "9000"))).start()
    print(f"http://127.0.0.1:{runner.addresses[0][1]}/events", flush=True)  # noqa: T201 - it is a program
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
