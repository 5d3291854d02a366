"""What pages send: their shapes, ours and SmallWebRTC's."""

from __future__ import annotations

import base64
import binascii
from typing import Annotated, Any, TypeVar

import orjson
from aiohttp import web
from pydantic import AliasChoices, BaseModel, Field, StringConstraints, ValidationError

from transports.browser_line import Refusal
from transports.variables import Variables

BIGGEST_BODY = 65_536
MOST_SECTIONS = 4
"""Media of one offer: a browser offers sound, two pictures and data at most. Each takes milliseconds to answer."""
MOST_CANDIDATES = 64


class OfferError(Exception):
    """An offer or a candidate that will not do. Its text is one sentence for whoever wrote the page."""


Id = Annotated[str, StringConstraints(max_length=64)]


class Wanted(BaseModel, frozen=True, extra="ignore"):
    """Which call."""

    flow_id: Id = Field(default="", validation_alias=AliasChoices("flow_id", "flow_uuid"))
    variables: Variables = {}


class Offer(BaseModel, frozen=True, extra="ignore"):
    sdp: str = Field(max_length=BIGGEST_BODY)
    type: str = Field(pattern="^offer$")
    pc_id: Id | None = None
    restart_pc: bool = False


class OurOffer(Offer, Wanted, frozen=True, extra="ignore"):
    """`POST /webrtc/offer`."""

    def wanted(self) -> Wanted:
        return self


class PipecatOffer(Offer, frozen=True, extra="ignore"):
    """`POST /api/offer`."""

    request_data: Wanted = Field(default=Wanted(), validation_alias=AliasChoices("requestData", "request_data"))

    def wanted(self) -> Wanted:
        return self.request_data


class Candidate(BaseModel, frozen=True, extra="ignore"):
    candidate: str = Field(max_length=1000)
    sdp_mid: str | None = Field(default=None, validation_alias=AliasChoices("sdp_mid", "sdpMid"))
    sdp_mline_index: int | None = Field(default=None, validation_alias=AliasChoices("sdp_mline_index", "sdpMLineIndex"))


class Candidates(BaseModel, frozen=True, extra="ignore"):
    pc_id: Id
    candidates: list[Candidate] = Field(max_length=MOST_CANDIDATES)


class Start(BaseModel, frozen=True, extra="ignore"):
    """`POST /start`."""

    body: Wanted = Wanted()


class Leaving(BaseModel, frozen=True, extra="ignore"):
    pc_id: Id


Shape = TypeVar("Shape", bound=BaseModel)


async def read(request: web.Request, shape: type[Shape]) -> Shape:
    """Raises Refusal (400, 413)."""
    if (request.content_length or 0) > BIGGEST_BODY:
        raise Refusal(413, f"The body is larger than {BIGGEST_BODY} bytes")
    body = bytearray()
    async for piece in request.content.iter_chunked(BIGGEST_BODY):
        body += piece
        if len(body) > BIGGEST_BODY:
            raise Refusal(413, f"The body is larger than {BIGGEST_BODY} bytes")
    try:
        return shaped(orjson.loads(bytes(body)), shape)
    except orjson.JSONDecodeError:
        raise Refusal(400, "The body is no JSON") from None


def shaped(value: Any, shape: type[Shape]) -> Shape:
    """Raises Refusal (400)."""
    try:
        return shape.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        field = ".".join(map(str, first["loc"])) or "the body"
        raise Refusal(400, f"{field}: {first['msg'][0].lower()}{first['msg'][1:]}") from None


def session_of(wanted: Wanted) -> str:
    """A session's id says itself what it is for: any process takes the offer that follows, and none keeps anything."""
    told = orjson.dumps({"flow_id": wanted.flow_id, "variables": wanted.variables})
    return base64.urlsafe_b64encode(told).rstrip(b"=").decode()


def wanted_by(session: str) -> Wanted:
    """Raises Refusal (404)."""
    try:
        told = orjson.loads(base64.urlsafe_b64decode(session + "=" * (-len(session) % 4)))
        return shaped(told, Wanted)
    except (binascii.Error, ValueError, Refusal):
        raise Refusal(404, "Session not found") from None
