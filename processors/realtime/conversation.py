"""What the service knows of the call, beside what our chat says was heard in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import uuid4

import orjson

from processors.phrases import plain
from processors.ports import Message, ToolCall

ROOT = "root"
"""In place of an id: before everything."""
CONTENT = {"system": "input_text", "user": "input_text", "assistant": "output_text"}
DONE = "Done."
"""What is answered to a call that the chat says no more of: a goodbye, a transfer."""


@dataclass(slots=True)
class Line:
    """A message that the service has."""

    id: str
    role: Literal["system", "user", "assistant"]
    text: str | None = field(default="", repr=False)
    """None: sound of the caller's that has not been understood yet."""


class Conversation:
    """The lines of one connection, in the service's order.

    What it heard and said itself stands there already; what else the chat has is told it, each at its place.
    """

    def __init__(self) -> None:
        self._lines: list[Line] = []
        self._calls: set[str] = set()
        self._answered: set[str] = set()

    def add(self, line: Line) -> Line:
        self._lines.append(line)
        return line

    def understood(self, item: str, text: str) -> None:
        """What the caller said in a stretch of speech."""
        for line in self._lines:
            if line.id == item and line.text is None:
                line.text = text

    def forget(self, item: str) -> bool:
        """False if it is not there."""
        before = len(self._lines)
        self._lines = [line for line in self._lines if line.id != item]
        return len(self._lines) < before

    def wanted(self, call: str) -> None:
        """The service has asked for something to be done."""
        self._calls.add(call)

    def unwanted(self, call: str) -> None:
        self._calls.discard(call)

    def missing(self, chat: Sequence[Message]) -> Iterator[dict[str, Any]]:
        """Items to create, each after the one that it names. From then on the service has them."""
        used: set[str] = set()
        previous = ROOT
        for message in chat:
            if message.role == "tool":
                yield from self._answer(message.answers, message.text)
                continue
            left = plain(message.text)
            for line in self._lines:
                if left and line.role == message.role and line.id not in used:
                    rest = _without(left, line)
                    if rest is not None:
                        left = rest
                        previous = line.id
                        used.add(line.id)
            if left:
                text = message.text if left == plain(message.text) else left
                line = Line(f"item_{uuid4().hex[:24]}", message.role, text)
                content = [{"type": CONTENT[message.role], "text": text}]
                yield _created({"type": "message", "role": message.role, "content": content, "id": line.id}, previous)
                place = next((n for n, each in enumerate(self._lines, 1) if each.id == previous), 0)
                self._lines.insert(place, line)
                used.add(line.id)
                previous = line.id
            for call in message.calls:
                yield from self._call(call)
        for open_call in sorted(self._calls - self._answered):
            yield from self._answer(open_call, DONE)

    def _call(self, call: ToolCall) -> Iterator[dict[str, Any]]:
        if call.id not in self._calls:
            self._calls.add(call.id)
            arguments = orjson.dumps(dict(call.arguments)).decode()
            yield _created({"type": "function_call", "call_id": call.id, "name": call.name, "arguments": arguments})

    def _answer(self, call: str, text: str) -> Iterator[dict[str, Any]]:
        if call not in self._answered:
            self._answered.add(call)
            yield _created({"type": "function_call_output", "call_id": call, "output": text})


def _created(item: Mapping[str, Any], previous: str = "") -> dict[str, Any]:
    event = {"type": "conversation.item.create", "item": item}
    return {**event, "previous_item_id": previous} if previous else event


def _without(text: str, line: Line) -> str | None:
    """What of the text the line does not say; None if it says nothing of it."""
    if line.text is None:  # it is what the caller was only partly understood to say
        line.text = text
        return ""
    said = plain(line.text)
    if not said:
        return None
    if line.role == "assistant":  # of which less may have been heard
        if f"{said} ".startswith(f"{text} "):
            return ""
        return text[len(said) :].strip() if text.startswith(f"{said} ") else None
    if line.role == "system":
        return "" if said == text else None
    before, found, after = f" {text} ".partition(f" {said} ")
    return f"{before.strip()} {after.strip()}".strip() if found else None
