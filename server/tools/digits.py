"""Keys that an agent presses, as for a menu that it has reached."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pipeline.frames import Frame, SendDigits
from processors.ports import Tool
from processors.tools.options import DigitsTool
from processors.tools.toolbox import Done, Speak

KEYS = {"type": "string", "pattern": "^[0-9*#A-Dw]{1,32}$", "description": "0-9, *, #, A-D; w waits for half a second"}
_TOLD = "Presses keys of the phone, as a menu asks for. Say nothing with it: what is being said would be cut."


class DigitsDeed:
    def __init__(self, plan: DigitsTool, command: Callable[[Frame], None]) -> None:
        """`command` is of the call."""
        self._command = command
        schema = {"type": "object", "properties": {"keys": KEYS}, "required": ["keys"]}
        self.tool = Tool(plan.name, plan.description or _TOLD, schema)

    async def do(self, arguments: Mapping[str, Any], speak: Speak) -> Done:
        self._command(SendDigits(arguments["keys"]))
        return Done("The keys are pressed. Wait for what is said next.")
