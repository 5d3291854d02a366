"""Sound, edges of speech and words → who has picked up. Pure: frames are its clock."""

from __future__ import annotations

from pydantic import BaseModel, Field

from pipeline.frames import FRAME_SECONDS, AudioIn, Frame, SpeechStarted, SpeechStopped, Transcript
from processors.machines.tone import Tone, ToneEar
from processors.machines.words import BUSY, Answerer, Told, told_by

LATEST = 240
"""Characters of what was said that are looked at: a sentence or two."""
WATCHED = 45.0
"""Seconds from the answer in which machines are looked for."""
BEEP = (0.18, 2.0)
"""Seconds, least and most, that a beep sounds."""
SIGNAL = 0.15
"""Seconds of a tone that is none of a voice."""
AFTER_SPEECH = 10.0
"""Seconds within which speech must have gone before a beep: networks send tones of their own, and nobody speaks."""
WORDS_LATE = 1.5
"""Seconds of silence after long speech in which its words may still come."""
BUSY_TONES, BUSY_GAP = 4, 1.0
"""So many in a row, at most so many seconds apart: the line is busy. One that rings is silent for longer."""


class PickupOptions(BaseModel, frozen=True, extra="forbid"):
    """How whoever picks up is judged. All are seconds."""

    silence: float = Field(1.5, ge=0.2, le=10, description="nobody says a word for so long: somebody is listening")
    hello: float = Field(2.2, ge=0.5, le=6, description="speech that is no longer may be a person's hello")
    after_hello: float = Field(0.5, ge=0.2, le=3, description="silence after a hello whose words are known")
    after_sound: float = Field(0.8, ge=0.2, le=3, description="silence after a hello without words, or longer speech")
    greeting: float = Field(6.0, ge=2, le=30, description="speech that is longer, without a pause, is a machine's")
    unheard: float = Field(4.0, ge=2, le=30, description="so is longer speech of which not a word was understood")
    undecided: float = Field(3.0, ge=1, le=10, description="who still speaks then is a machine by all likelihood")


class Detector:
    """Says who it is when it knows, and says it again if it turns out to be somebody else.

    Words decide at once, and so does a beep after speech: in the first `WATCHED` seconds, until `settled`. Else it is
    how long they speak, and how long they are silent then.
    """

    def __init__(self, options: PickupOptions, rate: int) -> None:
        self._options, self._ear = options, ToneEar(rate)
        self._now = 0.0
        self._began: float | None = None
        self._ended: float | None = None
        self._spoken = 0.0
        self._finals: list[str] = []
        self._partial = ""
        self._finals_due = 0
        self._tones = 0
        self._signal_at = 0.0
        self.told: Told | None = None
        """Who it is, as far as is known."""
        self.likely_at: float | None = None
        """When a machine became likely, or was known, whichever came first."""
        self.settled = False
        """It is a conversation by now: neither words nor beeps make a machine of who talks in it."""
        self.beeped = False
        """A beep has just ended."""

    @property
    def over(self) -> bool:
        return self._now >= WATCHED

    @property
    def spoken(self) -> bool:
        """A voice was heard, and not only tones."""
        return self._began is not None or self._ended is not None

    @property
    def quiet(self) -> float:
        """Seconds since the last speech or signal; since the answer if there was none."""
        if self._began is not None or self._ear.sounding >= SIGNAL:
            return 0.0
        return self._now - max(self._ended or 0.0, self._signal_at)

    @property
    def said(self) -> str:
        """What was understood so far."""
        return " ".join((*self._finals, self._partial)).strip()[-LATEST:]

    def know(self, told: Told) -> None:
        """Somebody else has told who it is: the beep is still listened for."""
        self.told = told

    def heard_us(self) -> None:
        """The far end has let us speak a whole reply: if it had spoken before, it is a person."""
        self.settled = self.settled or (self._ended is not None and self._is(Answerer.PERSON))

    def hear(self, frame: Frame) -> Told | None:
        """Who it is, if this frame has told."""
        match frame:
            case AudioIn():
                return self._tick(frame)
            case SpeechStarted(at):
                self._began = at
            case SpeechStopped(at) if self._began is not None:
                self._spoken += max(at - self._began, 0.0)
                self._began, self._ended = None, at
                self._finals_due += 1
            case Transcript():
                return self._understood(frame)
        return None

    def _tick(self, frame: AudioIn) -> Told | None:
        self._now = frame.at + FRAME_SECONDS
        self.beeped = False
        tone = self._ear.hear(frame.line, frame.at)
        if tone is not None and tone.seconds >= SIGNAL and (told := self._toned(tone)) is not None:
            return self._now_known(told)
        if self.told is None:
            return self._by_length()
        return None

    def _toned(self, tone: Tone) -> Told | None:
        gap, self._signal_at = tone.started - self._signal_at, tone.ended
        if not self.spoken:
            self._tones = self._tones + 1 if gap <= BUSY_GAP else 1
            return Told(Answerer.ANNOUNCEMENT, BUSY) if self._tones >= BUSY_TONES else None
        spoke = self._began is not None or tone.started - (self._ended or 0.0) <= AFTER_SPEECH
        least, most = BEEP
        if self._is(Answerer.SCREENING) or not spoke or not least <= tone.seconds <= most:
            return None
        self.beeped = True
        return Told(Answerer.VOICEMAIL, "beep")

    def _by_length(self) -> Told | None:
        options = self._options
        if self._began is not None:
            spoken = self._spoken + self._now - self._began
            if spoken >= options.greeting:
                return self._now_known(Told(Answerer.VOICEMAIL, "length"))
            if self._now >= options.undecided - FRAME_SECONDS / 2 and self.likely_at is None:
                self.likely_at = self._now
            return None
        if self._ended is None:
            return self._now_known(Told(Answerer.PERSON, "silence")) if self.quiet >= options.silence else None
        is_understood = not self._finals_due and bool(self.said)
        is_hello = self._spoken <= options.hello
        if self.quiet < (options.after_hello if is_understood and is_hello else options.after_sound):
            return None
        if self._spoken <= options.unheard or self.said:
            return self._now_known(Told(Answerer.PERSON, "hello" if is_hello else "pause"))
        return self._now_known(Told(Answerer.VOICEMAIL, "length")) if self.quiet >= WORDS_LATE else None

    def _understood(self, transcript: Transcript) -> Told | None:
        if transcript.final:
            self._finals_due = max(0, self._finals_due - 1)
            self._partial = ""
            if transcript.text.strip():
                self._finals.append(transcript.text.strip())
        else:
            self._partial = transcript.text.strip()
        told = told_by(self.said)
        return None if told is None else self._now_known(told)

    def _now_known(self, told: Told) -> Told | None:
        """A mailbox stays one, and each of its beeps is told; of the rest only news is."""
        if self.over or self.settled or (self._is(Answerer.VOICEMAIL) and not self.beeped):
            return None
        if told == self.told and not self.beeped:
            return None
        self.told = told
        if told.by is not Answerer.PERSON and self.likely_at is None:
            self.likely_at = self._now
        return told

    def _is(self, answerer: Answerer) -> bool:
        return self.told is not None and self.told.by is answerer
