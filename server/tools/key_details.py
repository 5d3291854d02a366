"""What an agent learns in a call, kept at once: the call may break off before anybody reads its transcript."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import orjson

from processors.ports import Tool
from processors.tools.options import NoteTool
from processors.tools.toolbox import Done, Speak
from server.wellformed import wellformed
from storage.database import Database, DatabaseUnavailableError, to_the_end

_log = logging.getLogger(__name__)

NOTES = "notes"
"""Where it stands in `key_details`: no analysis writes there."""
LARGEST_NOTES = 16 << 10
"""Bytes of JSON, of one call."""
LARGEST_NUMBER = 1e15
KEPT = "It is kept."
_TOLD = "Keeps something that was learned in this call, such as a wish or a number. The caller does not hear of it."


def note_tool(plan: NoteTool) -> Tool:
    return Tool(plan.name, plan.description or _TOLD, _schema(plan.keys))


class NoteDeed:
    def __init__(
        self, plan: NoteTool, database: Database, organisation: str, call: str, clean: Callable[[str], str] = str
    ) -> None:
        """A text is kept as `clean` leaves it."""
        self._database, self._organisation, self._call, self._clean = database, organisation, call, clean
        self.tool = note_tool(plan)

    async def do(self, arguments: Mapping[str, Any], speak: Speak) -> Done:
        key, value = wellformed(self._clean(arguments["key"])), _kept(arguments["value"], self._clean)

        def noted(kept: Mapping[str, Any]) -> Mapping[str, Any]:
            before = kept.get(NOTES)
            notes = {**(before if isinstance(before, Mapping) else {}), key: value}
            if len(orjson.dumps(notes)) > LARGEST_NOTES:
                raise _FullError
            return {**kept, NOTES: notes}

        try:
            await to_the_end(self._keep(noted))
        except _FullError:
            return Done(f"It was not kept: the notes of a call have at most {LARGEST_NOTES} bytes.", ok=False)
        except DatabaseUnavailableError as away:
            _log.warning("a note could not be kept", extra={"call": self._call, "error": str(away)})
            return Done("It could not be kept: try it again later in the call.", ok=False)
        return Done(KEPT)

    async def _keep(self, noted: Callable[[Mapping[str, Any]], Mapping[str, Any]]) -> None:
        async with self._database.begin(self._organisation) as work:
            await work.calls.change_details(self._call, noted)


class _FullError(Exception):
    pass


def _kept(value: str | float | bool, clean: Callable[[str], str]) -> str | float | bool:
    """As every database takes it: a number that some cannot write becomes its text."""
    if isinstance(value, str):
        return wellformed(clean(value))
    if isinstance(value, bool) or clean(str(value)) == str(value):
        return value if abs(value) < LARGEST_NUMBER else str(value)
    return clean(str(value))


def _schema(keys: Sequence[str]) -> dict[str, Any]:
    key: dict[str, Any] = {"type": "string", "enum": list(keys)} if keys else {"type": "string", "maxLength": 100}
    value = {"type": ["string", "number", "boolean"], "maxLength": 2000}
    return {"type": "object", "properties": {"key": key, "value": value}, "required": ["key", "value"]}
