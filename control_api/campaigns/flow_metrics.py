"""How the calls of flows went. For a page of them as many questions to the database as for one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

from control_api.campaigns.flow_shapes import FlowMetrics
from control_api.records.call_shapes import clock
from storage.database import UnitOfWork
from storage.records import Flow, Outcome
from storage.statistics import Tally

NO_CALLS = Tally()


async def metrics(work: UnitOfWork, flows: Sequence[Flow], now: datetime) -> dict[str, FlowMetrics]:
    """By the flow's id."""
    ids = [flow.id for flow in flows]
    local = {flow.id: now.astimezone(_zone(flow)) for flow in flows}
    midnights = {flow_id: time.replace(hour=0, minute=0, second=0, microsecond=0) for flow_id, time in local.items()}
    today = await work.statistics.since(midnights)
    tallies = await work.statistics.by_flow(ids)
    half_hours = await work.statistics.half_hours(ids)
    return {
        flow_id: _figures(
            today.get(flow_id, 0), tallies.get(flow_id, NO_CALLS), _peak(half_hours.get(flow_id, {}), local[flow_id])
        )
        for flow_id in ids
    }


def _figures(today: int, tally: Tally, peak_hour: int | None) -> FlowMetrics:
    total, connected = tally.calls, tally.outcomes.get(Outcome.CONNECTED, 0)
    answered = connected + tally.outcomes.get(Outcome.VOICEMAIL, 0)
    answer_rate = _rate(answered, total)
    return FlowMetrics(
        calls_today=today,
        total_calls=total,
        connect_rate=_rate(connected, total),
        answer_rate=answer_rate,
        missed_rate=round(1 - answer_rate, 2) if total else 0.0,
        avg_handle_time=clock(round(tally.seconds / connected) if connected else 0),
        peak_hour=peak_hour,
    )


def _rate(part: int, whole: int) -> float:
    return round(part / whole, 2) if whole else 0.0


def _peak(half_hours: Mapping[int, int], local: datetime) -> int | None:
    """The hour with most calls, the earliest of several; by the zone's offset of now, since no days are kept."""
    offset = local.utcoffset()
    assert offset is not None
    hours = dict.fromkeys(range(24), 0)
    for half_hour, calls in half_hours.items():
        hours[(half_hour * 30 + int(offset.total_seconds()) // 60) // 60 % 24] += calls
    return max(hours, key=hours.__getitem__) if any(hours.values()) else None


def _zone(flow: Flow) -> tzinfo:
    return ZoneInfo(flow.time_window["timezone"]) if flow.time_window else UTC
