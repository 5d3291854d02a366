"""Accounts with telephone carriers and voice providers. Their secrets are sealed at rest and masked in answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from control_api.links.flow_urls import FlowUrls
from control_api.links.integration_checks import trouble_with
from control_api.links.integration_shapes import (
    AppsPage,
    AppsQuery,
    Checked,
    ExotelBody,
    ExotelShown,
    KeyBody,
    ProviderShown,
    ProvidersPage,
    VoiceBody,
    VoiceShown,
)
from control_api.web.asked import Asked
from control_api.web.contract import Contract
from control_api.web.errors import bad, conflict, not_found
from control_api.web.hidden import masked
from control_api.web.shapes import Body
from storage.assets import Integration, IntegrationKind
from storage.database import UnitOfWork
from storage.records import Scope
from storage.sealing import integration_secret

contract = Contract(
    "Integrations", "/integrations", v1=None, read=Scope.INTEGRATIONS_READ, write=Scope.INTEGRATIONS_WRITE
)

TELEPHONY = {"exotel": "Exotel"}
VOICE = {"sarvam": "Sarvam", "elevenlabs": "ElevenLabs", "openai": "OpenAI"}
BODIES: Mapping[str, type[Body]] = {
    "exotel": ExotelBody,
    "sarvam": KeyBody,
    "elevenlabs": KeyBody,
    "openai": VoiceBody,
}
SCHEMAS = {provider: body.model_json_schema() for provider, body in BODIES.items()}


@contract.get("/telephony")
async def telephony(asked: Asked) -> ProvidersPage:
    """List telephony providers, and which are connected."""
    return await _providers(asked, TELEPHONY)


@contract.get("/voice")
async def voice(asked: Asked) -> ProvidersPage:
    """List voice providers that need an account, and which are connected."""
    return await _providers(asked, VOICE)


@contract.get("/apps")
async def apps(asked: Asked, query: AppsQuery) -> AppsPage:
    """List app integrations. There are none: workflows connect by webhooks."""
    return AppsPage(apps=[], total=0)


@contract.get("/telephony/exotel")
async def exotel(asked: Asked) -> ExotelShown:
    """Get the Exotel account, its secrets masked."""
    return _exotel(asked, await _get(asked, "exotel"))


@contract.put("/telephony/exotel", errors=(409,))
async def connect_exotel(asked: Asked, body: ExotelBody) -> ExotelShown:
    """Connect Exotel, in the place of the account that was connected. Running campaigns keep the one they have."""
    async with asked.begin() as work:
        present = await work.integrations.get("exotel")
        if present is not None and present.settings["account_sid"] != body.account_sid:
            await _must_not_run(work)
    kept = await _put(asked, "exotel", IntegrationKind.TELEPHONY, body)
    return _exotel(asked, kept)


@contract.delete("/telephony/exotel", errors=(404, 409))
async def disconnect_exotel(asked: Asked) -> None:
    """Disconnect Exotel. Running campaigns must be stopped first."""
    async with asked.begin() as work:
        await _must_not_run(work)
        if not await work.integrations.delete("exotel"):
            raise not_found("Integration")


@contract.post("/telephony/exotel/check", status=200, limit="10/minute", errors=(404, 502))
async def check_exotel(asked: Asked) -> Checked:
    """Ask Exotel whether the credentials are good."""
    return await _check(asked, "exotel")


@contract.get("/voice/{provider}")
async def voice_provider(asked: Asked, provider: str) -> VoiceShown:
    """Get the account with Sarvam, ElevenLabs or OpenAI, its key masked."""
    _must_be_known(provider)
    return VoiceShown(**_fields(asked, provider, await _get(asked, provider), VoiceBody))


@contract.put("/voice/{provider}")
async def connect_voice_provider(asked: Asked, provider: str, body: VoiceBody) -> VoiceShown:
    """Connect Sarvam, ElevenLabs, or OpenAI or a server that speaks its protocol."""
    _must_be_known(provider)
    if body.base_url is not None and provider != "openai":
        raise bad(f"base_url is not a known field of {provider}")
    kept = await _put(asked, provider, IntegrationKind.VOICE, body)
    return VoiceShown(**_fields(asked, provider, kept, VoiceBody))


@contract.delete("/voice/{provider}")
async def disconnect_voice_provider(asked: Asked, provider: str) -> None:
    """Disconnect a voice provider."""
    async with asked.begin() as work:
        if not await work.integrations.delete(_must_be_known(provider)):
            raise not_found("Integration")


@contract.post("/voice/{provider}/check", status=200, limit="10/minute", errors=(502,))
async def check_voice_provider(asked: Asked, provider: str) -> Checked:
    """Ask a voice provider whether the key is good."""
    return await _check(asked, _must_be_known(provider))


def _must_be_known(provider: str) -> str:
    if provider not in VOICE:
        raise not_found("Provider")
    return provider


async def _providers(asked: Asked, names: Mapping[str, str]) -> ProvidersPage:
    async with asked.read() as work:
        known = {kept.provider: kept for kept in await work.integrations.every()}
    shown = [
        ProviderShown(
            provider=provider,
            name=name,
            is_connected=provider in known,
            connected_at=known[provider].connected_at if provider in known else None,
            account_schema=SCHEMAS[provider],
        )
        for provider, name in names.items()
    ]
    return ProvidersPage(providers=shown, total=len(shown))


async def _get(asked: Asked, provider: str) -> Integration | None:
    async with asked.read() as work:
        return await work.integrations.get(provider)


async def _put(asked: Asked, provider: str, kind: IntegrationKind, body: Body) -> Integration:
    given = body.model_dump(exclude_none=True)
    seal = asked.services.seal
    secrets: dict[str, str] = {
        name: seal.seal(given.pop(name), organisation=asked.organisation, name=integration_secret(provider, name))
        for name in ("api_key", "api_token")
        if name in given
    }
    kept = Integration(asked.organisation, provider, kind, asked.now, asked.now, settings=given, secrets=secrets)
    async with asked.begin() as work:
        await work.integrations.put(kept)
    return kept


async def _check(asked: Asked, provider: str) -> Checked:
    kept = await _get(asked, provider)
    if kept is None:
        raise not_found("Integration")
    credentials = {**kept.settings, **_secrets(asked, kept)}
    trouble = await trouble_with(provider, credentials, asked.services.http, asked.services.places)
    async with asked.begin() as work:
        await work.integrations.checked(kept, at=asked.now, trouble=trouble)
    return Checked(provider=provider, ok=trouble is None, detail=trouble, checked_at=asked.now)


async def _must_not_run(work: UnitOfWork) -> None:
    """What became of calls is asked of the account that placed them. Raises RefusedError."""
    if await work.flows.dialling():
        raise conflict("Running campaigns must be stopped first")
    if await work.attempts.in_flight():
        raise conflict("Calls are going on: they must have ended first")


def _secrets(asked: Asked, kept: Integration) -> dict[str, str]:
    return {
        name: asked.services.seal.open(
            sealed, organisation=kept.organisation_id, name=integration_secret(kept.provider, name)
        )
        for name, sealed in kept.secrets.items()
    }


def _exotel(asked: Asked, kept: Integration | None) -> ExotelShown:
    urls = FlowUrls.of(asked.services.public_url, asked.services.seal)
    return ExotelShown(
        **_fields(asked, "exotel", kept, ExotelBody),
        passthru_url=urls.passthru(asked.organisation),
        connect_url=urls.connect(asked.organisation),
    )


def _fields(asked: Asked, provider: str, kept: Integration | None, body: type[Body]) -> dict[str, Any]:
    """As `ExotelShown` and `VoiceShown` want them."""
    nothing = dict.fromkeys((*body.model_fields, "connected_at", "checked_at", "trouble"))
    if kept is None:
        return {**nothing, "provider": provider, "is_connected": False}
    return {
        **nothing,
        **kept.settings,
        **{name: masked(secret) for name, secret in _secrets(asked, kept).items()},
        "provider": provider,
        "is_connected": True,
        "connected_at": kept.connected_at,
        "checked_at": kept.checked_at,
        "trouble": kept.trouble,
    }
