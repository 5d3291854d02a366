"""Settings → what the control API's handlers share."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import ClientSession

from control_api.access.addresses import trusted_networks
from control_api.access.auth import SignIn
from control_api.access.firebase import FirebaseVerifier
from control_api.access.limits import Limits, Rules
from control_api.app import ENDPOINTS
from control_api.links.public_only import public_session
from control_api.records import listening, live, signed_links
from control_api.voices.voice_cloner import VoiceCloner
from control_api.web.asked import Services
from server import browser_calls
from server.briefing import ALSO_NAME, CONTACT_FIELDS, greeting
from server.catalogue import catalogue
from server.keyring import keyring, not_lost
from server.plan import unknown_placeholders, unobeyed
from server.setting_names import SettingsError
from server.settings import Settings
from storage.database import Database
from storage.records import Agent, Flow


@asynccontextmanager
async def services(settings: Settings, database: Database, http: ClientSession) -> AsyncIterator[Services]:
    """Raises SettingsError or StartError."""
    firebase = FirebaseVerifier(settings.firebase_project, http) if settings.firebase_project else None
    redis = settings.redis_url.get_secret_value() if settings.redis_url is not None else None
    limits = Limits(redis, _rules(settings))
    await not_lost(settings, database)
    seal = await asyncio.to_thread(keyring, settings)
    try:
        async with (
            SignIn(database, firebase) as sign_in,
            public_session(private=settings.allow_private_webhooks) as public_http,
        ):
            yield Services(
                database=database,
                sign_in=sign_in,
                limits=limits,
                seal=seal,
                http=http,
                public_http=public_http,
                data=settings.data_dir,
                public_url=settings.url,
                catalogue=catalogue(settings.data_dir),
                warnings=unobeyed,
                trusted=trusted_networks(settings.trusted_proxies),
                unknown_variables=_unknown_variables,
                country=settings.country,
                private_webhooks=settings.allow_private_webhooks,
                greeting=greeting,
                cloners=_cloners(settings),
            )
    finally:
        await limits.close()


def _cloners(settings: Settings) -> dict[str, VoiceCloner]:
    """The package that a model needs is not loaded before a voice is made."""
    if settings.cloning_model is None:
        return {}
    from server.voices.local_voices import LocalVoices

    return {"chatterbox": LocalVoices(settings.cloning_model, settings.data_dir)}


def _unknown_variables(agent: Agent | None, flow: Flow) -> list[str]:
    return unknown_placeholders(agent, flow, (*CONTACT_FIELDS, ALSO_NAME))


def _rules(settings: Settings) -> Rules:
    rules = Rules.parse(settings.rate_limits)
    try:
        sockets = signed_links.NAME, live.NAME, listening.NAME, *browser_calls.NAMES
        rules.hold_against([*(endpoint.name for endpoint in ENDPOINTS), *sockets])
    except ValueError as error:
        raise SettingsError(f"The setting VAANI_RATE_LIMITS will not do: {error}.") from None
    return rules
