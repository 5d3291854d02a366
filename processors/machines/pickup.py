"""The first seconds of a call that was placed: who has picked up, and what is said to whom."""

from __future__ import annotations

from pydantic import BaseModel, Field

from pipeline.frames import (
    FRAME_SECONDS,
    AudioIn,
    Frame,
    Hangup,
    Mute,
    Note,
    Played,
    Say,
    SpeechStarted,
    SpeechStopped,
    Transcript,
)
from pipeline.processor import Processor
from processors.machines.detector import Detector, PickupOptions
from processors.machines.withheld import Withheld
from processors.machines.words import Answerer, Told

VOICEMAIL = "voicemail"
"""Why a call with a machine ends."""
CARRIER = Told(Answerer.VOICEMAIL, "carrier")
"""The carrier has told a machine: its word comes as a hang-up."""
MACHINES = (Answerer.VOICEMAIL, Answerer.ANNOUNCEMENT)
"""That cannot be talked to."""
AFTER_BEEP = 0.3
"""Seconds from the end of the beep: some machines start to record a little later."""
ENOUGH_SILENCE = 2.0
"""Seconds of it that stand for a beep which does not come."""
ANNOUNCED = 1.5
"""Seconds of silence after which an announcement is over, and no mailbox follows it."""
LONGEST_ANNOUNCEMENT = 15.0
"""Seconds from when it was known: some are told again and again."""
LONGEST_GREETING = 60.0
"""Seconds after which a machine that neither beeps nor is silent is hung up on."""
LATE = 5.0
"""Seconds for which the text of speech is waited for that the greeting has answered."""
SCREENED = (
    "A call screening service has answered, for the person who is called. It passes on who calls and why, and they "
    "may pick up then. Say only that, in a sentence or two, and wait."
)
MENU = (
    "An automated menu has answered, and no person. Talk to it as to a machine: choose what leads to the person whom "
    "you are calling, in as few words as it asks for."
)


class VoicemailOptions(BaseModel, frozen=True, extra="forbid"):
    detect: bool = Field(True, description="false: whoever answers is taken for a person")
    message: str = Field("", description="left after the beep, with {{variables}}; empty: a machine is hung up on")
    beep_seconds: float = Field(
        20.0, ge=0, le=30, description="seconds from the answer after which 2 s of silence do in place of the beep"
    )
    pickup: PickupOptions = PickupOptions()

    @property
    def leaves_message(self) -> bool:
        """Machines are talked to."""
        return self.detect and bool(self.message)


class Pickup(Processor):
    """Stands before turn-taking, and has the greeting said once a person waits for it.

    Until somebody is known nothing is said, and turn-taking hears of no speech; nor does it of what a machine says that
    cannot be talked to. The transcript has all of it.
    """

    def __init__(self, options: VoicemailOptions, rate: int, opening: Say | Note | None) -> None:
        """Without an opening the person speaks first."""
        self._options, self._opening = options, opening
        self._detector = Detector(options.pickup, rate)
        self._withheld = Withheld()
        self._now = 0.0
        self._told: Told | None = None
        self._told_at = 0.0
        self._talks = False
        """Turn-taking hears what is said."""
        self._over = False
        """The last has been done about it."""
        self._speak_at = float("inf")

    def process(self, frame: Frame) -> None:
        match frame:
            case AudioIn():
                self._now = frame.at + FRAME_SECONDS
                self.emit(frame)
            case SpeechStarted() | SpeechStopped() | Transcript():
                self._speech(frame)
            case Hangup(reason="voicemail") if self._options.message and not self._over:
                self._detector.know(CARRIER)
                self._known(CARRIER)
            case _:
                self.emit(frame)
        if self._over:
            return
        told = self._detector.hear(frame)
        if told is not None:
            self._known(told)
        if self._talks:
            if isinstance(frame, Played) and frame.complete and frame.reply > 0:
                self._detector.heard_us()
            self._over = self._detector.over or self._detector.settled
        elif isinstance(frame, AudioIn) and self._told is not None:
            self._wait(self._told)

    def _speech(self, frame: SpeechStarted | SpeechStopped | Transcript) -> None:
        late = self._now - self._told_at < LATE and self._withheld.owes(frame)
        if self._talks and not late:
            self.emit(frame)
            return
        self._withheld.keep(frame)
        if self._talks or (self._told is not None and self._told.by in MACHINES):
            self._write_down()

    def _write_down(self) -> None:
        for said in self._withheld.said():
            self.emit(said)

    def _known(self, told: Told) -> None:
        if self._told is None or told.by is not self._told.by:
            self._told_at = self._now
        self._told = told
        match told.by:
            case Answerer.PERSON:
                self._talk()
            case Answerer.IVR:
                self.emit(Note(MENU))
                self._listen()
            case Answerer.SCREENING if self._opening is None:
                self.emit(Note(SCREENED))
                self._listen()
            case Answerer.VOICEMAIL | Answerer.ANNOUNCEMENT:
                self._fall_silent()
        if told.by is Answerer.VOICEMAIL and not self._options.message:
            self._hang_up(VOICEMAIL)
        elif self._detector.beeped:
            self._speak_at = self._now + AFTER_BEEP

    def _talk(self) -> None:
        """The greeting answers what was said so far."""
        if self._opening is None:
            self._listen()
            return
        turn = self._withheld.turn()
        if turn is not None:
            self.emit(turn)
        self._talks = True
        self.emit(self._opening)

    def _listen(self) -> None:
        """Whatever was said so far is to be answered."""
        for frame in self._withheld.replayed():
            self.emit(frame)
        self._talks = True

    def _fall_silent(self) -> None:
        if self._talks:
            self.emit(Mute(True))
            self._talks = False
        self._write_down()

    def _wait(self, told: Told) -> None:
        """A moment later: what is to be done about a machine, if it is time."""
        quiet = self._detector.quiet
        match told.by:
            case Answerer.SCREENING if quiet >= self._options.pickup.after_sound:
                self.emit(Note(SCREENED))
                self._talk()
            case Answerer.ANNOUNCEMENT if quiet >= ANNOUNCED or not self._detector.spoken or self._lasts_too_long:
                self._hang_up(told.reason)
            case Answerer.VOICEMAIL if self._now >= self._speak_at or self._no_beep_comes(quiet):
                self._over = True
                self.emit(Say(self._options.message, hangup=VOICEMAIL))
            case Answerer.VOICEMAIL if self._now >= LONGEST_GREETING:
                self._hang_up(VOICEMAIL)

    @property
    def _lasts_too_long(self) -> bool:
        return self._now - self._told_at >= LONGEST_ANNOUNCEMENT

    def _no_beep_comes(self, quiet: float) -> bool:
        return self._now >= self._options.beep_seconds and quiet >= ENOUGH_SILENCE

    def _hang_up(self, reason: str) -> None:
        self._over = True
        self.emit(Hangup(reason))
