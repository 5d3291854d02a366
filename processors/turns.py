"""Whose turn it is: when the caller has finished, when the caller interrupts, and when it was only a cough."""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable

from pipeline.frames import (
    FRAME_SECONDS,
    AudioIn,
    Frame,
    Heard,
    Interrupt,
    LanguageSwitched,
    MaybeTurn,
    Pause,
    Played,
    Resume,
    SpeechStarted,
    SpeechStopped,
    Transcript,
    UserTurn,
)
from pipeline.processor import Processor
from pipeline.tasks import TaskSlot
from processors.endpointing import Endpointing
from processors.onset import SURE_WITHIN, may_have_begun
from processors.phrases import ACKNOWLEDGEMENTS, INTERRUPTIONS, begins_with, made_of, phrase_set, plain
from processors.turn_options import TurnOptions

__all__ = ["Judge", "Reader", "TurnOptions", "TurnTaker"]

Judge = Callable[[bytes, int], Awaitable[float]]
"""The last seconds of the caller's sound and their rate → how likely it is, in [0, 1], that the caller has finished."""
Reader = Callable[[str, str], Awaitable[float | None]]
"""What the bot said last and what the caller has said → seconds of silence that this calls for; None: not known."""

JUDGED_FRAMES = 400
"""The judge hears the last 8 s."""
WORDLESS_SPEECH = 5.0
"""Seconds of what the detector calls speech after which, without a word understood, it is taken for noise."""
EARLY_ANSWER = 1.5
"""An acknowledgement within these seconds of a reply's end may have been the answer to it."""
EARLY_ANSWER_WAIT = 0.8
"""Seconds for which nobody may speak before it is taken as that."""


