"""One call's conversation with OpenAI's Realtime service: a connection, and what is being said on it.

The wire: platform.openai.com/docs, "Realtime".
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from itertools import count
from typing import Any

from pipeline.audio import Codec
from pipeline.mailbox import Mailbox
from pipeline.tasks import alongside
from processors.json_socket import JsonSocket
from processors.ports import Message, ProviderError, Tool
from processors.realtime.answer import PROVIDER, Answer, Part
from processors.realtime.conversation import Conversation, Line
from processors.stt.openai import trouble

_BACKLOG = 1000
"""Messages on their way to the service; a long conversation that is told anew has a few hundred."""
_HARMLESS = frozenset({"cancel", "truncate", "delete"})
"""What may come too late: the service says so, and nothing is lost."""
_EXACT = 0.02
"""Seconds by which sound may fall short of its end and still have been heard whole."""


class Session:
    """The reader of the connection tells it what came (`takes`); whoever wants an answer asks for one (`ask`)."""

    def __init__(self, rate: int, codec: Codec, *, connect: float, first: float, between: float) -> None:
        """Seconds that are waited: for a connection, for the beginning of an answer, and for each next piece of it."""
        self.conversation = Conversation()
        self._rate, self._codec = rate, codec
        self._connect, self._first, self._between = connect, first, between
        self._out: Mailbox[Mapping[str, Any]] = Mailbox(_BACKLOG)
        self._connection = 0
        self._events = count(1)
        self._is_ready = False
        self._free = asyncio.Event()
        """There is a connection, and the service makes no answer."""
        self._answer: Answer | None = None
        self._told: tuple[str, tuple[Tool, ...]] | None = None

    @asynccontextmanager
    async def on(self, socket: JsonSocket) -> AsyncIterator[None]:
        """As long as the block lasts this is its connection. It knows nothing of what was said on another."""
        self._connection += 1
        self.conversation, self._out, self._told = Conversation(), Mailbox(_BACKLOG), None
        try:
            async with alongside(_send(self._out, socket)):
                yield
        finally:
            self._is_ready = False
            self._free.clear()
            if self._answer is not None:
                self._answer.is_lost = True
                self._end(self._answer, ProviderError(PROVIDER, "closed the connection"))

    async def ask(self, chat: Sequence[Message], tools: Sequence[Tool]) -> Answer:
        """Tells what the service does not know of the chat, and has it answer. Raises ProviderError."""
        try:
            async with asyncio.timeout(self._connect):
                await self._free.wait()
        except TimeoutError as error:
            raise ProviderError.of(PROVIDER, error) from None
        self._free.clear()
        self._instruct(chat, tools)
        first = next((n for n, message in enumerate(chat) if message.role != "system"), len(chat))
        for item in self.conversation.missing(chat[first:]):
            self._tell("item", item)
        answer = self._answer = Answer(self._rate, self._codec, self._connection)
        self._tell("answer", {"type": "response.create"})
        answer.deadline.within(self._first)
        return answer

    def give_up(self, answer: Answer) -> None:
        """Nobody reads it any more. One that is at its end is left as it is."""
        if answer.over or answer is not self._answer:
            return
        self._tell("cancel", {"type": "response.cancel", **({"response_id": answer.id} if answer.id else {})})
        if not answer.was_read:
            answer.heard = 0.0
        answer.was_given_up = True
        answer.end()

    def was_heard(self, answer: Answer, seconds: float) -> None:
        """No more than that of its sound, and no more will be."""
        if answer.heard is None:
            answer.heard = seconds
            if answer.over:
                self._cut(answer, seconds)

    def listened(self, item: str) -> None:
        """A stretch of the caller's speech is a line of the conversation."""
        self.conversation.add(Line(item, "user", None))

    def understood(self, item: str, text: str) -> None:
        """A noise is not to be answered."""
        if text:
            self.conversation.understood(item, text)
        else:
            self._delete(item)

    def takes(self, message: Mapping[str, Any]) -> bool:
        """False if it is for somebody else. Raises ProviderError for a connection that is of no use."""
        kind = str(message.get("type"))
        if kind == "session.updated" and not self._is_ready:
            self._is_ready = True
            self._free.set()
        elif kind.startswith("response."):
            if self._answer is not None:
                self._answers(self._answer, kind, message)
        elif kind == "error":
            return self._is_harmless(message)
        else:
            return False
        return True

    def _is_harmless(self, message: Mapping[str, Any]) -> bool:
        """To the connection. What befell the answer is told to its reader."""
        error = message.get("error")
        error = error if isinstance(error, Mapping) else {}
        cause = str(error.get("event_id") or "").partition("-")[0]
        if cause in _HARMLESS:
            return True
        if cause not in ("item", "answer"):
            return False
        if self._answer is not None:
            answer = self._answer
            answer.end(trouble(str(error.get("code"))))
            if cause == "answer":  # there will be none
                self._end(answer)
        return True

    def _answers(self, answer: Answer, kind: str, message: Mapping[str, Any]) -> None:
        response = message.get("response")
        response = response if isinstance(response, Mapping) else {}
        named = str(message.get("response_id") or response.get("id") or "")
        if answer.id not in ("", named):
            return
        answer.id = named
        if kind.endswith(".delta"):
            answer.deadline.within(self._between)
        item = message.get("item")
        match kind:
            case "response.output_audio_transcript.delta":
                text = str(message.get("delta") or "")
                line = self._part(answer, message).line
                line.text = (line.text or "") + text
                answer.says(text)
            case "response.output_audio.delta":
                answer.sounds_of(self._part(answer, message), message.get("delta"))
            case "response.output_text.delta":
                text = str(message.get("delta") or "")
                line = self._part(answer, message).line
                line.text = (line.text or "") + text
                answer.writes(text)
            case "response.output_item.done" if isinstance(item, Mapping) and item.get("type") == "function_call":
                self.conversation.wanted(answer.wants(item))
            case "response.done":
                self._end(answer, _failure(response))

    def _part(self, answer: Answer, message: Mapping[str, Any]) -> Part:
        item = str(message.get("item_id"))
        if item not in answer.parts:
            answer.parts[item] = Part(self.conversation.add(Line(item, "assistant")))
        return answer.parts[item]

    def _end(self, answer: Answer, error: ProviderError | None = None) -> None:
        self._answer = None
        answer.end(error)
        answer.over = True
        if answer.was_given_up:
            for call, item in answer.calls.items():  # whoever reads an answer does what it wants at its end
                self.conversation.unwanted(call)
                self._tell("delete", {"type": "conversation.item.delete", "item_id": item})
        if answer.heard is not None:
            self._cut(answer, answer.heard)
        if self._is_ready:
            self._free.set()

    def _cut(self, answer: Answer, heard: float) -> None:
        """The service forgets what nobody has heard."""
        if answer.connection != self._connection:
            return
        for item, part in answer.parts.items():
            if not heard:
                self._delete(item)
            elif heard < part.seconds - _EXACT:
                at = int(heard * 1000)
                shortened = {"type": "conversation.item.truncate", "item_id": item, "content_index": 0}
                self._tell("truncate", {**shortened, "audio_end_ms": at})
            heard = max(heard - part.seconds, 0.0)

    def _delete(self, item: str) -> None:
        if self.conversation.forget(item):
            self._tell("delete", {"type": "conversation.item.delete", "item_id": item})

    def _instruct(self, chat: Sequence[Message], tools: Sequence[Tool]) -> None:
        """What stands before all else in the chat is instructions. They are told again only if they have changed."""
        first: list[str] = []
        for message in chat:
            if message.role != "system":
                break
            first.append(message.text)
        wanted = ("\n\n".join(first), tuple(tools))
        if wanted == self._told:
            return
        self._told = wanted
        given = [
            {"type": "function", "name": tool.name, "description": tool.description, "parameters": tool.parameters}
            for tool in tools
        ]
        session = {"type": "realtime", "instructions": wanted[0], "tools": given}
        self._tell("item", {"type": "session.update", "session": session})

    def _tell(self, purpose: str, event: Mapping[str, Any]) -> None:
        self._out.put({**event, "event_id": f"{purpose}-{next(self._events)}"})


async def _send(out: Mailbox[Mapping[str, Any]], socket: JsonSocket) -> None:
    async for event in out:
        await socket.send(event)


def _failure(response: Mapping[str, Any]) -> ProviderError | None:
    """What a response that is over tells of itself: nothing, unless there is no answer in it."""
    details = response.get("status_details")
    details = details if isinstance(details, Mapping) else {}
    if response.get("status") == "failed":
        error = details.get("error")
        return trouble(str(error.get("code")) if isinstance(error, Mapping) else "")
    if response.get("status") == "incomplete" and details.get("reason") == "content_filter":
        return ProviderError(PROVIDER, "was stopped by its content filter", retriable=False)
    return None
