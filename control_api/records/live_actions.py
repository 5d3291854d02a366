"""What a supervisor or a workflow does to a call while it is on the line, in whichever process that is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, StringConstraints

from control_api.records import calls
from control_api.web.asked import NOT_LIVE, Asked
from control_api.web.errors import conflict, not_found
from control_api.web.shapes import Body, Shown
from dialer.opt_out import opt_out
from storage.calls import BEFORE_ANSWER
from storage.records import Call, CallStatus

contract = calls.contract.again()

MOST_KEYS = 32
NOT_ANSWERED = "The call has not been answered yet"

Reason = Literal["dnc_request", "wrong_number", "hostile_caller", "workflow_close"]
Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]


def _keys(text: str) -> str:
    if not re.fullmatch(rf"[0-9*#A-Dw]{{1,{MOST_KEYS}}}", text, re.ASCII):
        raise ValueError(f"must be 1 to {MOST_KEYS} of 0-9, *, #, A-D, and w for a pause of half a second")
    return text


class End(Body):
    reason: Reason = Field(
        "workflow_close", description="`dnc_request` also opts the customer out, across the organisation"
    )
    say: Words | None = Field(None, description="the last sentence; if not given, the call ends at once")


class Say(Body):
    text: Words = Field(description="said in the agent's voice, muted or not")
    interrupt: bool = Field(False, description="at once, and not after the sentence that the agent is saying")


class Message(Body):
    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)] = Field(
        description="a note to the agent, which the customer does not hear"
    )
    answer: bool = Field(False, description="the agent speaks at once, with the note in mind")


class Digits(Body):
    digits: Annotated[str, AfterValidator(_keys)] = Field(
        examples=["1w4#"], description="0-9, *, #, A-D; w waits for half a second"
    )


class Done(Shown):
    status: Literal["say_initiated", "message_delivered", "muted", "unmuted", "dtmf_initiated"]
    call_uuid: str


class Ending(Shown):
    status: Literal["end_initiated"] = "end_initiated"
    call_uuid: str
    reason: Reason


@contract.post("/{call_uuid}/end", status=200, limit="10/minute", errors=(409, 503))
async def end(asked: Asked, call_uuid: str, body: End) -> Ending:
    """End a live call, after a last sentence if one is given."""
    call = await _live(asked, call_uuid)
    if body.reason == "dnc_request":
        async with asked.begin() as work:
            await opt_out(work, call, now=asked.now)
    await asked.services.commands(call, {"do": "end", **body.model_dump()})
    return Ending(call_uuid=call_uuid, reason=body.reason)


@contract.post("/{call_uuid}/say", status=200, limit="60/minute", errors=(409, 503))
async def say(asked: Asked, call_uuid: str, body: Say) -> Done:
    """Have the agent of a live call say something."""
    await _told(asked, call_uuid, {"do": "say", **body.model_dump()})
    return Done(status="say_initiated", call_uuid=call_uuid)


@contract.post("/{call_uuid}/message", status=200, limit="60/minute", errors=(409, 503))
async def message(asked: Asked, call_uuid: str, body: Message) -> Done:
    """Whisper something to the agent of a live call."""
    await _told(asked, call_uuid, {"do": "message", **body.model_dump()})
    return Done(status="message_delivered", call_uuid=call_uuid)


@contract.post("/{call_uuid}/mute", status=200, limit="60/minute", errors=(409, 503))
async def mute(asked: Asked, call_uuid: str) -> Done:
    """Silence the agent of a live call; transcript and recording go on. What is said through `say` is heard."""
    await _told(asked, call_uuid, {"do": "mute"})
    return Done(status="muted", call_uuid=call_uuid)


@contract.post("/{call_uuid}/unmute", status=200, limit="60/minute", errors=(409, 503))
async def unmute(asked: Asked, call_uuid: str) -> Done:
    """Let the agent of a live call speak again."""
    await _told(asked, call_uuid, {"do": "unmute"})
    return Done(status="unmuted", call_uuid=call_uuid)


@contract.post("/{call_uuid}/dtmf", status=200, limit="60/minute", errors=(409, 503))
async def dtmf(asked: Asked, call_uuid: str, body: Digits) -> Done:
    """Press keys in a live call, as tones in the agent's own sound."""
    await _told(asked, call_uuid, {"do": "dtmf", **body.model_dump()})
    return Done(status="dtmf_initiated", call_uuid=call_uuid)


async def _told(asked: Asked, call_uuid: str, command: Mapping[str, Any]) -> None:
    await asked.services.commands(await _live(asked, call_uuid), command)


async def _live(asked: Asked, call_uuid: str) -> Call:
    async with asked.read() as work:
        call = await work.calls.get(call_uuid)
    if call is None:
        raise not_found("Call")
    if call.status in BEFORE_ANSWER:
        raise conflict(NOT_ANSWERED)
    if call.status is CallStatus.ENDED:
        raise conflict(NOT_LIVE)
    return call