class TurnTaker(Processor):
    """Holds the bot's sound once the caller speaks, then decides: words take the turn, anything else gives it back.

    A turn is over when the caller is silent, the recogniser has its final text, and the wait that this text and the
    judge of the sound call for has passed.
    """

    def __init__(
        self,
        options: TurnOptions,
        rate: int,
        language: str,
        judge: Judge | None = None,
        reader: Reader | None = None,
    ) -> None:
        """A `reader` is asked about the words as the `judge` is about the sound, and stands above him."""
        self._options = options
        self._rate = rate
        self._judge, self._reader = judge, reader
        self._endpointing = Endpointing(options, judged=judge is not None, language=language)
        self._asked = ""
        """What the bot has said last."""
        self._listen_for(language)
        self._sound: deque[bytes] = deque(maxlen=JUDGED_FRAMES)
        self._now = 0.0
        self._bot_until = -1.0
        self._answer_due = False
        self._speaking = False
        self._early: UserTurn | None = None
        self._early_due: float | None = None
        self._forget()

    def _listen_for(self, language: str) -> None:
        self._acknowledgements = phrase_set(ACKNOWLEDGEMENTS, language, self._options.acknowledgements)
        self._interruptions = phrase_set(INTERRUPTIONS, language, self._options.interruptions)

    def _forget(self) -> None:
        """Nothing has been said since the last turn."""
        self._began: float | None = None
        self._ended = 0.0
        self._finals: list[str] = []
        self._partial = ""
        self._finals_due = 0
        self._held_at: float | None = None
        self._taken_at: float | None = None
        self._over_bot = False
        self._finished: float | None = None
        self._supposed = ""
        self._read = ""
        self._told: float | None = None
        """What was given to be read, and the seconds that came of it."""

    def start(self) -> None:
        self._judging = TaskSlot(self.tasks)
        self._reading = TaskSlot(self.tasks)

    def process(self, frame: Frame) -> None:
        match frame:
            case AudioIn():
                self._now = frame.at + FRAME_SECONDS
                self._sound.append(frame.pcm)
                self.emit(frame)
                if self._began is not None or self._early_due is not None:
                    self._tick()
                return
            case Heard():
                self._bot_until = frame.at + FRAME_SECONDS
                self._answer_due = self._answer_due and frame.reply < 0  # a filler is no answer
            case Played() if frame.reply > 0:
                self._asked = frame.text or self._asked
        self.emit(frame)
        match frame:
            case LanguageSwitched():
                self._listen_for(frame.language)
                self._endpointing.listen_for(frame.language)
            case SpeechStarted():
                self._speech_started(frame.at)
            case SpeechStopped():
                self._speech_stopped(frame.at)
            case Transcript():
                self._understood(frame.text.strip(), frame.final)
            case Played(complete=True) if self._early is not None and frame.reply > 0:
                if self._now - self._early.ended <= EARLY_ANSWER:
                    self._early_due = self._now + EARLY_ANSWER_WAIT
                else:
                    self._early = None

    def _speech_started(self, at: float) -> None:
        self._speaking = True
        self._early = self._early_due = None
        self._judging.cancel()
        self._finished = None
        self._supposed = ""
        if self._began is None:
            self._began = at
            self._over_bot = self._answer_due or self._bot_until >= at
        if self._options.interrupt_words == 0 and self._held_at is None and self._taken_at is None:
            self._held_at = self._now
            self.emit(Pause(self._now))

    def _speech_stopped(self, at: float) -> None:
        self._speaking = False
        self._ended = at
        self._finals_due += 1
        if self._judge is not None:
            self._judging.start(self._ask(self._judge))

    async def _ask(self, judge: Judge) -> None:
        self._finished = await judge(b"".join(self._sound), self._rate)
        self._end_if_over()

    async def _have_read(self, reader: Reader, text: str) -> None:
        self._told = await reader(self._asked, text)
        self._end_if_over()

    def _understood(self, text: str, final: bool) -> None:
        if final:
            self._finals_due = max(0, self._finals_due - 1)
        if not text:
            if final and not self._speaking:
                self._nothing_more()
            return
        if final:
            self._partial = ""
        if self._began is None:  # recognised later than it was waited for
            self._began = self._ended = self._now
            self._over_bot = self._answer_due or self._bot_until >= self._now
        said = " ".join((*self._finals, text))
        if self._over_bot and self._taken_at is None and not self._takes_turn(said):
            if final and not self._speaking:
                self._acknowledged(said)
            elif final:
                self._finals.append(text)
            return
        if final:
            self._finals.append(text)
        else:
            self._partial = text
        if self._taken_at is None:
            self._taken_at = self._now
            self._held_at = None
            self.emit(Interrupt(self._now))
        if final:
            self._end_if_over()

    def _nothing_more(self) -> None:
        """The recogniser is through and found no further words."""
        if self._taken_at is not None:  # for a partial text that it takes back: the reply is gone, the turn must come
            self._end_if_over()
        elif self._finals:
            self._acknowledged(" ".join(self._finals))
        else:
            self._give_back()

    def _takes_turn(self, said: str) -> bool:
        if begins_with(said, self._interruptions):
            return True
        return not made_of(said, self._acknowledgements) and len(plain(said).split()) >= self._options.interrupt_words

    def _acknowledged(self, said: str) -> None:
        """The caller only shows to be listening; yet it may be the answer, a moment early, to what is being asked."""
        assert self._began is not None
        self._early = UserTurn(said, self._began, self._ended)
        self._give_back()

    def _give_back(self) -> None:
        held = self._held_at is not None
        self._forget()
        if held:
            self.emit(Resume(self._now))

    def _tick(self) -> None:
        if self._early_due is not None and self._early is not None and self._now >= self._early_due:
            turn, reply_ended = self._early, self._early_due - EARLY_ANSWER_WAIT
            self._early = self._early_due = None
            if self._bot_until <= reply_ended + FRAME_SECONDS:
                self._say_turn(turn)
            return
        if self._began is None:
            return
        if self._taken_at is not None:
            self._end_if_over()
        elif self._speaking:
            if self._held_at is not None and self._now - self._held_at > WORDLESS_SPEECH:
                self._held_at = None
                self.emit(Resume(self._now))
        elif self._now - self._ended >= self._options.false_interruption:
            self._give_back()

    def _end_if_over(self) -> None:
        if self._speaking or self._began is None or self._taken_at is None:
            return
        silence = self._now - self._ended
        if self._finals_due and silence < self._options.final_within:
            return
        words = [*self._finals, self._partial] if self._partial else self._finals
        text = " ".join(words)
        if not text:
            return
        if self._reader is not None and text != self._read:
            self._read, self._told = text, None
            self._reading.start(self._have_read(self._reader, text))
        wait = self._endpointing.wait(text, self._asked, finished=self._finished, told=self._told)
        if silence < wait or (silence < wait + SURE_WITHIN and may_have_begun(self._sound, silence)):
            self._suppose(text)
            return
        if self._over_bot and self._now <= self._taken_at:
            return  # what was heard of the reply that was cut is told before the next sound, and the turn after it
        turn = UserTurn(text, self._began, self._ended)
        self._forget()
        self._say_turn(turn)

    def _suppose(self, text: str) -> None:
        if text != self._supposed:
            self._supposed = text
            self.emit(MaybeTurn(text))

    def _say_turn(self, turn: UserTurn) -> None:
        self._answer_due = True
        self._judging.cancel()
        self._reading.cancel()
        self.emit(turn)
