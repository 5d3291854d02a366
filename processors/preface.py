"""What has to be said and asked before a conversation begins: that it is recorded, and whether it may be."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from enum import Enum, auto

from pipeline.frames import (
    FRAME_SECONDS,
    AudioIn,
    Frame,
    Hangup,
    Heard,
    Interrupt,
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
    SpeechStopped,
    ToolUsed,
    TransferAsked,
    UserTurn,
)
from pipeline.news import Disclosure, RecordingConsent, Said
from pipeline.processor import Processor
from processors.consent import ConsentOptions, TransferAction, agrees, refuses
from processors.farewell import FAREWELL_SECONDS
from processors.hook_options import HangupAction, ToolAction
from processors.phrases import plain
from processors.ports import ToolCall
from processors.tools.toolbox import Toolbox

DECLINED = "recording_declined"
"""Why a call ends that goes on with nobody who wants no recording."""
FIRST_REPLY = 1_000_000
"""Numbers of what is said here, from here upwards: the dialogue counts from 1."""
ANSWER_SECONDS = 8.0
"""Silence after the question that is no consent."""


@dataclass(frozen=True, slots=True)
class PrefacePlan:
    disclosure: str = ""
    """Said first, and heard whole."""
    consent: ConsentOptions | None = None
    language: str = "en"
    """BCP 47 tag, of the answer."""

    def __bool__(self) -> bool:
        """There is something to be said."""
        return bool(self.disclosure) or self.consent is not None

    def cue(self) -> Say:
        """For whoever knows when it is time: it stands for the opening, and is said by nobody."""
        return Say(self.disclosure)


class _Step(Enum):
    BEFORE = auto()
    DISCLOSING = auto()
    ASKING = auto()
    LISTENING = auto()
    """For an answer, or whether they stay."""
    DECLINING = auto()
    OVER = auto()


ACTIVE = frozenset({_Step.DISCLOSING, _Step.ASKING, _Step.LISTENING, _Step.DECLINING})
UNINTERRUPTED = frozenset({_Step.DISCLOSING, _Step.ASKING})


class Preface(Processor):
    """Stands before the dialogue. Until it is over, whatever is to be said or answered waits; an end does not."""

    def __init__(
        self, plan: PrefacePlan, opening: Say | Note | None, toolbox: Toolbox, *, cue: Say | None = None
    ) -> None:
        """Begins with the first sound, or with that very `cue` each time it comes; the opening follows."""
        self._plan, self._opening, self._toolbox, self._cue = plan, opening, toolbox, cue
        self._step = _Step.BEFORE
        self._now = 0.0
        self._reply, self._text, self._until = FIRST_REPLY - 1, "", 0.0
        self._quiet_since = 0.0
        self._speaking = self._muted = self._asked_again = False
        self._kept: list[Frame] = []

    def process(self, frame: Frame) -> None:
        if frame is self._cue:
            self._begin()
            return
        match frame:
            case Mute(on):
                self._muted = on
            case SpeechStarted():
                self._speaking = True
            case SpeechStopped():
                self._speaking, self._quiet_since = False, self._now
            case Hangup():
                self._step = _Step.OVER
            case Say() if frame.hangup:
                self._step, self._kept = _Step.OVER, []
        if self._step in ACTIVE and self._keeps(frame):
            return
        self.emit(frame)
        match frame:
            case AudioIn():
                self._now = frame.at + FRAME_SECONDS
                self._tick()
            case Heard() if frame.reply == self._reply:
                self._until = self._now + FAREWELL_SECONDS
            case Played() if frame.reply == self._reply and frame.over:
                self._was_said(frame.complete and _same(frame.text, self._text))

    def _keeps(self, frame: Frame) -> bool:
        """It is not for those behind now."""
        match frame:
            case Pause() | Resume() | Interrupt():
                return self._step in UNINTERRUPTED
            case MaybeTurn():
                return True
            case UserTurn() if self._step is _Step.LISTENING and self._asks:
                self._answered(frame)
                return True
            case UserTurn() | Say() | Note():
                self._kept.append(frame)
                return True
        return False

    @property
    def _asks(self) -> bool:
        return self._plan.consent is not None and self._plan.consent.kind == "ask"

    def _tick(self) -> None:
        consent = self._plan.consent
        if self._step is _Step.BEFORE and self._cue is None:
            self._begin()
        elif self._step in UNINTERRUPTED and self._now >= self._until:
            self._was_said(False)
        elif self._step is _Step.LISTENING and consent is not None:
            quiet = self._now - self._quiet_since
            if not self._asks and quiet >= consent.wait_seconds:
                self._decided(True)
            elif self._asks and not self._speaking and quiet >= ANSWER_SECONDS:
                self._decided(False)

    def _begin(self) -> None:
        if self._plan.consent is not None:
            self.emit(RecordingConsent(self._now, given=None))
        if self._plan.disclosure:
            self._step = _Step.DISCLOSING
            self.emit(Disclosure(self._now, heard=False))
            self._say(self._plan.disclosure)
        else:
            self._ask()

    def _ask(self) -> None:
        if self._plan.consent is None:
            self._go_on()
            return
        self._step = _Step.ASKING
        self._say(self._plan.consent.message)

    def _say(self, text: str) -> None:
        self._reply += 1
        self._text, self._until = text, self._now + FAREWELL_SECONDS
        self.emit(ReplyText(text, self._reply))
        self.emit(ReplyDone(self._reply))

    def _was_said(self, whole: bool) -> None:
        """Or not, where the voice failed: who was not asked has not agreed."""
        match self._step:
            case _Step.DISCLOSING:
                if whole:
                    self.emit(Disclosure(self._now, heard=True))
                self._ask()
            case _Step.ASKING if whole:
                self._step, self._quiet_since = _Step.LISTENING, self._now
            case _Step.ASKING:
                self._decided(False)

    def _answered(self, turn: UserTurn) -> None:
        """In the chat and in the transcript, but for nobody to answer."""
        self.emit(Said("customer", turn.text, turn.at, max(turn.ended - turn.at, 0.0)))
        self.emit(Note(turn.text, role="user"))
        agreed = agrees(turn.text, self._plan.language)
        if not agreed and self._may_ask_again and not refuses(turn.text, self._plan.language):
            self._asked_again = True
            self._ask()
        else:
            self._decided(agreed)

    @property
    def _may_ask_again(self) -> bool:
        """Once, where a refusal ends the call or hands it over: a yes may have been misunderstood."""
        return not self._asked_again and self._plan.consent is not None and self._plan.consent.decline is not None

    def _decided(self, given: bool) -> None:
        self.emit(RecordingConsent(self._now, given))
        decline = None if self._plan.consent is None else self._plan.consent.decline
        match decline:
            case HangupAction() if not given:
                self._step = _Step.OVER
                self.emit(Hangup(DECLINED))
            case TransferAction(queue=queue) if not given:
                self._go_on(opens=False)
                self.emit(TransferAsked(queue, ""))
            case ToolAction() if not given:
                self._step = _Step.DECLINING
                self.tasks.create_task(self._use(decline))
            case _:
                self._go_on()

    async def _use(self, action: ToolAction) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        call = ToolCall(f"consent-{action.name}", action.name, action.arguments)
        done = await self._toolbox.use(call, lambda text: None)
        self.emit(ToolUsed(action.name, done.ok, round(loop.time() - began, 3), done.answer))
        if self._step is not _Step.DECLINING:
            return
        if done.hangup:
            self._step = _Step.OVER
            self.emit(Say(done.say, hangup=done.hangup) if done.say else Hangup(done.hangup))
        else:
            self._go_on()

    def _go_on(self, *, opens: bool = True) -> None:
        self._step = _Step.OVER
        if opens and self._opening is not None and not self._muted:
            self.emit(self._opening)
        kept, self._kept = self._kept, []
        for frame in kept:
            self.emit(frame)


def _same(heard: str, said: str) -> bool:
    """Whether all of it was heard: an apology in its place is another text, and a voice may have its own spaces."""
    return plain(said).replace(" ", "") in plain(heard).replace(" ", "")
