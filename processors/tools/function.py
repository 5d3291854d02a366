"""A tool that is done by a server of the user's own, in the words in which Vapi asks such servers."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import orjson

from processors.ports import Tool
from processors.tools.extraction import extracted
from processors.tools.options import FunctionTool
from processors.tools.requests import Outside, Reply, Request, RequestError, told
from processors.tools.templates import UnsafeAddressError, address
from processors.tools.toolbox import Done, Speak

_log = logging.getLogger(__name__)


class FunctionDeed:
    def __init__(
        self, plan: FunctionTool, outside: Outside, variables: dict[str, Any], call: Mapping[str, Any]
    ) -> None:
        """`call` is what the server is told of the call; `variables` as of an `HttpDeed`."""
        self._plan, self._outside, self._variables, self._call = plan, outside, variables, call
        self._passing_on: set[asyncio.Task[None]] = set()
        self.tool = Tool(plan.name, plan.description, plan.parameters)

    async def do(self, arguments: Mapping[str, Any], speak: Speak) -> Done:
        plan, id_ = self._plan, f"call_{uuid4().hex}"
        try:
            url = address(plan.url, self._variables)
            request = Request("POST", url, plan.headers, plan.timeout_seconds, self._told(id_, arguments))
            if not plan.waits:
                self._pass_on(request)
                return Done("It is passed on.")
            reply = await self._outside.asked(request, plan.retries)
            answer = _result(reply, id_)
            self._variables.update(await extracted(plan.extract, Reply(reply.status, reply.kind, answer, {})))
        except (RequestError, UnsafeAddressError) as error:
            return Done(f"The tool {plan.name} failed: {told(error)}.", ok=False)
        return Done(answer or "It is done.")

    def _pass_on(self, request: Request) -> None:
        """Beside the call, which it may outlive."""
        task = asyncio.create_task(self._asked(request))
        self._passing_on.add(task)
        task.add_done_callback(self._passing_on.discard)

    async def _asked(self, request: Request) -> None:
        try:
            await self._outside.asked(request, self._plan.retries)
        except RequestError as error:
            _log.warning("a tool's server could not be told", extra={"call": self._call.get("id"), "error": str(error)})

    def _told(self, id_: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        call = {
            "id": id_,
            "type": "function",
            "name": self._plan.name,
            "arguments": dict(arguments),
            "function": {"name": self._plan.name, "arguments": dict(arguments)},
        }
        told = {"type": "tool-calls", "timestamp": round(time.time() * 1000), "call": dict(self._call)}
        return {"message": {**told, "toolCallList": [call]}}


def _result(reply: Reply, id_: str) -> str:
    """Raises RequestError."""
    answer = reply.json()
    results = answer.get("results") if isinstance(answer, Mapping) else None
    for result in results if isinstance(results, list) else ():
        if isinstance(result, Mapping) and result.get("toolCallId") == id_:
            if result.get("error") is not None:
                raise RequestError("it answered with an error", says=str(result["error"]))
            given = result.get("result", "")
            return given if isinstance(given, str) else orjson.dumps(given).decode()
    raise RequestError("it answered no result of this call")
