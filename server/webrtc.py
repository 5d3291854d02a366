"""Calls from pages by WebRTC: where they are offered, with the helpers that the settings name."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from processors.meter import Metrics
from server.browser_calls import BrowserCalls
from server.settings import Settings
from transports.webrtc.endpoint import WebRtcEndpoint
from transports.webrtc.ice import IceServers


@asynccontextmanager
async def webrtc(settings: Settings, browsers: BrowserCalls, metrics: Metrics) -> AsyncIterator[WebRtcEndpoint]:
    """On the way out it puts down what is still on a line."""
    given = settings.webrtc
    endpoint = WebRtcEndpoint(
        browsers.admit,
        browsers.whose,
        browsers.answer,
        ice=IceServers(given.stun, given.turn, given.turn_user, given.turn_password.get_secret_value()),
        origins=[origin for origin in settings.browser_origins.split(",") if origin],
        trouble=lambda kind: metrics.trouble.labels(kind).inc(),
    )
    try:
        yield endpoint
    finally:
        await endpoint.close()
