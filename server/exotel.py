"""Calls by Exotel's streams: where they come in, with the credentials that the settings name."""

from __future__ import annotations

from collections.abc import Callable

from processors.meter import Metrics
from server.settings import Settings
from server.switchboard import Switchboard
from storage.ids import CALL, new_id
from transports.exotel.endpoint import Credentials, ExotelEndpoint


def exotel(
    settings: Settings, switchboard: Switchboard, metrics: Metrics, admit: Callable[[], str | None]
) -> ExotelEndpoint:
    """`admit` says why no call is taken, while none is."""
    given = settings.exotel
    password, token = given.password.get_secret_value(), given.token.get_secret_value()
    return ExotelEndpoint(
        switchboard.answer,
        new_call_id=lambda: new_id(CALL),
        admit=admit,
        credentials=Credentials(given.user, password, token),
        chunk_bytes=given.chunk_bytes,
        lead=given.lead_seconds,
        outbound_shape=given.outbound_shape,
        trouble=lambda kind: metrics.trouble.labels(kind).inc(),
    )
