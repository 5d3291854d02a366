"""What of a tool's answer becomes variables of the call."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from processors.json_schema import UnusableSchemaError, wrong
from processors.tools.options import Extraction
from processors.tools.requests import Reply
from processors.tools.templates import picked


async def extracted(plan: Extraction, reply: Reply) -> dict[str, Any]:
    """Properties that are there and as their schemas say, and aliases that lead somewhere.

    Raises RequestError if something is to be found in an answer that is no JSON.
    """
    if not plan.properties and not plan.aliases:
        return {}
    return await asyncio.to_thread(_found, plan, reply)  # a long answer, and a stranger's schema


def _found(plan: Extraction, reply: Reply) -> dict[str, Any]:
    answer = reply.json()
    known = answer if isinstance(answer, Mapping) else {}
    found = {
        name: known[name] for name, schema in plan.properties.items() if name in known and _fits(known[name], schema)
    }
    aliases = {name: picked(template, answer) for name, template in plan.aliases.items()}
    return {**found, **{name: value for name, value in aliases.items() if value is not None}}


def _fits(value: Any, schema: Any) -> bool:
    if not isinstance(schema, Mapping):
        return True
    try:
        return not wrong(value, schema)
    except UnusableSchemaError:
        return False
