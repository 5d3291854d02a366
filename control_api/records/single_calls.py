"""One call, asked for now: it is placed beside the campaign whose agent and numbers it goes by.

The state of the campaign, its window and its `dedupe_hours` do not stand against it; the law's hours, an opt-out,
another call to the same person and credits that ran out do. It is tried once.
"""

from __future__ import annotations

import hashlib
from typing import Annotated, Literal

import orjson
from pydantic import Field, StringConstraints

from control_api.records import calls
from control_api.web.asked import Asked
from control_api.web.errors import bad, conflict, not_found
from control_api.web.shapes import Body, FreeObject, Name, Phone, Shown, is_small
from dialer.accounts import NoLineError
from dialer.single import NotNowError, UnfitError, Wanted, begin_single
from storage.database import UnitOfWork

contract = calls.contract.again()

REPLAYED = "Idempotent-Replayed"
"""Header of an answer that was given before."""


class SingleCall(Body):
    to: Phone
    flow_uuid: str = Field(alias="campaign_id", max_length=80, description="whose agent and numbers are used")
    customer_name: Name | None = Field(None, alias="contact_name", description="of the person with this phone")
    metadata: FreeObject = Field({}, description="merged into what is known of the person")

    @property
    def fingerprint(self) -> str:
        """The same for all bodies that ask for the same call."""
        asked_for = {"POST /calls": self.model_dump()}
        return hashlib.sha256(orjson.dumps(asked_for, option=orjson.OPT_SORT_KEYS)).hexdigest()


class Retried(Body):
    idempotency_key: Annotated[str, StringConstraints(pattern=r"^[ -~]{1,255}$")] | None = Field(
        None,
        description="1 to 255 printable characters: for 24 hours the same key and body are answered with the same "
        f"call, and `{REPLAYED}: true`",
    )


class Dialing(Shown):
    call_uuid: str
    status: Literal["dialing"] = "dialing"
    to: str
    flow_uuid: str = Field(alias="campaign_id")


@contract.post("", limit="30/minute", errors=(404, 409))
async def call(asked: Asked, body: SingleCall, headers: Retried) -> Dialing:
    """Place a single call now. Ask for the call to see what becomes of it."""
    try:
        async with asked.begin() as work:
            earlier = await _earlier(work, headers.idempotency_key, body)
            call_uuid = earlier or await _begun(asked, work, body)
            if headers.idempotency_key is not None and earlier is None:
                await work.idempotency.keep(headers.idempotency_key, body.fingerprint, call_uuid, at=asked.now)
    except UnfitError as error:
        raise bad(f"{asked.vocabulary.word(SingleCall, error.about)} {error}") from None
    except NoLineError as error:
        raise bad(str(error)) from None
    except NotNowError as error:
        raise conflict(str(error)) from None
    if earlier is None:
        asked.services.wake()
    else:
        asked.headers[REPLAYED] = "true"
    return Dialing(call_uuid=call_uuid, to=body.to, flow_uuid=body.flow_uuid)


async def _earlier(work: UnitOfWork, key: str | None, body: SingleCall) -> str | None:
    """The call that the same request was answered with before. Whoever sends it meanwhile waits."""
    if key is None:
        return None
    await work.idempotency.alone()
    earlier = await work.idempotency.earlier(key)
    if earlier is None:
        return None
    if earlier.fingerprint != body.fingerprint:
        raise conflict("Idempotency-Key was used for another request")
    return earlier.call_id


async def _begun(asked: Asked, work: UnitOfWork, body: SingleCall) -> str:
    flow = await work.flows.get(body.flow_uuid)
    if flow is None:
        raise not_found("Flow")
    wanted = Wanted(body.to, body.customer_name, body.metadata)
    attempt = await begin_single(work, flow, wanted, asked.now, simulator=asked.services.simulator, fits=is_small)
    return attempt.id
