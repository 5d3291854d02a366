"""Servers of tools that a call's model may use: opened beside the call, which does not wait for them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.frames import Frame
from pipeline.processor import Processor
from processors.tools.announced import Announced
from processors.tools.mcp import McpServer
from processors.tools.options import OWN, McpTool
from processors.tools.requests import Outside, RequestError
from processors.tools.toolbox import Toolbox

_log = logging.getLogger(__name__)

CLOSE_SECONDS = 1.0
"""What the end of a call waits for a server to be told of it."""


class ToolServers(Processor):
    """Passes everything on. What a server offers is in the toolbox as soon as it has said so."""

    def __init__(
        self,
        plans: Sequence[McpTool],
        toolbox: Toolbox,
        outside: Outside,
        variables: Mapping[str, Any],
        *,
        language: str,
        call: str,
    ) -> None:
        self._plans, self._toolbox, self._outside, self._variables = plans, toolbox, outside, variables
        self._language, self._call = language, call

    def start(self) -> None:
        for plan in self._plans:
            self.tasks.create_task(self._serve(plan))

    def process(self, frame: Frame) -> None:
        self.emit(frame)

    async def _serve(self, plan: McpTool) -> None:
        """Until the call is over."""
        try:
            server = McpServer(plan, self._outside, self._variables)
            try:
                for deed in await server.deeds():
                    is_taken = deed.tool.name in OWN or deed.tool.name in self._toolbox
                    known = deed.named(f"{plan.name}_{deed.tool.name}") if is_taken else deed
                    self._toolbox.add([Announced(known, plan.messages, self._variables, self._language)])
                await asyncio.Event().wait()
            finally:
                async with asyncio.timeout(CLOSE_SECONDS):
                    await server.close()
        except RequestError as error:
            told = {"call": self._call, "server": plan.name, "error": str(error)}
            _log.warning("a server of tools could not be opened", extra=told)
        except TimeoutError:
            _log.info("a server of tools was not told of the end of a call", extra={"call": self._call})
