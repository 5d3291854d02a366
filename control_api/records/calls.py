"""Calls: which there were, what was said in them, and what was made of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal

import orjson
from aiohttp import web
from pydantic import Field, ValidationInfo, field_validator

from control_api.credits import PARTS
from control_api.records.audible import audible, may_be_heard
from control_api.records.call_names import names_of
from control_api.records.call_shapes import (
    AnalysisShown,
    CallShown,
    CallWithTranscript,
    LatencyShown,
    LineShown,
    consent_of,
    disclosure_of,
)
from control_api.records.recording_file import Format, preferred
from control_api.records.sound import sound
from control_api.web.asked import Asked
from control_api.web.contract import Contract
from control_api.web.errors import RefusedError, not_found
from control_api.web.shapes import Body, Day, Page, Shown, Time
from storage.call_search import CallFilter
from storage.records import CallType, Outcome, Scope, Sentiment

contract = Contract("Calls", "/calls", v1="/calls", read=Scope.CALLS_READ, write=Scope.CALLS_WRITE)

LARGEST_DETAILS = 256 << 10
"""Bytes of JSON that the `key_details` of a call may come to."""


Id = Annotated[str | None, Field(max_length=80)]


class Period(Body):
    """Of the days on which calls started."""

    flow_uuid: Id = Field(None, alias="campaign_id")
    date_from: Day | None = Field(None, description="in UTC, counted in")
    date_to: Day | None = Field(None, description="in UTC, counted in")

    @field_validator("date_to")
    @classmethod
    def _is_not_before_the_first(cls, last: date | None, others: ValidationInfo) -> date | None:
        first = others.data.get("date_from")
        if first is not None and last is not None and last < first:
            raise ValueError("must not be before date_from")
        return last


class CallsQuery(Period, Page):
    call_type: CallType | None = None
    customer_uuid: Id = Field(None, alias="contact_id")
    outcome: Outcome | None = None
    sentiment: Sentiment | None = None


class LiveQuery(Page):
    call_type: CallType | Literal["all"] = CallType.INBOUND


class CallsPage(Shown):
    calls: list[CallShown]
    total: int


class LiveCallShown(CallShown):
    node: str = Field(description="the process that has it")
    since: Time = Field(description="its answer; before that, when it was begun")


class LiveCallsPage(Shown):
    calls: list[LiveCallShown]
    total: int


class CallStatistics(Shown):
    """Of calls that are over."""

    total_calls: int
    connected: int
    voicemail: int
    no_answer: int = Field(description="busy ones too")
    failed: int
    connect_rate: float = Field(description="share of the calls that were connected, to two digits")
    sentiment_breakdown: dict[Sentiment, int]
    avg_duration_seconds: int = Field(description="of the calls that were connected")


class RecordingQuery(Body):
    format: Literal["wav", "mp3"] | None = Field(None, description="if not given: by Accept, and MP3 if that is silent")


class Details(Body):
    key_details: dict[str, Any] = Field(description="objects are merged, anything else is replaced")


class DetailsShown(Shown):
    uuid: str
    key_details: dict[str, Any]
    updated_at: Time


@contract.get("")
async def every(asked: Asked, query: CallsQuery) -> CallsPage:
    """List calls, newest first."""
    wanted = CallFilter(
        call_type=query.call_type,
        flow_id=query.flow_uuid,
        customer_id=query.customer_uuid,
        outcome=query.outcome,
        sentiment=query.sentiment,
        date_from=query.date_from,
        date_to=query.date_to,
    )
    return await _page(asked, query, wanted)


@contract.get("/live")
async def live(asked: Asked, query: LiveQuery) -> LiveCallsPage:
    """List the calls that are going on in any process, newest first: inbound ones, unless others are asked for."""
    wanted = CallFilter(call_type=None if query.call_type == "all" else query.call_type, is_live=True)
    async with asked.read() as work:
        found, total = await work.calls.newest(query.limit, query.offset, wanted)
        names = await names_of(asked, work, found)
    shown = [
        LiveCallShown.of(call, asked, (), names, node=call.node, since=call.answered_at or call.started_at)
        for call in found
    ]
    return LiveCallsPage(calls=shown, total=total)


@contract.get("/statistics", v1="/calls/stats")
async def statistics(asked: Asked, query: Period) -> CallStatistics:
    """Calls of a flow or a time in figures."""
    async with asked.read() as work:
        tally = await work.statistics.tally(flow_id=query.flow_uuid, date_from=query.date_from, date_to=query.date_to)
    outcomes = {outcome: tally.outcomes.get(outcome, 0) for outcome in Outcome}
    connected = outcomes[Outcome.CONNECTED]
    return CallStatistics(
        total_calls=tally.calls,
        connected=connected,
        voicemail=outcomes[Outcome.VOICEMAIL],
        no_answer=outcomes[Outcome.NO_ANSWER] + outcomes[Outcome.BUSY],
        failed=outcomes[Outcome.FAILED],
        connect_rate=round(connected / tally.calls, 2) if tally.calls else 0.0,
        sentiment_breakdown={sentiment: tally.sentiments.get(sentiment, 0) for sentiment in Sentiment},
        avg_duration_seconds=round(tally.seconds / connected) if connected else 0,
    )


@contract.get("/{call_uuid}")
async def get(asked: Asked, call_uuid: str) -> CallWithTranscript:
    """Get a call with its transcript, and where its time went."""
    async with asked.read() as work:
        call = await work.calls.get(call_uuid)
        if call is None:
            raise not_found("Call")
        turns = await work.calls.turns(call_uuid)
        latencies = await work.calls.latencies(call_uuid)
        analysis = await work.analyses.get(call_uuid)
        attempt = await work.attempts.get(call_uuid)
        moments = await work.moments.of_call(call_uuid)
        heard = await audible(work, [call])
        names = await names_of(asked, work, [call])
    return CallWithTranscript.of(
        call,
        asked,
        heard,
        names,
        analysis=None if analysis is None else AnalysisShown.of(analysis),
        cost=None if attempt is None else attempt.cost / PARTS,
        disclosure=disclosure_of(moments),
        recording_consent=consent_of(moments),
        transcript=[LineShown.of(turn) for turn in turns],
        latencies=[LatencyShown.model_validate(latency) for latency in latencies],
    )


@contract.get("/{call_uuid}/transcript")
async def transcript(asked: Asked, call_uuid: str) -> list[LineShown]:
    """Get what was said in a call."""
    async with asked.read() as work:
        if await work.calls.get(call_uuid) is None:
            raise not_found("Call")
        turns = await work.calls.turns(call_uuid)
    return [LineShown.of(turn) for turn in turns]


@contract.get(
    "/{call_uuid}/recording",
    query_token=True,
    media=tuple(format_.content_type for format_ in Format),
    errors=(502, 503),
)
async def recording(asked: Asked, call_uuid: str, query: RecordingQuery) -> web.StreamResponse:
    """Get the recording of a call, or a range of it: stereo, the customer left and the agent right."""
    async with asked.read() as work:
        call = await work.calls.get(call_uuid)
        if call is None:
            raise not_found("Call")
        if not await may_be_heard(work, call, asked.now):
            raise not_found("Recording")
    wanted = Format[query.format.upper()] if query.format else preferred(asked.request.headers.get("Accept", ""))
    return await sound(asked.services, asked.request, call, wanted, or_mp3=query.format is None)


@contract.post("/{call_uuid}/metadata", status=200, limit="30/minute")
async def add_details(asked: Asked, call_uuid: str, body: Details) -> DetailsShown:
    """Merge what was extracted from a call into its `key_details`."""
    _refuse_large(body.key_details)

    def merge(kept: Mapping[str, Any]) -> Mapping[str, Any]:
        merged = _merged(kept, body.key_details)
        _refuse_large(merged)
        return merged

    async with asked.begin() as work:
        details = await work.calls.change_details(call_uuid, merge)
    if details is None:
        raise not_found("Call")
    return DetailsShown(uuid=call_uuid, key_details=dict(details), updated_at=asked.now)


async def _page(asked: Asked, query: Page, wanted: CallFilter) -> CallsPage:
    async with asked.read() as work:
        found, total = await work.calls.newest(query.limit, query.offset, wanted)
        heard = await audible(work, found)
        names = await names_of(asked, work, found)
    return CallsPage(calls=[CallShown.of(call, asked, heard, names) for call in found], total=total)


def _merged(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """Objects within objects too."""
    both = {key: (old[key], value) for key, value in new.items() if key in old}
    inner = {key: _merged(*pair) for key, pair in both.items() if all(isinstance(one, dict) for one in pair)}
    return {**old, **new, **inner}


def _refuse_large(details: Mapping[str, Any]) -> None:
    if len(orjson.dumps(details)) > LARGEST_DETAILS:
        raise RefusedError(413, f"key_details must come to at most {LARGEST_DETAILS} bytes in all")
