"""Links to recordings that need no key: for a player, a letter, a colleague. Each is good for one call, for a while."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

from aiohttp import web
from pydantic import Field, StrictInt

from control_api.records import calls
from control_api.records.audible import may_be_heard
from control_api.records.carrier_sound import CarrierSoundError
from control_api.records.recording_file import Format
from control_api.records.sound import sound
from control_api.web.admission import counted
from control_api.web.asked import SERVICES, Asked, Services
from control_api.web.errors import RefusedError, bad, not_found
from control_api.web.shapes import Body, Shown, Time
from storage.records import Call, Scope

contract = calls.contract.again()

NAME = "GET /recordings/{organisation}/{call}"
"""What the limit of listeners without a key is counted under."""
PURPOSE = "recording link"
NOT_GOOD = "The link is not good, or not any more"


class Link(Body):
    expires_in: Annotated[StrictInt, Field(ge=60, le=86_400, description="seconds")] = 900
    format: Literal["mp3", "wav"] = "mp3"


class LinkShown(Shown):
    url: str
    expires_at: Time


@contract.post("/{call_uuid}/recording-link", scope=Scope.CALLS_READ, errors=(404, 502))
async def link(asked: Asked, call_uuid: str, body: Link) -> LinkShown:
    """Make a link to the recording of a call that needs no key, and is good for a while."""
    call = await _heard(asked.services, asked.organisation, call_uuid, asked.now)
    if call.recording is None:
        try:
            found = await asked.services.carrier_recordings.find(call)
        except CarrierSoundError as error:
            raise RefusedError(502, str(error)) from None
        if found is None:
            raise not_found("Recording")
        if body.format != "mp3":
            raise bad("format must be 'mp3': it is the carrier that has recorded this call")
    expires_at = asked.now.replace(microsecond=0) + timedelta(seconds=body.expires_in)
    until = int(expires_at.timestamp())
    signature = asked.services.seal.signer(PURPOSE).sign(signed_text(asked.organisation, call.id, body.format, until))
    path = f"/recordings/{asked.organisation}/{call.id}.{body.format}?expires={until}&signature={signature}"
    return LinkShown(url=asked.url(path), expires_at=expires_at)


def link_routes() -> list[web.RouteDef]:
    """Where such links lead."""
    return [web.get("/recordings/{organisation}/{call:[A-Za-z0-9_-]+}.{format:mp3|wav}", _listen)]


async def _listen(request: web.Request) -> web.StreamResponse:
    services = request.app[SERVICES]
    await counted(request, services, NAME, None, key=None)
    organisation, call_id, format_ = (request.match_info[name] for name in ("organisation", "call", "format"))
    expires = request.query.get("expires", "")
    if not re.fullmatch(r"[0-9]{1,12}", expires):
        raise RefusedError(403, NOT_GOOD)
    text = signed_text(organisation, call_id, format_, int(expires))
    good = services.seal.signer(PURPOSE).knows(text, request.query.get("signature", ""))
    now = datetime.now(UTC)
    if not good or now.timestamp() >= int(expires):
        raise RefusedError(403, NOT_GOOD)
    call = await _heard(services, organisation, call_id, now)
    return await sound(services, request, call, Format[format_.upper()])


async def _heard(services: Services, organisation: str, call_id: str, now: datetime) -> Call:
    """A call whose recording may be heard, if there is one. Raises RefusedError."""
    async with services.database.read(organisation) as work:
        call = await work.calls.get(call_id)
        if call is None:
            raise not_found("Call")
        if not await may_be_heard(work, call, now):
            raise not_found("Recording")
    return call


def signed_text(organisation: str, call: str, format_: str, until: int) -> str:
    """No two links have the same: none of the parts can hold a line break."""
    return "\n".join((organisation, call, format_, str(until)))
