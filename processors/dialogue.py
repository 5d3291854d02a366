"""UserTurn → ReplyText; keeps the chat, and keeps it to what the caller has heard."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import replace

from pipeline.frames import (
    FRAME_SECONDS,
    AudioIn,
    Failure,
    Frame,
    Hangup,
    Heard,
    Interrupt,
    Mute,
    Note,
    Pause,
    Played,
    ReplyDone,
    ReplyText,
    Resume,
    Say,
    TransferAsked,
    UserTurn,
)
from pipeline.processor import Processor
from pipeline.tasks import TaskSlot
from processors.fallback import AllFailedError
from processors.farewell import FAREWELL_SECONDS, Farewell
from processors.lines import Lines
from processors.phrases import ends_sentence
from processors.ports import LanguageModel, Message, ProviderError, Tool, ToolCall

END_REASONS = ("goodbye", "do_not_call", "wrong_number", "hostile_caller", "voicemail")
"""Why a model may end a call: a short list, since the reason is logged and counted, and a model's own words are not."""
END_CALL = Tool(
    "end_call",
    "Hangs up once what you have said was heard. Use it after a goodbye.",
    {"type": "object", "properties": {"reason": {"type": "string", "enum": list(END_REASONS)}}},
)
TRANSFER = "transfer_call"
LONGEST_BRIEF = 280
"""Characters that a human agent is told before a call is theirs."""
PATIENCE = 2
"""Turns in a row that the model could not answer, after which the call is ended. Of several models one is enough: each
had its chance."""
FATAL = frozenset({401, 403})
"""Answers that the same key gets again."""
QUIET_SECONDS = 1.0
"""After so long without a sound of the bot's nobody waits for the end of its sentence: the news of that was faster."""
NOTE = "A note from your supervisor, which the caller does not hear: {}"


def transfer_call(queues: Sequence[str]) -> Tool:
    """Hands the call to a human agent. The caller hears a sentence of ours, so that the model need not say one."""
    target = {"type": "string", "enum": list(queues), "description": "the queue of human agents"}
    brief = {"type": "string", "maxLength": LONGEST_BRIEF, "description": "what the human agent must know, briefly"}
    return Tool(
        TRANSFER,
        "Hands the caller over to a human agent. The caller is told by itself: say nothing more.",
        {"type": "object", "properties": {"target": target, "brief": brief}, "required": ["target", "brief"]},
    )


