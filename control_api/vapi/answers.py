"""Flows as Vapi's campaigns, with what stands beside them. For a page as many questions to the database as for one."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from control_api.assistant.field import flow_warnings, readable
from control_api.campaigns.flow_warnings import warnings_of
from control_api.vapi.customers import dial_plan, is_e164, lists_of
from control_api.vapi.shapes import (
    CallTold,
    CampaignTold,
    CustomerTold,
    DialPlanTold,
    SchedulePlanTold,
)
from control_api.vapi.words import CALLS_SHOWN_AS, OVER, SHOWN_AS
from control_api.web.asked import Asked
from control_api.web.errors import not_found
from storage.assets import Customer
from storage.campaigns import LiveCall
from storage.customers import CustomerFilter
from storage.database import UnitOfWork
from storage.dialing import Run
from storage.records import CallStatus, Flow, FlowKind, FlowStatus, Outcome, Scope
from storage.statistics import Tally

SHOWN = 1000
"""Customers in one answer: their JSON costs the event loop a millisecond."""
NO_CALLS = Tally()

OF_STATE = {
    FlowStatus.DRAFT: "the campaign is a draft: it starts when it is launched",
    FlowStatus.PAUSED: "the campaign is paused",
}
ANY_NUMBER = "dialPlan: each customer is called from any of its numbers"
NO_SCOPE = f"customers are shown to who has the scope {Scope.CONTACTS_READ}"
NO_LIST = "customers are those with the campaign's tags, or all: they are not listed here"


@dataclass(frozen=True, slots=True)
class Found:
    """Campaigns, and what their rows do not say."""

    flows: Sequence[Flow]
    live: Mapping[str, Sequence[LiveCall]]
    """By flow."""
    tallies: Mapping[str, Tally]
    """By flow."""
    sizes: Mapping[str, int]
    """How many each campaign names, to be called; one that is over is left out."""
    runs: Mapping[str, Run]
    """By flow; one that was never launched has none."""
    members: Mapping[str, Sequence[Customer]] | None
    """By list, one more than is shown. None: who asks may not see them."""
    most: int
    """Customers shown of each list."""
    warned: Callable[[Flow], Sequence[str]]
    """What a flow's calls will not do as it says. May take its time."""


async def found_one(asked: Asked, work: UnitOfWork, flow: Flow | None) -> Found:
    """Raises RefusedError (404) for what is no campaign."""
    if flow is None or flow.kind is not FlowKind.OUTBOUND:
        raise not_found("Campaign")
    warned = await warnings_of(asked, work, flow)
    return await _found(asked, work, [flow], lambda flow: warned)


async def found_some(asked: Asked, work: UnitOfWork, flows: Sequence[Flow]) -> Found:
    """A page. Their warnings are about overrides, not about variables."""
    agents = {agent.id: agent for agent in await work.agents.by_ids({flow.agent_id for flow in flows if flow.agent_id})}
    organisation = await work.organisations.get(asked.organisation)
    return await _found(
        asked, work, flows, lambda flow: flow_warnings(asked, flow, agents.get(flow.agent_id or ""), organisation)
    )


async def told(asked: Asked, found: Found) -> list[CampaignTold]:
    """In Vapi's words. Outside of any unit of work, as it takes its time."""
    return await asyncio.to_thread(_told, asked, found)


async def one(asked: Asked, flow_id: str, more: Sequence[str] = ()) -> CampaignTold:
    """As it is now, with `more` warnings. Raises RefusedError (404)."""
    async with asked.read() as work:
        found = await found_one(asked, work, await work.flows.get(flow_id))
    (campaign,) = await told(asked, found)
    return campaign.model_copy(update={"warnings": [*more, *campaign.warnings]})


