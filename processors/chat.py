"""The chat of a call: what the caller said, what of the bot's replies was heard, and what was done between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from processors.ports import Message


@dataclass(slots=True)
class _Line:
    message: Message
    reply: int = 0
    """The reply that it is part of; 0: none."""


class Chat:
    """A reply that nobody heard leaves no trace but what was done in it.

    The turn that it was to answer is joined with the next.
    """

    def __init__(self, messages: Sequence[Message] = ()) -> None:
        self._lines = [_Line(message) for message in messages]
        self._heard: dict[int, _Line] = {}

    def messages(self, before: int | None = None) -> tuple[Message, ...]:
        """All; or those that are no part of the reply `before`."""
        return tuple(line.message for line in self._lines if before is None or line.reply != before)

    def add(self, message: Message) -> None:
        self._lines.append(_Line(message))

    def turn(self, text: str) -> None:
        """The caller's. What stands unanswered is joined with it."""
        self._lines[self._open :] = [self._turned(text)]

    def supposing(self, text: str) -> tuple[Message, ...]:
        """All, as if that were the caller's turn."""
        lines = (*self._lines[: self._open], self._turned(text))
        return tuple(line.message for line in lines)

    @property
    def _open(self) -> int:
        """Where the next turn stands: in place of one that is unanswered."""
        is_unanswered = bool(self._lines) and self._lines[-1].message.role == "user"
        return len(self._lines) - is_unanswered

    def _turned(self, text: str) -> _Line:
        unanswered = (line.message.text for line in self._lines[self._open :])
        return _Line(Message("user", " ".join((*unanswered, text))))

    def heard(self, reply: int, text: str) -> None:
        """So much of a reply, by now."""
        line = self._heard.get(reply)
        if line is None:
            line = self._heard[reply] = _Line(Message("assistant", text), reply)
            self._lines.append(line)
        else:
            line.message = replace(line.message, text=text)

    def done(self, reply: int, messages: Sequence[Message]) -> None:
        """What a reply has had done, and what came of it. It stands before what was heard of that reply."""
        line = self._heard.get(reply)
        place = len(self._lines) if line is None else self._lines.index(line)
        self._lines[place:place] = [_Line(message, reply) for message in messages]

    @property
    def is_asked(self) -> bool:
        """Something was said to the bot, or done for it, since it has spoken."""
        spoken = (line.message.role for line in reversed(self._lines) if line.message.role != "system")
        return next(spoken, "") in ("user", "tool")
