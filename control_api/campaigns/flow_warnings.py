"""What a flow says, and its calls will not do or say."""

from __future__ import annotations

from pydantic import ValidationError

from control_api.assistant.field import flow_warnings, readable
from control_api.web.asked import Asked
from control_api.web.errors import sentence
from storage.customers import CustomerFilter
from storage.database import UnitOfWork
from storage.records import Agent, Flow, FlowKind, Organisation

SAMPLE = 50
"""Customers whose metadata is looked at for what a variable could mean."""


def listed(asked: Asked, flow: Flow, agent: Agent | None, organisation: Organisation | None) -> list[str]:
    """Those for which no customer is looked at."""
    found = flow_warnings(asked, flow, agent, organisation)
    if agent is None or agent.is_active:
        return found
    return ["voice_agent_id is of an agent that was deleted: it still speaks in this flow's calls", *found]


async def warnings_of(asked: Asked, work: UnitOfWork, flow: Flow) -> list[str]:
    """A sentence each."""
    agent = await work.agents.get(flow.agent_id) if flow.agent_id is not None else None
    organisation = await work.organisations.get(flow.organisation_id)
    found = listed(asked, flow, agent, organisation)
    speaker = None if agent is None else readable(asked, agent)
    try:
        unknown = asked.services.unknown_variables(speaker, readable(asked, flow))
    except ValidationError as error:
        return [*found, f"the call plan will not do: {sentence(error, 'it')}"]
    if unknown and flow.kind is FlowKind.OUTBOUND:
        known = await _metadata(work, flow)
        unknown = [name for name in unknown if known.isdisjoint(name.split("."))]
    return [*found, *(f"{{{{{name}}}}} is not known of the customers: it is rendered empty" for name in unknown)]


async def _metadata(work: UnitOfWork, flow: Flow) -> set[str]:
    """Its keys, of some of those whom the campaign calls."""
    if flow.contact_list_id is not None:
        whom = CustomerFilter(contact_list_id=flow.contact_list_id)
    else:
        whom = CustomerFilter(tags=flow.branches)
    return {key for customer in await work.customers.newest(whom, SAMPLE) for key in customer.metadata}
