"""Which call that the dialer placed it is that has come to us: the carrier hands our reference back, or its own id."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from pipeline.transport import Incoming
from storage.database import Database
from storage.dialing import Attempt

AT_MOST = timedelta(seconds=60)
"""From a decision to the socket of a call whose acceptance has not been written yet."""
REFERENCE, TOKEN = "call", "token"
"""Of the custom parameters: ours, and no variables of the person who is called."""


async def placed(database: Database, incoming: Incoming) -> Attempt | None:
    """None: it was not placed by us, or it is over. The numbers are E.164."""
    reference = incoming.custom.get(REFERENCE)
    async with database.read() as work:
        if reference:
            attempt = await work.attempts.get(reference)
            if attempt is None or not _is_shown(incoming.custom.get(TOKEN, ""), attempt):
                return None
        else:
            numbers = incoming.from_number, incoming.to_number
            attempt = await work.attempts.on_the_line(incoming.carrier_call, numbers, since=datetime.now(UTC) - AT_MOST)
    return attempt if attempt is not None and attempt.ended_at is None else None


def variables(custom: Mapping[str, str]) -> Mapping[str, str]:
    return {name: value for name, value in custom.items() if name not in (REFERENCE, TOKEN)}


def _is_shown(token: str, attempt: Attempt) -> bool:
    return hmac.compare_digest(hashlib.sha256(token.encode()).hexdigest(), attempt.token)
