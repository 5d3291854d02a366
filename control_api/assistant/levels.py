"""Overrides stand on four levels: organisation, agent, flow and customer. Warnings are about the topmost one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from control_api.assistant.obedience import not_obeyed
from storage.records import Agent, Flow


class Unobeyed(Protocol):
    """Says what of the topmost level given a call will not obey, a sentence each. Raises pydantic's ValidationError."""

    def __call__(
        self,
        agent: Agent | None,
        flow: Flow | None,
        *,
        organisation: Mapping[str, Any] | None = None,
        customer: Mapping[str, Any] | None = None,
    ) -> list[str]: ...


def topmost(
    agent: Agent | None, flow: Flow | None, organisation: Mapping[str, Any] | None, customer: Mapping[str, Any] | None
) -> Mapping[str, Any]:
    """The overrides of the level nearest to a call."""
    if customer is not None:
        return customer
    if flow is not None:
        return flow.assistant_overrides
    return agent.assistant_overrides if agent is not None else organisation or {}


def all_unobeyed(
    agent: Agent | None,
    flow: Flow | None,
    *,
    organisation: Mapping[str, Any] | None = None,
    customer: Mapping[str, Any] | None = None,
) -> list[str]:
    """Of a server that makes no calls: it obeys nothing."""
    return not_obeyed(topmost(agent, flow, organisation, customer), frozenset())
