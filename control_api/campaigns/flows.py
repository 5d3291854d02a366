"""Flows: inbound lines and outbound campaigns. The developers' API calls all of them campaigns."""

from __future__ import annotations

import asyncio
from dataclasses import fields, replace

from pydantic import Field

from control_api.assistant.field import one_by_one, readable
from control_api.campaigns import flow_moves
from control_api.campaigns.flow_fields import looked_up, must_make_sense
from control_api.campaigns.flow_metrics import metrics
from control_api.campaigns.flow_moves import changing, forget_untried, move_to, shown
from control_api.campaigns.flow_shapes import FlowBody, FlowChange, FlowMetrics, FlowShown, FlowWithMetrics
from control_api.campaigns.flow_warnings import listed, warnings_of
from control_api.web.asked import Asked
from control_api.web.errors import bad, conflict, not_found
from control_api.web.shapes import Body, Page, Shown
from dialer import moves
from storage.database import UnitOfWork
from storage.ids import FLOW, new_id
from storage.records import Flow, FlowKind, FlowStatus

contract = flow_moves.contract.again()

SMALL = frozenset({"name", "description", "updated_at"})
"""What may change while customers are being called."""
WHO = frozenset({"branches", "contact_list_id"})
"""What says who is called."""


class FlowsQuery(Page):
    kind: FlowKind | None = None
    status: FlowStatus | None = None
    include_metrics: bool = False


class FlowsPage(Shown):
    flows: list[FlowWithMetrics | FlowShown] = Field(alias="campaigns")
    total: int


class MetricsToo(Body):
    include_metrics: bool = False


@contract.get("")
async def every(asked: Asked, query: FlowsQuery) -> FlowsPage:
    """List flows, newest first. Their warnings are not about variables."""
    async with asked.read() as work:
        found, total = await work.flows.page(query.limit, query.offset, kind=query.kind, status=query.status)
        figures = await metrics(work, found, asked.now) if query.include_metrics else {}
        agents = {agent.id: agent for agent in await work.agents.by_ids({flow.agent_id or "" for flow in found})}
        organisation = await work.organisations.get(asked.organisation)

    def told(flow: Flow) -> FlowWithMetrics | FlowShown:
        warned = listed(asked, flow, agents.get(flow.agent_id or ""), organisation)
        return _listed(readable(asked, flow), warned, figures.get(flow.id))

    return FlowsPage(flows=await asyncio.to_thread(one_by_one, told, found), total=total)


@contract.post("", limit="20/minute", errors=(409,))
async def create(asked: Asked, body: FlowBody) -> FlowShown:
    """Create a flow: a draft, or an inbound one that takes calls at once."""
    if body.status not in (FlowStatus.DRAFT, FlowStatus.ACTIVE):
        raise bad("status must be draft, or active for an inbound flow")
    if body.status is FlowStatus.ACTIVE and body.kind is FlowKind.OUTBOUND:
        raise bad("status must be draft: an outbound campaign becomes active when it is launched")
    async with asked.begin() as work:
        given = await looked_up(asked, work, body)
        flow = Flow(
            new_id(FLOW),
            asked.organisation,
            status=body.status,
            created_at=asked.now,
            updated_at=asked.now,
            **given,
        )
        must_make_sense(flow)
        if flow.status is FlowStatus.ACTIVE:
            try:
                await moves.must_have_line(work, flow)
            except moves.MoveRefusedError as error:
                raise conflict(str(error)) from None
        await work.flows.add(flow)
    return await shown(asked, flow.id)


@contract.get("/{flow_uuid}")
async def get(asked: Asked, flow_uuid: str, query: MetricsToo) -> FlowWithMetrics | FlowShown:
    """Get a flow."""
    if not query.include_metrics:
        return await shown(asked, flow_uuid)
    async with asked.read() as work:
        flow = await work.flows.get(flow_uuid)
        if flow is None:
            raise not_found("Flow")
        figures = await metrics(work, [flow], asked.now)
        told = await warnings_of(asked, work, flow)
        return FlowWithMetrics.of(readable(asked, flow), told, metrics=figures[flow_uuid])


@contract.patch("/{flow_uuid}", errors=(409,))
async def change(asked: Asked, flow_uuid: str, body: FlowChange) -> FlowShown:
    """Change a flow. While a campaign is active only its name and description."""
    async with changing(asked, flow_uuid) as (work, flow):
        if "kind" in body.model_fields_set and body.kind is not flow.kind:
            raise bad("kind cannot be changed")
        new = replace(flow, **await looked_up(asked, work, body, flow), updated_at=asked.now)
        must_make_sense(new)
        if _differences(flow, new) - SMALL:
            await _must_be_editable(work, new)
        await work.flows.save(new, now=asked.now)
        if WHO & _differences(flow, new):
            await forget_untried(work, new)
        if "status" in body.model_fields_set and body.status is not flow.status:
            await move_to(asked, work, new, body.status)
        elif new.status is FlowStatus.SCHEDULED and _differences(flow, new) - SMALL:
            await moves.must_start(work, new, asked.now)
    asked.services.wake()
    return await shown(asked, flow_uuid)


@contract.delete("/{flow_uuid}")
async def delete(asked: Asked, flow_uuid: str) -> None:
    """Delete a flow, an active one after it was stopped. Its calls stay."""
    async with changing(asked, flow_uuid) as (work, flow):
        await moves.delete(work, flow, asked.now)


def _listed(flow: Flow, told: list[str], figures: FlowMetrics | None) -> FlowWithMetrics | FlowShown:
    return FlowShown.of(flow, told) if figures is None else FlowWithMetrics.of(flow, told, metrics=figures)


async def _must_be_editable(work: UnitOfWork, flow: Flow) -> None:
    """An inbound flow calls nobody: it may change while it takes calls."""
    if flow.kind is FlowKind.OUTBOUND:
        moves.check(flow, moves.EDIT)
    elif flow.status is FlowStatus.ACTIVE:
        await moves.must_have_line(work, flow)


def _differences(old: Flow, new: Flow) -> set[str]:
    return {field.name for field in fields(Flow) if getattr(old, field.name) != getattr(new, field.name)}
