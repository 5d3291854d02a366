"""UserTurn → ReplyText; keeps the chat, and keeps it to what the caller has heard."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace

from pipeline.frames import (
    AudioIn,
    Failure,
    Frame,
    Hangup,
    Heard,
    Interrupt,
    Played,
    ReplyDone,
    ReplyText,
    Say,
    UserTurn,
)
from pipeline.processor import Processor
from pipeline.tasks import TaskSlot
from processors.lines import Lines
from processors.ports import LanguageModel, Message, ProviderError, Tool, ToolCall

END_REASONS = ("goodbye", "do_not_call", "wrong_number", "hostile_caller", "voicemail")
"""Why a model may end a call: a short list, since the reason is logged and counted, and a model's own words are not."""
END_CALL = Tool(
    "end_call",
    "Hangs up once what you have said was heard. Use it after a goodbye.",
    {"type": "object", "properties": {"reason": {"type": "string", "enum": list(END_REASONS)}}},
)
FAREWELL_SECONDS = 15.0
"""After so long without a sound of the farewell the call is ended: a line must not stay open for a lost mark."""


@dataclass(slots=True)
class _Farewell:
    """The reply after which the call ends."""

    reply: int
    reason: str
    until: float
    final: bool = False
    """The caller cannot talk the bot out of it."""


class Dialogue(Processor):
    """Asks the language model at every turn, and passes on what it says while it says it.

    In the chat stands what was heard of each reply, from `Played`; a reply that nobody heard leaves no trace, and the
    turn that it was to answer is joined with the next.
    """

    def __init__(
        self, llm: LanguageModel, *, prompt: str = "", greeting: str = "", lines: Lines, max_seconds: float = 3600.0
    ) -> None:
        """Without a greeting the caller speaks first."""
        self._llm = llm
        self._greeting, self._lines = greeting, lines
        self._max_seconds = max_seconds
        self._chat = [Message("system", prompt)] if prompt else []
        self._replies = 0
        self._in_chat: dict[int, int] = {}
        self._now = -1.0
        self._farewell: _Farewell | None = None
        self._overtime = False

    @property
    def chat(self) -> Sequence[Message]:
        return self._chat

    def start(self) -> None:
        self._answering = TaskSlot(self.tasks)

    def process(self, frame: Frame) -> None:
        self.emit(frame)
        match frame:
            case AudioIn():
                self._tick(frame.at)
            case Heard() if self._farewell is not None:
                if frame.reply == self._farewell.reply:
                    self._farewell.until = self._now + FAREWELL_SECONDS
            case Interrupt():
                self._answering.cancel()
                if self._farewell is not None and not self._farewell.final:
                    self._farewell = None
            case UserTurn():
                self._turn(frame.text)
            case Played():
                self._played(frame)
            case Say():
                self._instead(frame.text, frame.hangup)
            case Failure(stage="stt", fatal=True):
                self._instead(self._lines.deaf, "stt_failed")

    def _tick(self, at: float) -> None:
        if self._now < 0 and self._greeting:
            self._say(self._greeting)
        self._now = at
        if self._farewell is not None:
            if at >= self._farewell.until:
                self.emit(Hangup(self._farewell.reason))
        elif at >= self._max_seconds + FAREWELL_SECONDS:
            self.emit(Hangup("max_duration"))
        elif at >= self._max_seconds and not self._overtime:
            self._overtime = True
            self._instead(self._lines.ending, "max_duration")

    def _say(self, text: str) -> int:
        """A sentence of ours, as a reply of its own; returns its number."""
        self._replies += 1
        reply = self._replies
        self.emit(ReplyText(text, reply))
        self.emit(ReplyDone(reply))
        return reply

    def _instead(self, text: str, hangup: str) -> None:
        """A sentence of ours, whatever was going on."""
        self._answering.cancel()
        self.emit(Interrupt(self._now))
        reply = self._say(text)
        until = self._now + FAREWELL_SECONDS
        self._farewell = _Farewell(reply, hangup, until, final=True) if hangup else None

    def _turn(self, text: str) -> None:
        if self._chat and self._chat[-1].role == "user":
            text = f"{self._chat.pop().text} {text}"
        self._chat.append(Message("user", text))
        if self._answering.cancel():  # nobody has interrupted it, yet its rest will not come: drop its beginning too
            self.emit(Interrupt(self._now))
        self._answering.start(self._answer())

    async def _answer(self) -> None:
        self._replies += 1
        reply = self._replies
        said, ending = False, ""
        try:
            async with aclosing(self._llm.reply(tuple(self._chat), (END_CALL,))) as pieces:
                async for piece in pieces:
                    if isinstance(piece, ToolCall):
                        if piece.name == END_CALL.name:
                            reason = piece.arguments.get("reason")
                            ending = reason if reason in END_REASONS else "assistant_ended_call"
                    elif piece:
                        said = True
                        self.emit(ReplyText(piece, reply))
        except ProviderError as error:
            self.emit(Failure("llm", str(error)))
            said = True
            self.emit(ReplyText(self._lines.apology, reply))
        if ending and not said:
            self.emit(Hangup(ending))
        elif ending:
            self._farewell = _Farewell(reply, ending, self._now + FAREWELL_SECONDS)
        self.emit(ReplyDone(reply))

    def _played(self, played: Played) -> None:
        if played.reply > 0 and played.text:
            if played.reply in self._in_chat:
                place = self._in_chat[played.reply]
                self._chat[place] = replace(self._chat[place], text=played.text)
            else:
                self._in_chat[played.reply] = len(self._chat)
                self._chat.append(Message("assistant", played.text))
        if played.complete and self._farewell is not None and played.reply == self._farewell.reply:
            self.emit(Hangup(self._farewell.reason))
