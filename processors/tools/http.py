"""A tool that is one request: the model's arguments go out, and the answer comes back to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from processors.ports import Tool
from processors.tools.extraction import extracted
from processors.tools.options import HttpTool
from processors.tools.requests import Outside, Request, RequestError, told
from processors.tools.templates import UnsafeAddressError, address, rendered
from processors.tools.toolbox import Done, Speak

BODILESS = frozenset({"GET", "DELETE"})
"""Methods whose arguments stand in the address."""


class HttpDeed:
    def __init__(self, plan: HttpTool, outside: Outside, variables: dict[str, Any]) -> None:
        """`variables` are the call's: what is found in the answer is added."""
        self._plan, self._outside, self._variables = plan, outside, variables
        self.tool = Tool(plan.name, plan.description, plan.parameters)

    async def do(self, arguments: Mapping[str, Any], speak: Speak) -> Done:
        try:
            reply = await self._outside.asked(self._request(arguments), self._plan.retries)
            self._variables.update(await extracted(self._plan.extract, reply))
        except (RequestError, UnsafeAddressError) as error:
            return Done(f"The tool {self._plan.name} failed: {told(error)}.", ok=False)
        return Done(reply.text or "It is done.")

    def _request(self, arguments: Mapping[str, Any]) -> Request:
        plan = self._plan
        properties = plan.parameters.get("properties")
        declared = properties if isinstance(properties, Mapping) else {}  # what else a model makes up fills no place
        known = {**self._variables, **{name: value for name, value in arguments.items() if name in declared}}
        sent = {**arguments, **rendered(plan.fixed, known)}
        url = address(plan.url, known)
        if plan.method in BODILESS:
            query = {name: _text(value) for name, value in sent.items() if f"{{{{{name}}}}}" not in _tight(plan.url)}
            return Request(plan.method, url, plan.headers, plan.timeout_seconds, query=query)
        return Request(plan.method, url, plan.headers, plan.timeout_seconds, sent)


def _tight(template: str) -> str:
    return template.replace(" ", "")


def _text(value: Any) -> str:
    """Raises RequestError."""
    try:
        return value if isinstance(value, str) else orjson.dumps(value, default=str).decode()
    except TypeError:  # a number beyond 64 bits, or nested too deeply
        raise RequestError("its arguments cannot be sent") from None
