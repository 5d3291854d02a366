"""UserTurn → ReplyText; keeps the chat, and keeps it to what the caller has heard."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from pipeline.frames import (
    FRAME_SECONDS,
    AudioIn,
    Failure,
    Frame,
    Hangup,
    Heard,
    Interrupt,
    LanguageSwitched,
    MaybeTurn,
    Mute,
    Note,
    Pause,
    Played,
    ReplyDone,
    ReplyText,
    Resume,
    Say,
    SpeechStarted,
    UserTurn,
)
from pipeline.processor import Processor
from pipeline.tasks import TaskSlot
from processors.answering import Answering
from processors.chat import Chat
from processors.farewell import FAREWELL_SECONDS, Farewell
from processors.language_codes import name
from processors.lines import Lines, lines_for
from processors.phrases import ends_sentence
from processors.ports import LanguageModel, Message
from processors.protected import Protected
from processors.tools.toolbox import Toolbox

QUIET_SECONDS = 1.0
"""After so long without a sound of the bot's nobody waits for the end of its sentence: the news of that was faster."""
NO_TOOLS = Toolbox()
SWITCHED = "The caller speaks {0} now. Speak {0} from here on."
NOTE = "A note from your supervisor, which the caller does not hear: {}"


class Dialogue(Processor):
    """Asks the language model at every turn, and passes on what it says while it says it.

    In the chat stands what was heard of each reply, from `Played`.
    """

    def __init__(
        self,
        llm: LanguageModel,
        *,
        prompt: str = "",
        opening: Say | Note | None = None,
        lines: Lines,
        max_seconds: float = 3600.0,
        queues: Sequence[str] = (),
        chat: Sequence[Message] = (),
        toolbox: Toolbox = NO_TOOLS,
        speculate: bool = False,
    ) -> None:
        """Without an opening the caller speaks first. To speculate is to ask the model before a turn is certain.

        `queues` are of human agents, to whom the model may hand the call; `chat` is what was said in it before.
        """
        self._opening, self._lines = opening, lines
        self._max_seconds = max_seconds
        self._chat = Chat([*([Message("system", prompt)] if prompt else []), *chat])
        self._model = Answering(llm, self._chat, lines, queues, toolbox)
        self._speculate = speculate
        self._replies = 0
        self._now = -1.0
        self._farewell: Farewell | None = None
        self._protected = Protected()
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
        return self._chat.messages()

    def start(self) -> None:
        self._answering = TaskSlot(self.tasks)
        self._model.start(self.emit, self._cut, self.tasks)

    def process(self, frame: Frame) -> None:
        if self._leaving and isinstance(frame, Pause | Resume | Interrupt):
            return
        if self._protected.holds(frame):
            return
        self.emit(frame)
        match frame:
            case AudioIn():
                self._tick(frame.at)
            case Heard():
                self._heard, self._heard_at = frame.reply, self._now
                self._protected.hear(frame, self._now)
                if self._farewell is not None and frame.reply == self._farewell.reply:
                    self._farewell.until = self._now + FAREWELL_SECONDS
            case Interrupt():
                self._dictated = 0
                self._answering.cancel()
                if self._farewell is not None and not self._farewell.final:
                    self._farewell = None
            case MaybeTurn(text) if self._speculate and not (self._muted or self._leaving or self._dictation):
                self._model.suppose(text)
            case SpeechStarted():
                self._model.suppose_nothing()
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
            case LanguageSwitched():
                self._go_over_to(frame)
            case Failure(stage="stt", fatal=True):
                self._instead(self._lines.deaf, "stt_failed")

    @property
    def _leaving(self) -> bool:
        """The last words are being said."""
        return self._farewell is not None and self._farewell.final

    def _tick(self, at: float) -> None:
        is_first, self._now = self._now < 0, at
        if is_first and self._opening is not None and not self._muted:
            self._open(self._opening)
        if (kept := self._protected.turn(at)) is not None:
            self.process(kept)
        quiet = at - self._heard_at >= QUIET_SECONDS
        if self._dictation and quiet and not (self._dictated or self._protected):
            self._say_dictated()
        if self._farewell is not None:
            if at >= self._farewell.until:
                self.emit(self._farewell.last)
        elif at >= self._max_seconds + FAREWELL_SECONDS:
            self.emit(Hangup("max_duration"))
        elif at >= self._max_seconds and not self._overtime:
            self._overtime = True
            self._instead(self._lines.ending, "max_duration")

    def _open(self, opening: Say | Note) -> None:
        if isinstance(opening, Note):
            self._note(opening)
            return
        reply = self._say(opening.text)
        if opening.protected:
            self._protected.begin(reply, self._now)

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
        self._protected.end()
        self.emit(Interrupt(self._now, ours=True))

    def _dictate(self, say: Say) -> None:
        at_once = not say.after_sentence and (say.hangup or not self._protected)
        if at_once:  # what waits is dropped, but for what is to end the call after it
            self._dictation = deque([say, *(one for one in self._dictation if one.hangup and not say.hangup)])
            self._say_dictated()
            return
        self._dictation.append(say)
        audible = self._heard_at >= self._now - FRAME_SECONDS
        if not self._dictated and not self._protected and (not audible or self._heard in self._over):
            self._say_dictated()

    def _say_dictated(self) -> None:
        say = self._dictation.popleft()
        self._dictated = self._instead(say.text, say.hangup)
        if say.protected:
            self._protected.begin(self._dictated, self._now)
        if self._farewell is not None:
            self._farewell.transfer_to = say.transfer_to

    def _note(self, note: Note) -> None:
        if note.role == "user":
            self._chat.turn(note.text)
        else:
            self._chat.add(Message(note.role, NOTE.format(note.text) if note.role == "system" else note.text))
        if note.answer and not (self._muted or self._leaving or self._protected):
            self._farewell = None
            self._cut()
            if note.protected:
                self._protected.begin(self._replies + 1, self._now)
            self._answering.start(self._answer())

    def _go_over_to(self, switched: LanguageSwitched) -> None:
        self._lines = self._model.lines = lines_for(switched.language)
        if not switched.by_model:
            self._note(Note(SWITCHED.format(name(switched.language))))

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
        elif self._chat.is_asked:
            self._answering.start(self._answer())

    def _turn(self, text: str) -> None:
        self._chat.turn(text)
        if self._answering.cancel():  # nobody has interrupted it, yet its rest will not come: drop its beginning too
            self._dictated = 0
            self.emit(Interrupt(self._now))
        if self._dictation:
            self._say_dictated()
        elif not self._muted and not self._leaving:
            self._answering.start(self._answer())

    async def _answer(self) -> None:
        self._replies += 1
        answer = await self._model.answer(self._replies)
        if self._dictation or (answer.transfer is not None and not answer.failed):
            answer.ending = ""  # there is more to come than the model's goodbye
        if answer.ending and not answer.said:
            self.emit(Hangup(answer.ending))
        elif answer.ending:
            until = self._now + FAREWELL_SECONDS
            self._farewell = Farewell(answer.reply, answer.ending, until, final=answer.failed)
        if not answer.said:
            self._protected.end()
        self.emit(ReplyDone(answer.reply))
        if answer.transfer is not None and not answer.failed:
            self.emit(answer.transfer)

    def _played(self, played: Played) -> None:
        self._protected.hear(played, self._now)
        if played.over:
            self._over.add(played.reply)
        if played.reply > 0 and played.text:
            self._chat.heard(played.reply, played.text)
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
        if self._protected:
            return False
        return played.over or ends_sentence(played.text)