async def _found(
    asked: Asked, work: UnitOfWork, flows: Sequence[Flow], warned: Callable[[Flow], Sequence[str]]
) -> Found:
    ids = [flow.id for flow in flows]
    lists = list(dict.fromkeys(list_id for flow in flows for list_id in lists_of(flow)))
    most = max(1, SHOWN // max(1, len(lists)))
    may_see = Scope.CONTACTS_READ in asked.caller.scopes
    return Found(
        flows,
        live=await work.campaigns.live(set(ids)),
        tallies=await work.statistics.by_flow(ids),
        sizes=await _sizes(work, [flow for flow in flows if flow.status not in OVER]),
        runs=await work.runs.of(ids),
        members=await work.campaigns.members(lists, most + 1) if may_see else None,
        most=most,
        warned=warned,
    )


async def _sizes(work: UnitOfWork, flows: Sequence[Flow]) -> dict[str, int]:
    lists = await work.lists.sizes([flow.contact_list_id for flow in flows if flow.contact_list_id is not None])
    tagged: dict[tuple[str, ...], int] = {}
    for flow in flows:
        tags = tuple(flow.branches)
        if flow.contact_list_id is None and tags not in tagged:
            tagged[tags] = await work.customers.count(CustomerFilter(tags=tags))
    return {
        flow.id: lists.get(flow.contact_list_id, 0) if flow.contact_list_id else tagged[tuple(flow.branches)]
        for flow in flows
    }


def _told(asked: Asked, found: Found) -> list[CampaignTold]:
    """It gives way after each, or the event loop would wait for Python's 5 ms to be over."""
    people = {
        list_id: [_customer(asked, customer) for customer in members[: found.most]]
        for list_id, members in (found.members or {}).items()
    }
    campaigns = []
    for flow in found.flows:
        time.sleep(0)
        campaigns.append(_campaign(readable(asked, flow), flow, found, people))
    return campaigns


def _campaign(shown: Flow, flow: Flow, found: Found, people: Mapping[str, list[CustomerTold]]) -> CampaignTold:
    live, tally = found.live.get(flow.id, ()), found.tallies.get(flow.id, NO_CALLS)
    queued = sum(call.status is CallStatus.QUEUED for call in live)
    plan = dial_plan(flow)
    return CampaignTold(
        id=flow.id,
        org_id=flow.organisation_id,
        name=flow.name,
        status=SHOWN_AS[flow.status],
        ended_reason=flow.ended_reason,
        created_at=flow.created_at,
        updated_at=flow.updated_at,
        assistant_id=flow.agent_id,
        phone_number_id=next(iter(flow.phone_numbers), None),
        dial_plan=[
            DialPlanTold(phone_number_id=number, customers=people.get(list_id, [])) for number, list_id in plan.items()
        ]
        or None,
        schedule_plan=_schedule_plan(flow),
        customers=people.get(flow.contact_list_id or "", []),
        max_concurrency=flow.max_parallel_calls,
        assistant_overrides=dict(shown.assistant_overrides),
        calls={
            call.id: CallTold(id=call.id, status=CALLS_SHOWN_AS[call.status], started_at=call.started_at)
            for call in live
        },
        calls_counter_scheduled=_scheduled(flow, found),
        calls_counter_queued=queued,
        calls_counter_in_progress=len(live) - queued,
        calls_counter_ended=tally.calls,
        calls_counter_ended_voicemail=tally.outcomes.get(Outcome.VOICEMAIL, 0),
        warnings=[*found.warned(flow), *_warnings(flow, found)],
    )


def _scheduled(flow: Flow, found: Found) -> int:
    """Customers who wait for a call, or for another one."""
    if flow.status in OVER:
        return 0
    named, run = found.sizes.get(flow.id, 0), found.runs.get(flow.id)
    if run is None:
        return named
    yet_to_come = max(0, named - run.contacts) if run.enrol_after is not None else 0
    return run.waiting + yet_to_come


def _schedule_plan(flow: Flow) -> SchedulePlanTold | None:
    if flow.start_at is None and flow.end_at is None:
        return None
    # One that has an end alone could start as soon as it was made.
    return SchedulePlanTold(earliest_at=flow.start_at or flow.created_at, latest_at=flow.end_at)


def _warnings(flow: Flow, found: Found) -> list[str]:
    told = [OF_STATE[flow.status]] if flow.status in OF_STATE else []
    if len(dial_plan(flow)) > 1:
        told.append(ANY_NUMBER)
    if flow.contact_list_id is None:
        told.append(NO_LIST)
    elif found.members is None:
        told.append(NO_SCOPE)
    elif len(found.members.get(flow.contact_list_id, ())) > found.most:
        rest = f"all are told by /v1/contacts?contact_list_id={flow.contact_list_id}"
        told.append(f"customers are the first {found.most} of them: {rest}")
    return told


def _customer(asked: Asked, customer: Customer) -> CustomerTold:
    time.sleep(0)
    shown = readable(asked, customer)
    return CustomerTold(
        number=shown.phone,
        number_e164_check_enabled=is_e164(shown.phone),
        extension=shown.extension,
        # A name that is only the number was made up.
        name=shown.name if shown.name != shown.phone else None,
        email=shown.email,
        external_id=shown.external_id,
        assistant_overrides=dict(shown.assistant_overrides),
    )
