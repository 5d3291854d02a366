"""Accounts with carriers and providers as they are given and shown."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, StringConstraints

from control_api.web.shapes import Body, Phone, Shown, Time

Secret = Annotated[
    str,
    StringConstraints(pattern=r"^[!-~]{1,500}$"),
    Field(json_schema_extra={"format": "password", "writeOnly": True}),
]


def _plain_url(url: str) -> str:
    if "@" in url or "?" in url or "#" in url:
        raise ValueError("must have no credentials, query or fragment")
    return url.rstrip("/")


_SID = re.compile("[A-Za-z0-9_-]{1,80}")


def _account_sid(text: str) -> str:
    if not _SID.fullmatch(text):
        raise ValueError("must be 1 to 80 letters, digits, hyphens and underscores, as Exotel shows it")
    return text


class ExotelBody(Body):
    api_key: Secret
    api_token: Secret
    account_sid: Annotated[str, AfterValidator(_account_sid), Field(json_schema_extra={"pattern": f"^{_SID.pattern}$"})]
    subdomain: Literal["api.exotel.com", "api.in.exotel.com"] = "api.exotel.com"
    phone_number: Phone | None = None
    app_id: Annotated[str, StringConstraints(pattern=r"^[0-9]{1,20}$")] | None = Field(
        None, description="of the flow that outgoing calls run through; without one Exotel opens our socket itself"
    )


class KeyBody(Body):
    api_key: Secret


class VoiceBody(KeyBody):
    base_url: Annotated[str, AfterValidator(_plain_url)] | None = Field(
        None, pattern=r"^https?://[!-~]+$", max_length=500, description="of a server that speaks OpenAI's protocol"
    )


class ExotelShown(Shown):
    provider: str
    account_sid: str | None
    api_key: str | None
    api_token: str | None
    subdomain: str | None
    phone_number: str | None
    app_id: str | None
    passthru_url: str = Field(description="for the Passthru applet of a flow that hands calls to human agents")
    connect_url: str = Field(description="for the dynamic URL of its Connect applet")
    is_connected: bool
    connected_at: Time | None
    checked_at: Time | None
    trouble: str | None


class VoiceShown(Shown):
    provider: str
    api_key: str | None
    base_url: str | None
    is_connected: bool
    connected_at: Time | None
    checked_at: Time | None
    trouble: str | None = Field(description="what the provider said to the credentials, if they are not good")


class ProviderShown(Shown):
    provider: str
    name: str
    is_connected: bool
    connected_at: Time | None
    account_schema: dict[str, Any] = Field(description="JSON schema of what connects it; secrets are `writeOnly`")


class ProvidersPage(Shown):
    providers: list[ProviderShown]
    total: int


class AppsQuery(Body):
    category: str = Field("", max_length=40, description="crm, calendar, messaging")


class AppShown(Shown):
    app: str
    category: str
    is_connected: bool


class AppsPage(Shown):
    apps: list[AppShown]
    total: int


class Checked(Shown):
    provider: str
    ok: bool
    detail: str | None
    checked_at: Time
