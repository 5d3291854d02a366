"""What a campaign has come to, in figures: as JSON, and the same as CSV."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence

from aiohttp import web
from pydantic import Field

from control_api.campaigns import csv_cells, flow_moves
from control_api.campaigns.flow_shapes import WEEK
from control_api.credits import PARTS
from control_api.web.asked import Asked
from control_api.web.errors import bad, not_found
from control_api.web.shapes import Shown
from storage.database import UnitOfWork
from storage.dialing import AttemptTally, Run, Skip
from storage.records import Flow, FlowKind, Outcome

contract = flow_moves.contract.again()

COLUMNS = ("section", "key", "outcome", "value")
CONNECTED = Outcome.CONNECTED


class Funnel(Shown):
    contacts: int = Field(description="that were taken in")
    skipped: int
    attempted: int = Field(description="called at least once")
    reached: int = Field(description="somebody or their voicemail answered the last call")
    connected: int
    waiting: int = Field(description="to be called, or called again")
    in_flight: int
    cancelled: int


class Share(Shown):
    attempts: int
    connected: int
    outcomes: dict[Outcome, int]


class HourShare(Share):
    hour: int


class WeekdayShare(Share):
    weekday: str


class AttemptShare(Share):
    attempt: int = Field(description="1: the first call of each contact")


class Retries(Shown):
    attempts: int
    connected: int = Field(description="of them")


class Cost(Shown):
    """In credits."""

    total: float
    per_connected: float | None


class Analytics(Shown):
    flow_uuid: str = Field(alias="campaign_uuid")
    timezone: str = Field(description="of hours and weekdays")
    funnel: Funnel = Field(description="contacts")
    skipped: dict[str, int] = Field(description="contacts by the reason")
    outcomes: dict[Outcome, int] = Field(description="attempts that are over")
    by_hour: list[HourShare]
    by_weekday: list[WeekdayShare]
    by_attempt: list[AttemptShare]
    retries: Retries
    avg_talk_seconds: float = Field(description="of those that were connected")
    cost: Cost


@contract.get("/{flow_uuid}/analytics", errors=(400,))
async def analytics(asked: Asked, flow_uuid: str) -> Analytics:
    """Get a campaign's funnel, outcomes, hours, retries and cost."""
    async with asked.read() as work:
        return await _analytics(work, await campaign(work, flow_uuid))


@contract.get("/{flow_uuid}/analytics.csv", media=(csv_cells.MEDIA,), errors=(400,))
async def analytics_csv(asked: Asked, flow_uuid: str) -> web.Response:
    """Get the same as CSV, a figure a line."""
    async with asked.read() as work:
        found = await _analytics(work, await campaign(work, flow_uuid))
    text = csv_cells.written([COLUMNS, *_lines(found)])
    return web.Response(text=text, headers=csv_cells.headers(f"{flow_uuid}-analytics.csv"))


async def campaign(work: UnitOfWork, flow_uuid: str) -> Flow:
    """Raises RefusedError: 404, or 400 for an inbound flow."""
    flow = await work.flows.get(flow_uuid)
    if flow is None:
        raise not_found("Flow")
    if flow.kind is FlowKind.INBOUND:
        raise bad("kind is inbound: such a flow calls nobody")
    return flow


async def _analytics(work: UnitOfWork, flow: Flow) -> Analytics:
    run = await work.runs.get(flow.id)
    tallies = await work.attempt_tallies.of(flow.id)
    last = await work.contacts.outcomes(flow.id)
    skipped = await work.contacts.skipped(flow.id)
    whole = _share(tallies)
    again = _share(tally for tally in tallies if tally.number > 1)
    talk = sum(tally.talk_seconds for tally in tallies if tally.outcome == CONNECTED)
    credits_ = sum(tally.cost for tally in tallies) / PARTS
    return Analytics(
        flow_uuid=flow.id,
        timezone=flow.time_window["timezone"] if flow.time_window else "UTC",
        funnel=_funnel(run, last),
        skipped={reason: skipped.get(reason, 0) for reason in (*Skip, *sorted(skipped.keys() - set(Skip)))},
        outcomes=whole.outcomes,
        by_hour=[
            HourShare(hour=hour, **share.model_dump())
            for hour, share in _shares(tallies, range(24), lambda tally: tally.hour)
        ],
        by_weekday=[
            WeekdayShare(weekday=WEEK[day], **share.model_dump())
            for day, share in _shares(tallies, range(7), lambda tally: tally.day.weekday())
        ],
        by_attempt=[
            AttemptShare(attempt=number, **share.model_dump())
            for number, share in _shares(
                tallies, sorted({tally.number for tally in tallies}), lambda tally: tally.number
            )
        ],
        retries=Retries(attempts=again.attempts, connected=again.connected),
        avg_talk_seconds=round(talk / whole.connected, 1) if whole.connected else 0.0,
        cost=Cost(
            total=round(credits_, 4),
            per_connected=round(credits_ / whole.connected, 4) if whole.connected else None,
        ),
    )


def _funnel(run: Run | None, last: Counter[Outcome]) -> Funnel:
    return Funnel(
        contacts=run.contacts if run else 0,
        skipped=run.skipped if run else 0,
        attempted=run.attempted if run else 0,
        reached=last[CONNECTED] + last[Outcome.VOICEMAIL],
        connected=last[CONNECTED],
        waiting=run.waiting if run else 0,
        in_flight=run.in_flight if run else 0,
        cancelled=run.cancelled if run else 0,
    )


def _shares(
    tallies: Sequence[AttemptTally], keys: Iterable[int], key: Callable[[AttemptTally], int]
) -> Iterator[tuple[int, Share]]:
    groups: dict[int, list[AttemptTally]] = {}
    for tally in tallies:
        groups.setdefault(key(tally), []).append(tally)
    for one in keys:
        yield one, _share(groups.get(one, ()))


def _share(tallies: Iterable[AttemptTally]) -> Share:
    outcomes: Counter[Outcome] = Counter()
    for tally in tallies:
        outcomes[Outcome(tally.outcome)] += tally.attempts
    return Share(
        attempts=outcomes.total(),
        connected=outcomes[CONNECTED],
        outcomes={outcome: outcomes[outcome] for outcome in Outcome},
    )


def _lines(found: Analytics) -> Iterator[tuple[str, object, str, object]]:
    """Section, key, outcome, value."""
    for name, value in found.funnel.model_dump().items():
        yield "funnel", name, "", value
    for reason, value in found.skipped.items():
        yield "skipped", reason, "", value
    for outcome, value in found.outcomes.items():
        yield "outcomes", "", outcome, value
    sections: tuple[tuple[str, Sequence[tuple[object, Share]]], ...] = (
        ("by_hour", [(share.hour, share) for share in found.by_hour]),
        ("by_weekday", [(share.weekday, share) for share in found.by_weekday]),
        ("by_attempt", [(share.attempt, share) for share in found.by_attempt]),
    )
    for section, shares in sections:
        for key, share in shares:
            for outcome, value in share.outcomes.items():
                yield section, key, outcome, value
    yield "retries", "attempts", "", found.retries.attempts
    yield "retries", "connected", "connected", found.retries.connected
    yield "talk", "avg_seconds", "connected", found.avg_talk_seconds
    yield "cost", "total", "", found.cost.total
    yield "cost", "per_connected", "connected", found.cost.per_connected
