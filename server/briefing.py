"""What a call has to know before it is answered: whose line it came in on, who is calling, and what to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from control_api.web.hidden import OVERRIDES, PLAN, Hidden
from pipeline.transport import Incoming
from processors.lines import lines_for
from server.call_plan import CallPlan
from server.plan import call_plan
from server.provider_keys import with_keys
from server.returns import Return
from server.voices.own_voices import with_own_voice
from storage.assets import Customer
from storage.database import Database, UnitOfWork
from storage.dialing import Attempt
from storage.records import Agent, Flow, Organisation
from storage.sealing import Seal

CONTACT_FIELDS = ("name", "phone", "email", "preferred_language")
"""Of a customer, that stand in for `{{variables}}` beside the metadata, where they are known."""
ALSO_NAME = "customer_name"
"""What campaigns written elsewhere call the name; the metadata may have another one."""


@dataclass(frozen=True, slots=True)
class Briefing:
    flow: Flow
    customer_id: str | None
    plan: CallPlan
    placed: Attempt | None = None
    """By the dialer; None: it came in."""
    queues: Sequence[str] = ()
    """Of human agents, that it may be handed to."""
    back: Return | None = None
    """It goes on after a transfer that failed."""

    def after(self, back: Return) -> Briefing:
        """As it goes on: the caller is told first that nobody could take the call."""
        greeting = back.says(lines_for(self.plan.language))
        return replace(self, plan=self.plan.model_copy(update={"greeting": greeting}), back=back)


async def briefing(
    database: Database, seal: Seal, incoming: Incoming, placed: Attempt | None = None
) -> Briefing | None:
    """None if the call is nobody's. The numbers are E.164. `placed` is the dialer's attempt, if it is one.

    Raises pydantic's ValidationError or SealedError for a plan that cannot be read.
    """
    async with database.read() as work:
        flow = await _flow(work, incoming, placed)
        if flow is None:
            return None
        own = work.of(flow.organisation_id)
        customer = await _customer(own, incoming, placed)
        queues = await own.queues.names()
        refused = customer is not None and await own.customers.recording_refused(customer.phone)
        plan = await plan_of(own, seal, flow, customer, incoming.custom)
    return Briefing(
        flow,
        None if customer is None else customer.id,
        plan.model_copy(update={"record": plan.record and not refused}),
        placed,
        queues,
    )


async def plan_of(
    own: UnitOfWork, seal: Seal, flow: Flow, customer: Customer | None, variables: Mapping[str, Any]
) -> CallPlan:
    """Of a flow's call with a customer. `own` is bound to the flow's organisation. Raises as `briefing` does."""
    agent = await own.agents.get(flow.agent_id) if flow.agent_id else None
    organisation = await own.organisations.get(flow.organisation_id)
    overrides, plans = (Hidden(seal, flow.organisation_id, kind) for kind in (OVERRIDES, PLAN))
    plan = call_plan(
        None if agent is None else _opened(agent, overrides, plans),
        replace(flow, assistant_overrides=overrides.opened(flow.assistant_overrides)),
        {**_about(customer), **variables},
        organisation=None if organisation is None else overrides.opened(organisation.assistant_overrides),
        customer=None if customer is None else overrides.opened(customer.assistant_overrides),
        preferred=None if customer is None else customer.preferred_language,
    )
    return await with_keys(await with_own_voice(plan, own), own, seal)


async def _flow(work: UnitOfWork, incoming: Incoming, placed: Attempt | None) -> Flow | None:
    if incoming.flow:
        return await work.flows.get(incoming.flow)
    if placed is not None:
        return await work.flows.get(placed.flow_id)
    return await work.flows.for_line(incoming.account or None, incoming.to_number or None)


async def _customer(own: UnitOfWork, incoming: Incoming, placed: Attempt | None) -> Customer | None:
    if placed is not None:
        return await own.customers.get(placed.customer_id)
    return await own.customers.by_phone(incoming.from_number) if incoming.from_number else None


def _opened(agent: Agent, overrides: Hidden, plans: Hidden) -> Agent:
    config, asked = plans.opened(agent.config), overrides.opened(agent.assistant_overrides)
    return replace(agent, config=config, assistant_overrides=asked)


def _about(customer: Customer | None) -> Mapping[str, Any]:
    """Values of `{{variables}}`."""
    if customer is None:
        return {}
    contact = {name: getattr(customer, name) for name in CONTACT_FIELDS}
    known = {name: value for name, value in contact.items() if value is not None}
    also = {ALSO_NAME: known["name"]} if "name" in known else {}
    return {**also, **customer.metadata, **known}


def greeting(agent: Agent | None, flow: Flow, organisation: Organisation | None, customer: Customer) -> str:
    """What a customer would hear first. Raises pydantic's ValidationError."""
    plan = call_plan(
        agent,
        flow,
        _about(customer),
        organisation=None if organisation is None else organisation.assistant_overrides,
        customer=customer.assistant_overrides,
        preferred=customer.preferred_language,
    )
    return " ".join(filter(None, (plan.disclosure, plan.greeting)))
