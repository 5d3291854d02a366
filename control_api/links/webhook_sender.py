"""One try to deliver an event: signed, sent, and what came back."""

from __future__ import annotations

import asyncio
import re
import time
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime

import orjson
from aiohttp import ClientConnectorError, ClientError, ClientResponse, ClientSession
from multidict import CIMultiDict

from control_api.links.public_only import PrivateAddressError
from control_api.links.signature import signed
from control_api.links.webhook_targets import check_url
from storage.assets import Delivery, Webhook
from storage.sealing import Seal, SealedError, webhook_part

SECONDS = 10.0
"""A whole try, from looking the name up to the end of the answer."""
READ_BYTES = 4096
READ_SECONDS = 1.0
"""Of an answer's body: enough to use the connection again. What stands in it nobody looks at."""
BUSY = frozenset({429, 503})
GONE = 410
LONGEST_WAIT = 60.0
"""Seconds that an answer may ask for."""
SLOW = f"it did not answer within {SECONDS:.0f} seconds"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a try."""

    milliseconds: int
    status: int | None = None
    trouble: str | None = None
    """None: it was taken."""
    wait: float = 0.0
    """Seconds before which the receiver wants no other."""


@dataclass(frozen=True, slots=True)
class WebhookSender:
    http: ClientSession
    """As `public_only` makes them."""
    seal: Seal
    private: bool = False
    """Plain HTTP will do, and any host."""
    seconds: float = SECONDS

    async def send(self, webhook: Webhook, delivery: Delivery, now: datetime) -> Answer:
        began = time.monotonic()
        try:
            check_url(webhook.url, private=self.private)  # the operator may have allowed more when it was made
            async with asyncio.timeout(self.seconds):
                status, wait = await self._post(webhook, delivery, now)
        except TimeoutError:
            return Answer(_since(began), trouble=SLOW)
        except SealedError:
            return Answer(_since(began), trouble="its secret or headers cannot be opened with this server's keys")
        except ClientError as error:
            return Answer(_since(began), trouble=_why(error))
        except ValueError as error:
            return Answer(_since(began), trouble=f"its url {error}")
        except OSError:
            return Answer(_since(began), trouble="the connection broke")
        taken = 200 <= status < 300
        return Answer(_since(began), status, None if taken else f"it answered {status}", wait)

    async def _post(self, webhook: Webhook, delivery: Delivery, now: datetime) -> tuple[int, float]:
        body = orjson.dumps(delivery.payload)
        secrets = [self._open(webhook, webhook.secret)]
        if webhook.old_secret is not None and webhook.old_secret_until is not None and now < webhook.old_secret_until:
            secrets.append(self._open(webhook, webhook.old_secret))
        headers = CIMultiDict({"User-Agent": "Vaani"})
        headers.update(orjson.loads(self._open(webhook, webhook.headers, of_headers=True)))
        headers.update({"Content-Type": "application/json"})
        headers.update(signed(body, event=delivery.event_id, at=now, secrets=secrets))
        async with self.http.post(webhook.url, data=body, headers=headers, allow_redirects=False) as response:
            await _read_out(response)
            return response.status, _asked_to_wait(response, now)

    def _open(self, webhook: Webhook, sealed: str, *, of_headers: bool = False) -> str:
        part = webhook_part(webhook.id, "headers" if of_headers else "secret")
        return self.seal.open(sealed, organisation=webhook.organisation_id, name=part)


async def _read_out(response: ClientResponse) -> None:
    """What counts is the status: a body that is long or slow costs the connection, and nothing else."""
    read = 0
    try:
        async with asyncio.timeout(READ_SECONDS):
            async for part in response.content.iter_any():
                read += len(part)
                if read > READ_BYTES:
                    break
    except (TimeoutError, ClientError):
        response.close()


def _since(began: float) -> int:
    return round((time.monotonic() - began) * 1000)


def _why(error: ClientError) -> str:
    """A sentence without addresses: a client's errors name where they went."""
    if isinstance(error, ClientConnectorError):
        private = PrivateAddressError()
        if isinstance(error.os_error, PrivateAddressError) or str(private) in str(error.os_error):
            return str(private)
        return "no connection could be made"
    return "the connection broke, or what it answered is not HTTP"


def _asked_to_wait(response: ClientResponse, now: datetime) -> float:
    """Seconds of its `Retry-After`, where that counts."""
    asked = response.headers.get("Retry-After", "").strip()
    if response.status not in BUSY or not asked:
        return 0.0
    if re.fullmatch(r"\d{1,9}", asked, re.ASCII):
        return min(float(asked), LONGEST_WAIT)
    try:
        seconds = (parsedate_to_datetime(asked) - now).total_seconds()
    except (ValueError, TypeError):  # no date, or one without a zone
        return 0.0
    return min(max(seconds, 0.0), LONGEST_WAIT)
