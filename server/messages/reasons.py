"""Why a call ended, in Vapi's words."""

from __future__ import annotations

from server.overrides.hooks import REASONS

_OURS = {ours: theirs for theirs, each in REASONS.items() for ours in each}


def vapi_reason(reason: str) -> str:
    """Our own word where Vapi has none for it."""
    return _OURS.get(reason, reason)
