"""How one call went, turn by turn: who said what, where the time of each answer went, and what was told of it."""

from __future__ import annotations

from typing import Self

from pydantic import Field

from control_api.records import calls
from control_api.records.answer_figures import steps
from control_api.web.asked import Asked
from control_api.web.errors import not_found
from control_api.web.shapes import Shown, Time
from storage.assets import DeliveryState
from storage.deliveries import Told
from storage.moment_records import Moment, MomentKind
from storage.records import Speaker, Turn, TurnLatency

contract = calls.contract.again()

MOST_WEBHOOKS = 200


class StepShown(Shown):
    """One stage's share of an answer: from the end of what it builds on to its own."""

    stage: str = Field(description="vad, stt, turn, llm, tts or wire")
    provider: str | None
    start_ms: float = Field(description="since the customer's last sound")
    ms: float


class WaterfallShown(Shown):
    total_ms: float | None = Field(description="from the customer's last sound to the agent's first")
    steps: list[StepShown] = Field(description="they overlap: a turn is judged while its words are recognised")

    @classmethod
    def of(cls, latency: TurnLatency) -> Self:
        return cls(total_ms=latency.total_ms, steps=[StepShown.model_validate(step) for step in steps(latency)])


class TurnShown(Shown):
    position: int
    speaker: Speaker
    text: str
    at: float = Field(description="seconds from the answer to its first sound")
    seconds: float
    interrupted: bool = Field(description="the customer cut the agent short there")
    latency: WaterfallShown | None = Field(description="of the agent's answers, as far as it was measured")

    @classmethod
    def of(cls, turn: Turn, latency: TurnLatency | None) -> Self:
        return cls(
            position=turn.position,
            speaker=turn.speaker,
            text=turn.text,
            at=round(turn.at, 2),
            seconds=round(turn.seconds, 2),
            interrupted=turn.interrupted,
            latency=None if latency is None else WaterfallShown.of(latency),
        )


class MomentShown(Shown):
    kind: MomentKind
    at: float = Field(description="seconds from the answer to its beginning")
    seconds: float

    @classmethod
    def of(cls, moment: Moment) -> Self:
        return cls(
            kind=moment.kind, at=round(max(moment.at - moment.seconds, 0.0), 2), seconds=round(moment.seconds, 2)
        )


class TurnsOfCall(Shown):
    turns: list[TurnShown]
    moments: list[MomentShown] = Field(description="dead air, interruptions, what was told and agreed to")


class WebhookSent(Shown):
    uuid: str = Field(description="of the delivery, in the webhook's log")
    webhook_uuid: str
    webhook: str = Field(description="its name")
    event_type: str
    state: DeliveryState
    attempts: int = Field(description="tries so far")
    response_status: int | None = Field(description="of the last try, as the next two")
    response_ms: int | None
    trouble: str | None
    triggered_at: Time = Field(description="when it happened")

    @classmethod
    def of(cls, told: Told) -> Self:
        kept = {name: getattr(told, name) for name in cls.model_fields if name not in ("uuid", "webhook_uuid")}
        return cls(uuid=told.id, webhook_uuid=told.webhook_id, **kept)


class WebhooksOfCall(Shown):
    logs: list[WebhookSent] = Field(description=f"oldest first, at most {MOST_WEBHOOKS}; they are kept for 30 days")


@contract.get("/{call_uuid}/turns")
async def turns(asked: Asked, call_uuid: str) -> TurnsOfCall:
    """Get what was said in a call, with the time that each answer took, and the moments that it stumbled over."""
    async with asked.read() as work:
        if await work.calls.get(call_uuid) is None:
            raise not_found("Call")
        said = await work.calls.turns(call_uuid)
        measured = {latency.position: latency for latency in await work.calls.latencies(call_uuid)}
        moments = await work.moments.of_call(call_uuid)
    return TurnsOfCall(
        turns=[TurnShown.of(turn, measured.get(turn.position)) for turn in said],
        moments=[MomentShown.of(moment) for moment in moments],
    )


@contract.get("/{call_uuid}/webhooks")
async def webhooks(asked: Asked, call_uuid: str) -> WebhooksOfCall:
    """List what webhooks were told of a call, and what became of each."""
    async with asked.read() as work:
        if await work.calls.get(call_uuid) is None:
            raise not_found("Call")
        sent = await work.deliveries.of_call(call_uuid, MOST_WEBHOOKS)
    return WebhooksOfCall(logs=[WebhookSent.of(told) for told in sent])
