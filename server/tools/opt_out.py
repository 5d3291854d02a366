"""Whoever says "do not call me again" is entered across the organisation, is told so only then, and the call ends."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from dialer.opt_out import REASON, opt_out
from processors.ports import Tool
from processors.tools.toolbox import OPT_OUT, Done, Speak
from server.tools.opt_out_lines import confirmation
from storage.database import Database, DatabaseUnavailableError, to_the_end

_log = logging.getLogger(__name__)

ANSWER = "The number is blocked. Say goodbye, and end the call with the reason do_not_call."
LATER = "It is entered as soon as the books can be written. Say so, and end the call with the reason do_not_call."
TOOL = Tool(
    OPT_OUT,
    "Sees to it that this person is never called again, tells them so, and ends the call. Use it when they ask not to "
    "be called again, in whatever words. Say nothing more yourself.",
    {
        "type": "object",
        "properties": {"told": {"type": "boolean", "description": "true if you have told them already"}},
    },
)


class OptOutDeed:
    tool = TOOL

    def __init__(self, database: Database, organisation: str, call: str, language: str, asked: asyncio.Event) -> None:
        """`asked` is set first: whatever becomes of the call, its end sees to what could not be entered here."""
        self._database, self._organisation, self._call, self._language = database, organisation, call, language
        self._asked = asked

    async def do(self, arguments: Mapping[str, Any], speak: Speak) -> Done:
        self._asked.set()
        try:
            await to_the_end(enter(self._database, self._organisation, self._call))
        except DatabaseUnavailableError as away:
            _log.warning("an opt-out waits for the database", extra={"call": self._call, "error": str(away)})
            return Done(LATER, ok=False, hangup=REASON)
        except (SQLAlchemyError, OSError):
            _log.exception("an opt-out waits for the end of its call", extra={"call": self._call})
            return Done(LATER, ok=False, hangup=REASON)
        _log.info("somebody opted out in a call", extra={"call": self._call})
        return Done(ANSWER, say="" if arguments.get("told") is True else confirmation(self._language), hangup=REASON)


async def enter(database: Database, organisation: str, call: str) -> None:
    """In one unit of work. May be done again. Raises DatabaseUnavailableError."""
    async with database.begin(organisation) as work:
        row = await work.calls.get(call)
        if row is not None:
            await opt_out(work, row, now=datetime.now(UTC))