class Dialogue(Processor):
    """Asks the language model at every turn, and passes on what it says while it says it.

    In the chat stands what was heard of each reply, from `Played`; a reply that nobody heard leaves no trace, and the
    turn that it was to answer is joined with the next.
    """

    def __init__(
        self,
        llm: LanguageModel,
        *,
        prompt: str = "",
        greeting: str = "",
        lines: Lines,
        max_seconds: float = 3600.0,
        queues: Sequence[str] = (),
        chat: Sequence[Message] = (),
    ) -> None:
        """Without a greeting the caller speaks first.

        `queues` are of human agents, to whom the model may hand the call; `chat` is what was said in it before.
        """
        self._llm = llm
        self._greeting, self._lines = greeting, lines
        self._max_seconds = max_seconds
        self._tools = (END_CALL, transfer_call(queues)) if queues else (END_CALL,)
        self._chat = [*([Message("system", prompt)] if prompt else []), *chat]
        self._replies = self._failures = 0
        self._in_chat: dict[int, int] = {}
        self._now = -1.0
        self._farewell: Farewell | None = None
        self._overtime = False
        self._muted = False
        self._heard, self._heard_at = 0, float("-inf")
        self._over: set[int] = set()
        """Replies of which no more news comes, though the last sound of one that was cut may still go by."""
        self._dictated = 0
        """The reply that somebody outside has put into the bot's mouth, until it was heard."""
        self._dictation: deque[Say] = deque()
        """Waits for the end of what is being said."""

    @property
    def chat(self) -> Sequence[Message]:
        return self._chat

    def start(self) -> None:
        self._answering = TaskSlot(self.tasks)

    def process(self, frame: Frame) -> None:
        if self._leaving and isinstance(frame, Pause | Resume | Interrupt):
            return
        self.emit(frame)
        match frame:
            case AudioIn():
                self._tick(frame.at)
            case Heard():
                self._heard, self._heard_at = frame.reply, self._now
                if self._farewell is not None and frame.reply == self._farewell.reply:
                    self._farewell.until = self._now + FAREWELL_SECONDS
            case Interrupt():
                self._dictated = 0
                self._answering.cancel()
                if self._farewell is not None and not self._farewell.final:
                    self._farewell = None
            case UserTurn():
                self._turn(frame.text)
            case Played():
                self._played(frame)
            case Say() if frame.hangup or not self._leaving:
                self._dictate(frame)
            case Note():
                self._note(frame)
            case Mute(on) if on != self._muted:
                self._mute(on)
            case Failure(stage="stt", fatal=True):
                self._instead(self._lines.deaf, "stt_failed")

    @property
    def _leaving(self) -> bool:
        """The last words are being said."""
        return self._farewell is not None and self._farewell.final

    def _tick(self, at: float) -> None:
        if self._now < 0 and self._greeting and not self._muted:
            self._say(self._greeting)
        self._now = at
        if self._dictation and not self._dictated and at - self._heard_at >= QUIET_SECONDS:
            self._say_dictated()
        if self._farewell is not None:
            if at >= self._farewell.until:
                self.emit(self._farewell.last)
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

    def _instead(self, text: str, hangup: str) -> int:
        """A sentence of ours, whatever was going on; returns its number."""
        self._answering.cancel()
        self._cut()
        reply = self._say(text)
        until = self._now + FAREWELL_SECONDS
        self._farewell = Farewell(reply, hangup, until, final=True) if hangup else None
        return reply

    def _cut(self) -> None:
        """Not the caller wants it."""
        self._dictated = 0
        self.emit(Interrupt(self._now, ours=True))

    def _dictate(self, say: Say) -> None:
        if not say.after_sentence:  # what waits is dropped, but for what is to end the call after it
            self._dictation = deque([say, *(one for one in self._dictation if one.hangup and not say.hangup)])
            self._say_dictated()
            return
        self._dictation.append(say)
        audible = self._heard_at >= self._now - FRAME_SECONDS
        if not self._dictated and (not audible or self._heard in self._over):
            self._say_dictated()

    def _say_dictated(self) -> None:
        say = self._dictation.popleft()
        self._dictated = self._instead(say.text, say.hangup)
        if self._farewell is not None:
            self._farewell.transfer_to = say.transfer_to

    def _note(self, note: Note) -> None:
        self._chat.append(Message("system", NOTE.format(note.text)))
        if note.answer and not self._muted and not self._leaving:
            self._farewell = None
            self._cut()
            self._answering.start(self._answer())

    def _mute(self, on: bool) -> None:
        self._muted = on
        if self._leaving:
            return
        if on and self._dictation:
            self._say_dictated()
        elif on:
            self._answering.cancel()
            self._farewell = None
            self._cut()
        elif self._is_asked:
            self._answering.start(self._answer())

    @property
    def _is_asked(self) -> bool:
        """The caller has said something since the bot has."""
        spoken = (message.role for message in reversed(self._chat) if message.role != "system")
        return next(spoken, "") == "user"

    def _turn(self, text: str) -> None:
        if self._chat and self._chat[-1].role == "user":
            text = f"{self._chat.pop().text} {text}"
        self._chat.append(Message("user", text))
        if self._answering.cancel():  # nobody has interrupted it, yet its rest will not come: drop its beginning too
            self._dictated = 0
            self.emit(Interrupt(self._now))
        if self._dictation:
            self._say_dictated()
        elif not self._muted and not self._leaving:
            self._answering.start(self._answer())

    async def _answer(self) -> None:
        self._replies += 1
        reply = self._replies
        said, failed, ending = False, False, ""
        wanted: TransferAsked | None = None
        try:
            async with aclosing(self._llm.reply(tuple(self._chat), self._tools)) as pieces:
                async for piece in pieces:
                    if isinstance(piece, ToolCall):
                        if piece.name == END_CALL.name:
                            reason = piece.arguments.get("reason")
                            ending = reason if reason in END_REASONS else "assistant_ended_call"
                        elif piece.name == TRANSFER:
                            target, brief = (str(piece.arguments.get(name, "")) for name in ("target", "brief"))
                            wanted = TransferAsked(target, brief[:LONGEST_BRIEF])
                    elif piece:
                        said = True
                        self.emit(ReplyText(piece, reply))
            self._failures = 0
        except ProviderError as error:
            said = True
            self._failures += 1
            failed = self._failures >= PATIENCE or error.status in FATAL or isinstance(error, AllFailedError)
            self.emit(Failure("llm", str(error), failed))
            ending = "llm_failed" if failed else ending
            self.emit(ReplyText(self._lines.unable if failed else self._lines.apology, reply))
        if self._dictation or (wanted is not None and not failed):
            ending = ""  # there is more to come than the model's goodbye
        if ending and not said:
            self.emit(Hangup(ending))
        elif ending:
            self._farewell = Farewell(reply, ending, self._now + FAREWELL_SECONDS, final=failed)
        self.emit(ReplyDone(reply))
        if wanted is not None and not failed:
            self.emit(wanted)

    def _played(self, played: Played) -> None:
        if played.over:
            self._over.add(played.reply)
        if played.reply > 0 and played.text:
            if played.reply in self._in_chat:
                place = self._in_chat[played.reply]
                self._chat[place] = replace(self._chat[place], text=played.text)
            else:
                self._in_chat[played.reply] = len(self._chat)
                self._chat.append(Message("assistant", played.text))
        if self._dictation and not self._leaving and self._makes_room(played):
            self._say_dictated()
        elif played.complete and self._farewell is not None and played.reply == self._farewell.reply:
            self.emit(self._farewell.last)
        elif played.over and played.reply == self._dictated:
            self._dictated = 0

    def _makes_room(self, played: Played) -> bool:
        """What somebody dictates may follow. What was dictated itself is said to its end."""
        if self._dictated:
            return played.over and played.reply == self._dictated
        return played.over or ends_sentence(played.text)
