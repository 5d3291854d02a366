"""The HTTP application: the control API, the document that describes it, and the routes that others hand in."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from aiohttp import web

from control_api import api_keys, organisation
from control_api.campaigns import (
    analytics,
    attempts,
    contacts,
    flow_moves,
    flows,
    numbers,
    preview,
    progress,
    scripts,
)
from control_api.console.pages import Console
from control_api.credits import contract as credits_contract
from control_api.document.described import Description
from control_api.health import health_routes
from control_api.links import deliveries, integrations, webhooks
from control_api.people import contact_lists, customer_campaigns, customer_import, customers
from control_api.queues import members, queues, transfers
from control_api.records import analyses, call_story, calls, latency, live_actions, signed_links, single_calls, waveform
from control_api.vapi import vapi
from control_api.voices import agents, consents, providers, samples, speaker_trainings, speakers
from control_api.web.asked import SERVICES, Services
from control_api.web.reading import BODY_BYTES
from control_api.web.serving import answers, routes

VERSION = "0.1.0"

CONTRACTS = (
    customers.contract,
    customer_import.contract,
    customer_campaigns.contract,
    organisation.contract,
    credits_contract,
    api_keys.contract,
    integrations.contract,
    agents.contract,
    samples.contract,
    providers.contract,
    scripts.contract,
    numbers.contract,
    speakers.contract,
    consents.contract,
    speaker_trainings.contract,
    transfers.contract,
    latency.contract,
    calls.contract,
    call_story.contract,
    waveform.contract,
    analyses.contract,
    single_calls.contract,
    live_actions.contract,
    signed_links.contract,
    queues.contract,
    members.contract,
    webhooks.contract,
    deliveries.contract,
    flows.contract,
    flow_moves.contract,
    preview.contract,
    progress.contract,
    analytics.contract,
    attempts.contract,
    contacts.contract,
    contact_lists.contract,
    vapi.contract,
)
ENDPOINTS = tuple(endpoint for contract in CONTRACTS for endpoint in contract.endpoints)


def create_app(
    more: Iterable[web.AbstractRouteDef], *, services: Services, ready: Callable[[], str | None]
) -> web.Application:
    """`more` are routes of no record: lines, sockets, metrics. `ready` says why no call can be taken now, or None."""
    app = web.Application(client_max_size=BODY_BYTES, middlewares=[answers])
    app[SERVICES] = services
    description = Description(ENDPOINTS, url=services.public_url, version=VERSION)
    app.add_routes(
        [
            *health_routes(ready),
            *description.routes(),
            *Console().routes(),
            *signed_links.link_routes(),
            *more,
            *routes(ENDPOINTS),
        ]
    )
    return app
