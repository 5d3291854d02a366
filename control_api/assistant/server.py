"""A server of the user's own that is asked or told something."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from control_api.assistant.wire import Secret, Wire

RequestSeconds = Annotated[float, Field(ge=1, le=300)]
"""How long one request may take; 20 unless said."""


class BackoffPlan(Wire):
    """When a request that failed is sent again: never, unless this is given."""

    type: Literal["fixed", "exponential"] | None = None
    max_retries: float | None = Field(None, ge=0, le=10)
    base_delay_seconds: float | None = Field(None, ge=0, le=10)
    excluded_status_codes: list[int] | None = None


class Server(Wire):
    timeout_seconds: RequestSeconds | None = None
    credential_id: str | None = None
    static_ip_addresses_enabled: bool | None = None
    encrypted_paths: list[str] | None = None
    url: str | None = None
    headers: Annotated[dict[str, Any] | None, Secret()] = None
    backoff_plan: BackoffPlan | None = None
