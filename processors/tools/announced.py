"""A tool that the caller is told of while it is at work."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

from processors.tools.options import Condition, Message
from processors.tools.toolbox import Deed, Done, Speak
from processors.variables import render

CHARACTERS_A_SECOND = 15
"""How fast voices speak, about: for how long a tool waits that is to begin after its first message."""
COMPARED: Mapping[str, Callable[[Any, Any], bool]] = {
    "eq": lambda one, other: bool(one == other),
    "neq": lambda one, other: bool(one != other),
    "gt": lambda one, other: bool(one > other),
    "gte": lambda one, other: bool(one >= other),
    "lt": lambda one, other: bool(one < other),
    "lte": lambda one, other: bool(one <= other),
}
GOODBYE = "goodbye"


class Announced:
    """Of several messages of one kind the first is said whose conditions hold."""

    def __init__(
        self,
        deed: Deed,
        messages: tuple[Message, ...],
        variables: Mapping[str, Any],
        language: str,
        wait: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._deed, self._messages, self._variables, self._language = deed, messages, variables, language
        self._wait = wait
        self.tool = deed.tool

    async def do(self, arguments: Mapping[str, Any], speak: Speak) -> Done:
        first = self._message("start", arguments)
        if first is not None:
            text = self._text(first, arguments)
            speak(text)
            if first.waits:
                await self._wait(len(text) / CHARACTERS_A_SECOND)
        async with asyncio.TaskGroup() as tasks:
            late = tasks.create_task(self._comfort(arguments, speak))
            done = await self._deed.do(arguments, speak)
            late.cancel()
        last = self._message("complete" if done.ok else "failed", arguments)
        if last is None or done.say:
            return done
        text = self._text(last, arguments).strip()
        if last.for_model:
            return replace(done, answer=f"{done.answer}\n\n{text}")
        return replace(done, say=text, hangup=GOODBYE if last.ends_call else done.hangup)

    async def _comfort(self, arguments: Mapping[str, Any], speak: Speak) -> None:
        """The delayed messages, each at its time."""
        passed = 0.0
        delayed = (one for one in self._messages if one.when == "delayed" and _holds(one.conditions, arguments))
        for message in sorted(delayed, key=lambda one: one.after_ms):
            await self._wait(message.after_ms / 1000 - passed)
            passed = message.after_ms / 1000
            speak(self._text(message, arguments))

    def _message(self, when: str, arguments: Mapping[str, Any]) -> Message | None:
        fits = (one for one in self._messages if one.when == when and _holds(one.conditions, arguments))
        return next(fits, None)

    def _text(self, message: Message, arguments: Mapping[str, Any]) -> str:
        spoken = self._language.partition("-")[0].lower()
        by_language = {language.partition("-")[0].lower(): text for language, text in message.texts.items()}
        text = by_language.get(spoken) or message.text or next(iter(message.texts.values()), "")
        return f"{render(text, {**self._variables, **arguments}).strip()} "


def _holds(conditions: tuple[Condition, ...], arguments: Mapping[str, Any]) -> bool:
    return all(_is_met(one, arguments.get(one.argument)) for one in conditions)


def _is_met(condition: Condition, given: Any) -> bool:
    try:
        return COMPARED[condition.operator](given, condition.value)
    except TypeError:  # a text is neither above nor below a number
        return False
