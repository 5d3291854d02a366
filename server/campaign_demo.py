"""`campaign`: a campaign over the HTTP API, to people of the simulated network, and the terminal shows it live."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import aiohttp
from rich.console import Console

from server import demo
from server.campaign_people import people, where_it_is_noon
from server.campaign_view import CampaignView, figures, summary
from server.settings import Settings
from server.visit import Host, VisitError, visited, visitors_key
from server.visitor_api import Api
from storage.records import Scope

SCOPES = frozenset(
    {
        Scope.AGENTS_READ,
        Scope.AGENTS_WRITE,
        Scope.CAMPAIGNS_READ,
        Scope.CAMPAIGNS_WRITE,
        Scope.CONTACTS_READ,
        Scope.CONTACTS_WRITE,
        Scope.CALLS_READ,
    }
)
NAME = "Demonstration"
AGENT = {"name": "Front desk", "role": "Receptionist", "voice_config": demo.VOICE, "config": demo.plan()}
NO_SIMULATOR = (
    "The demonstration calls nobody real and needs the simulator for that: it is not there, or a telephony provider is "
    "connected."
)
GREETING = "Hello {{name}}, this is {{clinic}}. Your yearly check-up is due. May we see you next week?"
GREETINGS = 2
"""Shown of the preview's."""
SPEED = 5.0
"""Of pretend time on a server of our own, if no setting says otherwise: a minute of ringing is over in 12 s."""
PARALLEL = 16
"""Calls at a time: with that share of talk in them that two cores carry at this speed."""
RETRY_MINUTES = 1
"""The shortest that there is."""
A_MINUTE = 600
"""Calls from one number: the most that can be set."""


@dataclass(frozen=True, slots=True)
class Demonstration:
    contacts: int
    retries: int


async def demonstrate(settings: Settings, console: Console, show: Demonstration) -> None:
    """One campaign to its end. If it is cancelled, the campaign is paused. Raises VisitError."""
    if "simulator_speed" not in settings.model_fields_set:
        settings = settings.model_copy(update={"simulator_speed": SPEED})
    async with (
        visited(settings, console, doing="Calling through", what="campaign") as host,
        visitors_key(settings, "make campaign", SCOPES) as token,
        aiohttp.ClientSession(headers={"Authorization": f"Bearer {token}"}) as http,
    ):
        if host.is_private and settings.simulator_speed:
            console.print(f"Pretend time goes by {settings.simulator_speed:g} times as fast as the clock.", style="dim")
        api = Api(http, host.url)
        flow = await _prepared(api, console, show)
        await api.post(f"/flows/{flow}/launch")
        view = CampaignView(console)
        try:
            with view:
                status, why = await _followed(api, flow, view)
                seconds = view.seconds
        except asyncio.CancelledError:
            await api.post(f"/flows/{flow}/pause")
            console.print("\nPaused: everybody keeps their place.")
            _how_to_resume(console, settings, host, flow)
            raise
        analytics = await api.get(f"/flows/{flow}/analytics")
        console.print(summary(analytics), "", figures(analytics, seconds), sep="\n")
        if status != "completed":
            _how_to_resume(console, settings, host, flow)
            raise VisitError(f"The campaign is {status}: {why or 'somebody else did that'}.")
        _where(console, settings, host, flow)


async def _prepared(api: Api, console: Console, show: Demonstration) -> str:
    """The id of a draft with everybody on its list."""
    contacts = (await api.post("/contact-lists", {"name": NAME}))["uuid"]
    flow: str = (await api.post("/flows", _campaign(await _agent(api), contacts, show)))["uuid"]
    by = {caller["provider"] for caller in (await api.get(f"/flows/{flow}/preview"))["calls_from"]}
    if by != {"simulator"}:
        await api.delete(f"/flows/{flow}")
        await api.delete(f"/contact-lists/{contacts}")
        raise VisitError(NO_SIMULATOR)
    now = datetime.now(UTC)
    await api.upload(f"/contact-lists/{contacts}/import", "people.csv", people(show.contacts, now))
    _tell_preview(console, await api.get(f"/flows/{flow}/preview"), where_it_is_noon(now))
    return flow


async def _agent(api: Api) -> str:
    """The demo line's, made anew if it was deleted: another one's services might cost something."""
    agents = [agent for agent in await api.get("/agents") if agent["name"] == AGENT["name"]]
    agent = agents[0] if agents else await api.post("/agents", AGENT)
    return str(agent["uuid"])


def _campaign(agent: str, contacts: str, show: Demonstration) -> dict[str, Any]:
    return {
        "kind": "outbound",
        "name": NAME,
        "provider": "nextneural",
        "voice_agent_id": agent,
        "contact_list_id": contacts,
        "assistant_overrides": {"firstMessage": GREETING},
        "max_parallel_calls": PARALLEL,
        "rate_limit_per_number": A_MINUTE,
        "retry_attempts": show.retries,
        "retry_delay_minutes": RETRY_MINUTES,
        "dedupe_hours": 0,
    }


def _tell_preview(console: Console, preview: dict[str, Any], zone: str) -> None:
    called, greetings = preview["customers_queued"], preview["greetings"]
    console.print(f"{called} people will be called, all of them by the simulator: no telephone rings.")
    console.print(f"Legal hours hold all the same, so they live where it is noon now: {zone}.")
    for told in greetings[:GREETINGS]:
        if told["greeting"]:
            console.print(f"  “{told['greeting']}”", style="italic")
    console.print()


async def _followed(api: Api, flow: str, view: CampaignView) -> tuple[str, str]:
    """In which state it came to rest, and why, if it was paused. A stream that breaks is taken up again."""
    last = "0"
    while True:
        heard = False
        async with aclosing(api.events(f"/flows/{flow}/progress", after=last)) as events:
            async for event in events:
                heard, last = True, event.id
                match event.name, event.data:
                    case "call", {"status": "ended"}:
                        view.ended(event.data["outcome"])
                    case "progress", {"counts": counts, "status": status}:
                        view.counted(counts)
                        if status != "active":
                            return status, event.data["pause_reason"]
        if not heard:
            raise VisitError("The server tells nothing of the campaign any more.")


def _how_to_resume(console: Console, settings: Settings, host: Host, flow: str) -> None:
    url = settings.url if host.is_private else host.url
    console.print("To go on, with make run in another terminal:" if host.is_private else "To go on:")
    console.print(f'  curl -X POST -H "Authorization: Bearer $KEY" {url}/api/voice/flows/{flow}/resume', style="bold")


def _where(console: Console, settings: Settings, host: Host, flow: str) -> None:
    url = f"{settings.url if host.is_private else host.url}/api/voice"
    console.print("\nCalls with transcripts, and these figures by the hour, with your key:")
    console.print(f"  {url}/calls?flow_uuid={flow}")
    console.print(f"  {url}/flows/{flow}/analytics")
    if host.is_private:
        console.print("  This server ends now: make run starts it again.")
    console.print(f"Recordings (customer left, agent right): {settings.data_dir / 'recordings'}")
