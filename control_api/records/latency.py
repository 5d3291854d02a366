"""How long callers wait for answers, and where that time goes: percentiles of a window of time."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Annotated, Self

from pydantic import AwareDatetime, Field, model_validator

from control_api.records import calls
from control_api.records.answer_figures import AnswerFigures
from control_api.records.calls import Id
from control_api.web.asked import Asked
from control_api.web.errors import bad
from control_api.web.shapes import Body, Shown, Time
from storage.answer_times import LOOKED_AT, Window
from storage.moment_records import MomentKind

contract = calls.contract.again()

LONGEST = timedelta(days=31)
YEARS = 1970, 9000
"""That a moment may lie in: whatever its zone, it can be reckoned with."""
STRETCHES = 30
"""That a window is divided into."""
SLOWEST = 10

Milliseconds = Annotated[float, Field(description="milliseconds")]


class LatencyQuery(Body):
    minutes: int = Field(60, ge=1, le=LONGEST // timedelta(minutes=1), description="up to now; not beside `since`")
    since: AwareDatetime | None = Field(None, description="with `until` at most 31 days")
    until: AwareDatetime | None = Field(None, description="now, if it is not given")
    flow_uuid: Id = Field(None, alias="campaign_id")

    @model_validator(mode="after")
    def _is_one_window(self) -> Self:
        if self.since is None and self.until is not None:
            raise ValueError("until needs since beside it")
        if self.since is not None and "minutes" in self.model_fields_set:
            raise ValueError("minutes cannot stand beside since")
        for name, moment in (("since", self.since), ("until", self.until)):
            if moment is not None and not YEARS[0] <= moment.year < YEARS[1]:
                raise ValueError(f"{name} must be in a year from {YEARS[0]} to {YEARS[1] - 1}")
        if self.since is not None and self.until is not None:
            if self.until <= self.since:
                raise ValueError("until must be after since")
            if self.until - self.since > LONGEST:
                raise ValueError(f"until must be at most {LONGEST.days} days after since")
        return self

    def window(self, now: datetime) -> Window:
        until = self.until or now
        since = until - timedelta(minutes=self.minutes) if self.since is None else self.since
        if since >= until:
            raise bad("since must be in the past")
        return Window(max(since, until - LONGEST), until, self.flow_uuid)


class SpreadShown(Shown):
    """Each percentile is a value that was measured."""

    p50: Milliseconds
    p95: Milliseconds
    p99: Milliseconds
    count: int


class StageShown(SpreadShown):
    stage: str = Field(description="vad, stt, turn, llm, tts or wire: its own share, from the end of what it builds on")
    provider: str | None


class StretchShown(Shown):
    at: Time = Field(description="when it begins")
    p50: Milliseconds | None
    p95: Milliseconds | None
    count: int


class SlowShown(Shown):
    call_uuid: str
    position: int = Field(description="of the agent's turn in the transcript")
    total_ms: Milliseconds
    at: Time


class LatencyOfCalls(Shown):
    since: Time = Field(description="when `is_whole` is false: of the first answer that was looked at")
    until: Time
    is_whole: bool = Field(description=f"false: of more than {LOOKED_AT} answers, only the newest were looked at")
    answer: SpreadShown | None = Field(description="from the customer's last sound to the agent's first; null: none")
    stages: list[StageShown]
    over_time: list[StretchShown] = Field(description=f"{STRETCHES} stretches of the window, oldest first")
    dead_air: int = Field(description="times that a customer waited for an answer and heard nothing")
    interruptions: int
    false_interruptions: int = Field(description="times that an agent was held for a noise or a nod")
    slowest: list[SlowShown]


@contract.get("/latency", limit="20/minute")
async def latency(asked: Asked, query: LatencyQuery) -> LatencyOfCalls:
    """Tell how long customers waited for answers, and which stage and provider took how much of it."""
    window = query.window(asked.now)
    async with asked.read() as work:
        beginning = await work.answer_times.beginning(window)
        is_whole = beginning is None
        window = replace(window, since=beginning or window.since)
        figures = AnswerFigures(window.since, window.until, SLOWEST)
        async with aclosing(work.answer_times.newest(window)) as batches:
            async for batch in batches:
                figures.add(batch)
        moments = await work.answer_times.moments(window)
    return await asyncio.to_thread(_shown, window, is_whole, figures, moments)


def _shown(window: Window, is_whole: bool, figures: AnswerFigures, moments: Mapping[MomentKind, int]) -> LatencyOfCalls:
    answer = figures.whole()
    step = (window.until - window.since) / STRETCHES
    over_time = [
        StretchShown(
            at=window.since + step * place,
            p50=None if spread is None else spread.p50,
            p95=None if spread is None else spread.p95,
            count=0 if spread is None else spread.count,
        )
        for place, spread in enumerate(figures.over_time(STRETCHES))
    ]
    return LatencyOfCalls(
        since=window.since,
        until=window.until,
        is_whole=is_whole,
        answer=None if answer is None else SpreadShown.model_validate(answer),
        stages=[
            StageShown(stage=stage, provider=provider, **SpreadShown.model_validate(spread).model_dump())
            for stage, provider, spread in figures.stages()
        ],
        over_time=over_time,
        dead_air=moments.get(MomentKind.DEAD_AIR, 0),
        interruptions=moments.get(MomentKind.INTERRUPTION, 0),
        false_interruptions=moments.get(MomentKind.FALSE_INTERRUPTION, 0),
        slowest=[
            SlowShown(call_uuid=call, position=position, total_ms=total, at=at)
            for total, call, position, at in figures.slowest()
        ],
    )
