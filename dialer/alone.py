"""What is wrong with one campaign holds up no other."""

from __future__ import annotations

import logging
from collections.abc import Awaitable

from storage.database import DatabaseUnavailableError

_log = logging.getLogger(__name__)


async def alone(work: Awaitable[int], flow_id: str) -> int:
    """What the work comes to; 0 if it failed. Raises DatabaseUnavailableError, which concerns all."""
    try:
        return await work
    except DatabaseUnavailableError:
        raise
    except Exception:  # noqa: BLE001 - a bug, or data that no rule foresaw: the others go on
        _log.exception("a campaign could not be served", extra={"flow": flow_id})
        return 0
