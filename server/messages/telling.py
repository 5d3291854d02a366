"""Whom a call's plan wants told, and of what."""

from __future__ import annotations

from datetime import datetime

from server.call_plan import CallPlan
from server.messages import names
from server.messages.about import around
from server.messages.posting import Posts
from server.messages.teller import Teller
from storage.database import UnitOfWork
from storage.records import Call
from storage.report_records import ReportKind


def teller_of(posts: Posts | None, plan: CallPlan, call: Call) -> Teller | None:
    """None where nobody is told of it while it lives."""
    if posts is None or plan.server is None:
        return None
    wanted = plan.server.messages - {names.REPORT}
    if not plan.keeping.words:
        wanted -= names.WITH_WORDS
    elif plan.keeping.is_discreet:  # it is made of pieces, and half a number is not known for one
        wanted -= {names.OUTPUT}
    if not wanted:
        return None
    return Teller(posts.open(plan.server, call.id), wanted, around(call, plan))


async def ask_for_reports(work: UnitOfWork, plan: CallPlan, call: str, organisation: str, at: datetime) -> None:
    """In the transaction by which there is all to tell of a call that is over. Asked twice, it is told once."""
    kinds = []
    if plan.server is not None and names.REPORT in plan.server.messages:
        kinds.append(ReportKind.SERVER)
    if plan.observability is not None:
        kinds.append(ReportKind.LANGFUSE)
    await work.reports.ask(call, organisation, kinds, at=at)
