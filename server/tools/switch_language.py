"""The agent goes over to another language of its own accord: somebody asked for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pipeline.frames import Frame, LanguageSwitched
from processors.language_codes import name
from processors.ports import Tool
from processors.tools.toolbox import Done, Speak

SWITCH = "switch_language"
_TOLD = (
    "Changes the language of the call, when the caller asks for another one or speaks it. "
    "Use it before you say anything in that language."
)


class SwitchDeed:
    def __init__(self, languages: Sequence[str], command: Callable[[Frame], None]) -> None:
        """`languages` are the call's and those that it may go over to; `command` is of the call."""
        self._command = command
        named = ", ".join(f"{code}: {name(code)}" for code in languages)
        language = {"type": "string", "enum": list(languages), "description": named}
        self.tool = Tool(
            SWITCH, _TOLD, {"type": "object", "properties": {"language": language}, "required": ["language"]}
        )

    async def do(self, arguments: Mapping[str, Any], speak: Speak) -> Done:
        language = arguments["language"]
        self._command(LanguageSwitched(language, by_model=True))
        return Done(f"The call is in {name(language)} now. Speak {name(language)} from here on.")
