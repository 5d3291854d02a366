"""Campaigns in Vapi's words: outbound flows, as its own programs list, create, change and delete them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from pydantic.alias_generators import to_camel

from control_api.access.auth import require
from control_api.campaigns.flow_fields import looked_up, must_make_sense
from control_api.campaigns.flow_moves import changing, forget_untried, told_to_who_asked
from control_api.campaigns.starting import must_be_able_to_call
from control_api.catalogue import OWN
from control_api.vapi import answers
from control_api.vapi.customers import DIAL_PLAN, People, forget_lists, put_on_list, read_people
from control_api.vapi.shapes import (
    CONCURRENCY,
    MOST,
    UNOBEYED,
    CampaignBody,
    CampaignChange,
    CampaignFields,
    CampaignsQuery,
    CampaignsTold,
    CampaignTold,
    Metadata,
)
from control_api.vapi.words import OVER, refused_in_vapis_words
from control_api.web.asked import Asked
from control_api.web.contract import Contract
from control_api.web.errors import bad, not_found
from dialer import moves
from storage.database import UnitOfWork
from storage.ids import FLOW, new_id
from storage.records import Flow, FlowKind, FlowStatus, Scope

contract = Contract(
    "Campaigns in Vapi's words",
    "/campaign",
    v1=None,
    read=Scope.CAMPAIGNS_READ,
    write=Scope.CAMPAIGNS_WRITE,
    prefix=False,
)


@dataclass(frozen=True, slots=True)
class Called:
    """Who a request brings with it."""

    everybody: People
    by_entry: Sequence[People] = field(default_factory=list)
    """Of a dial plan, in its order. Empty: it is none."""


@contract.get("")
async def every(asked: Asked, query: CampaignsQuery) -> CampaignsTold:
    """List campaigns, newest first. An answer shows 1000 customers at most, the same number of each campaign"""
    skipped = (query.page - 1) * query.limit
    async with asked.read() as work:
        found, total = await work.campaigns.page(
            query.wanted, query.limit, skipped, oldest_first=query.sort_order == "ASC"
        )
        page = await answers.found_some(asked, work, found)
    metadata = Metadata(
        items_per_page=query.limit,
        total_items=total,
        current_page=query.page,
        total_pages=-(-total // query.limit) if query.limit else 0,
        has_next_page=skipped + len(found) < total and query.limit > 0,
        created_at_ge=query.created_at_ge,
        created_at_le=query.created_at_le,
    )
    return CampaignsTold(results=await answers.told(asked, page), metadata=metadata)


@contract.post("", errors=(409,))
async def create(asked: Asked, body: CampaignBody) -> CampaignTold:
    """Create a campaign. It starts at `schedulePlan.earliestAt`, or at once, and calls everybody once"""
    with refused_in_vapis_words(), told_to_who_asked():
        _must_be_whole(body)
        called = await _called(asked, body)
        assert called is not None
        flow_id = new_id(FLOW)
        async with asked.read() as work:
            await _drafted(asked, work, body, flow_id)
        lists = await _kept(asked, called, body.name, flow_id)
        async with asked.begin() as work:
            flow = lists.of(await _drafted(asked, work, body, flow_id))
            await work.flows.add(flow)
            await _start(asked, work, flow)
        asked.services.wake()
        return await answers.one(asked, flow_id, _brought_about(body, called))


@contract.get("/{id}")
async def get(asked: Asked, id: str) -> CampaignTold:  # noqa: A002 - Vapi's word
    """Get a campaign."""
    return await answers.one(asked, id)


@contract.patch("/{id}", errors=(409,))
async def change(asked: Asked, id: str, body: CampaignChange) -> CampaignTold:  # noqa: A002 - Vapi's word
    """Change a campaign, or end it. While it runs, only its name can change."""
    with refused_in_vapis_words():
        _must_be_clear(body)
        called = await _called(asked, body)
        lists = Lists()
        if called is not None:
            async with changing(asked, id) as (work, flow):
                await _changed(asked, work, flow, body)
                moves.check(flow, moves.EDIT)
            lists = await _kept(asked, called, body.name or flow.name, id)
        async with changing(asked, id) as (work, flow):
            new = lists.of(await _changed(asked, work, flow, body))
            if replace(new, name=flow.name, updated_at=flow.updated_at) != flow:
                moves.check(flow, moves.EDIT)
            await work.flows.save(new, now=asked.now)
            if called is not None:
                await forget_untried(work, flow)
                await forget_lists(work, flow)
            if body.status is not None:
                await _end(work, new, asked.now)
            elif body.schedule_plan is not None or new.status is FlowStatus.SCHEDULED:
                await _start(asked, work, new)
        asked.services.wake()
        return await answers.one(asked, id, _brought_about(body, called))


@contract.delete("/{id}")
async def delete(asked: Asked, id: str) -> CampaignTold:  # noqa: A002 - Vapi's word
    """Delete a campaign, with the contact list that was made for it. Its calls and its customers stay."""
    with refused_in_vapis_words():
        async with changing(asked, id) as (work, flow):
            found = await answers.found_one(asked, work, flow)
            await moves.delete(work, flow, asked.now)
            await forget_lists(work, flow)
    (gone,) = await answers.told(asked, found)
    return gone


@dataclass(frozen=True, slots=True)
class Lists:
    """Contact lists that a request made."""

    whole: str | None = None
    """None: who is called stays as it is."""
    by_entry: Sequence[str] = field(default_factory=list)

    def of(self, flow: Flow) -> Flow:
        """The flow with these."""
        if self.whole is None:
            return flow
        config = {key: value for key, value in flow.config.items() if key != DIAL_PLAN}
        if self.by_entry:
            config[DIAL_PLAN] = dict(zip(flow.phone_numbers, self.by_entry, strict=True))
        return replace(flow, contact_list_id=self.whole, config=config)


def _must_be_clear(body: CampaignFields) -> None:
    """Raises RefusedError if it says two things at once, or what cannot be."""
    for name in ("workflow_id", "squad_id"):
        if getattr(body, name) is not None:
            raise bad(f"{to_camel(name)} cannot be obeyed: there are assistants only, give assistantId")
    if body.predial_plan is not None:
        raise bad("predialPlan cannot be obeyed: customers would be called without having been asked about")
    if body.dial_plan is not None:
        for name in ("phone_number_id", "customers"):
            if getattr(body, name) is not None:
                raise bad(f"{to_camel(name)} and dialPlan exclude each other")
        if sum(len(entry.customers) for entry in body.dial_plan) > MOST:
            raise bad(f"dialPlan has more than {MOST} customers")


def _must_be_whole(body: CampaignBody) -> None:
    """Raises RefusedError, which names what is missing."""
    _must_be_clear(body)
    if body.assistant_id is None:
        raise bad("assistantId is required")
    if body.dial_plan is None and body.phone_number_id is None:
        raise bad("phoneNumberId is required, or dialPlan in its place")
    if body.dial_plan is None and body.customers is None:
        raise bad("customers is required with phoneNumberId")
    if not (body.customers or any(entry.customers for entry in body.dial_plan or ())):
        raise bad("customers must name somebody to call")


async def _called(asked: Asked, body: CampaignFields) -> Called | None:
    """None: nobody is named. Raises RefusedError."""
    if body.customers is None and body.dial_plan is None:
        return None
    require(asked.caller, Scope.CONTACTS_WRITE)
    if body.dial_plan is None:
        return Called(await read_people(asked, body.customers or [], "customers"))
    entries = [
        await read_people(asked, entry.customers, f"dialPlan.{place}.customers")
        for place, entry in enumerate(body.dial_plan)
    ]
    return Called(_together(entries), entries)


def _together(entries: Iterable[People]) -> People:
    whole = People()
    for entry in entries:
        whole.customers += entry.customers
        whole.given += entry.given
        whole.told += entry.told
    return whole


async def _kept(asked: Asked, called: Called, name: str, flow_id: str) -> Lists:
    whole = await put_on_list(asked, called.everybody, name, flow_id)
    if len(called.by_entry) < 2:
        return Lists(whole, [whole] * len(called.by_entry))
    return Lists(whole, [await put_on_list(asked, entry, name, flow_id) for entry in called.by_entry])


async def _drafted(asked: Asked, work: UnitOfWork, body: CampaignBody, flow_id: str) -> Flow:
    """Without anybody to call, and not kept yet. Raises RefusedError."""
    given = await looked_up(asked, work, body.of_flow())
    agent = await work.agents.get(given["agent_id"])
    assert agent is not None
    settings: dict[str, Any] = {"retry_attempts": 0, "max_parallel_calls": CONCURRENCY, **given}
    flow = Flow(
        flow_id,
        asked.organisation,
        FlowKind.OUTBOUND,
        status=FlowStatus.DRAFT,
        provider=agent.voice_config.get("provider") or OWN,
        created_at=asked.now,
        updated_at=asked.now,
        **settings,
    )
    _must_make_sense(flow, body, asked.now)
    return flow


async def _changed(asked: Asked, work: UnitOfWork, flow: Flow, body: CampaignChange) -> Flow:
    """As it is to be, not kept yet. Raises RefusedError."""
    if flow.kind is not FlowKind.OUTBOUND:
        raise not_found("Campaign")
    new = replace(flow, **await looked_up(asked, work, body.of_flow(), flow), updated_at=asked.now)
    _must_make_sense(new, body, asked.now)
    return new


def _must_make_sense(flow: Flow, body: CampaignFields, now: datetime) -> None:
    must_make_sense(flow)
    if body.schedule_plan is not None and flow.end_at is not None and flow.end_at <= now:
        raise bad("end_at must be in the future")
    if body.dial_plan is not None and len(flow.phone_numbers) != len(body.dial_plan):
        raise bad("dialPlan names a phone number in more than one entry")


async def _start(asked: Asked, work: UnitOfWork, flow: Flow) -> None:
    """At its time, or at once. What runs already, or is over, stays as it is."""
    now = asked.now
    if flow.status not in (FlowStatus.DRAFT, FlowStatus.SCHEDULED):
        return
    if flow.start_at is None or flow.start_at <= now:
        await moves.launch(work, flow, now)
    elif flow.status is FlowStatus.DRAFT:
        await moves.schedule(work, flow, now, start_at=flow.start_at)
    else:
        await moves.must_start(work, flow, now)
    await must_be_able_to_call(asked, work, flow)


async def _end(work: UnitOfWork, flow: Flow, now: datetime) -> None:
    if flow.status in OVER:
        return
    if flow.status is FlowStatus.ACTIVE:
        await moves.stop(work, flow, now)
        flow = replace(flow, status=FlowStatus.PAUSED)
    await moves.cancel(work, flow, now)


def _brought_about(body: CampaignFields, called: Called | None) -> list[str]:
    """Warnings of this request alone."""
    told = [f"{to_camel(name)} is neither obeyed nor kept" for name in UNOBEYED if name in body.said]
    if called is None:
        return told
    told += dict.fromkeys(called.everybody.told)
    numbers = [customer.phone for customer in called.everybody.customers]
    twice = len(numbers) - len(set(numbers))
    if twice:
        told.append(f"{twice} of the customers have the number of another one: who has it is called once")
    return told
