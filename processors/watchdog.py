"""Nobody waits in silence: a filler when the answer is late, an apology and an end when it does not come."""

from __future__ import annotations

from pipeline.frames import (
    FRAME_SECONDS,
    AudioIn,
    DeadAir,
    Frame,
    Hangup,
    Heard,
    Interrupt,
    Mute,
    Pause,
    Played,
    ReplyDone,
    ReplyText,
    Resume,
    SpeechStarted,
    SpeechStopped,
    Transcript,
    UserTurn,
)
from pipeline.processor import Processor
from processors.lines import Lines

DEAD_AIR = 2.0
"""Seconds from the end of a turn, of speech that nobody understands, or of a filler, without any sound of the bot."""


class Watchdog(Processor):
    """Stands between the dialogue and the voice, and listens to the line itself: what counts is what was heard."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines
        self._now = 0.0
        self._turn_ended = 0.0
        self._silent_since: float | None = None
        self._held = self._muted = False
        self._is_deaf = False
        """It waits for the words of what was said last."""
        self._fillers = 0
        self._ids = 0
        self._goodbye = 0

    def process(self, frame: Frame) -> None:
        self.emit(frame)
        match frame:
            case AudioIn():
                self._now = frame.at + FRAME_SECONDS
                if self._silent_since is not None and not self._held and self._now - self._silent_since >= DEAD_AIR:
                    self._speak_up()
            case SpeechStarted() | Transcript(final=True) if self._is_deaf:
                self._is_deaf, self._silent_since = False, None
            case SpeechStopped() if not self._muted and self._silent_since is None:
                self._is_deaf = True
                self._turn_ended = self._silent_since = self._now
                self._fillers = 0
            case UserTurn() if not self._muted:
                self._is_deaf = False
                self._turn_ended = self._silent_since = self._now
                self._fillers = 0
            case Heard():
                waiting = self._silent_since is not None and frame.reply < 0  # a filler is no answer
                self._silent_since = self._now if waiting else None
            case Mute(on):
                self._muted = on
                self._is_deaf, self._silent_since = False, None
            case Interrupt():
                self._silent_since = None
                self._held = False
            case Pause():
                self._held = True
            case Resume():
                self._held = False
            case Played(complete=True) if frame.reply == self._goodbye != 0:
                self.emit(Hangup("no_answer_from_assistant"))

    def _speak_up(self) -> None:
        self.emit(DeadAir(self._now, self._now - self._turn_ended))
        if self._fillers < len(self._lines.fillers):
            text = self._lines.fillers[self._fillers]
            self._fillers += 1
            self._silent_since = self._now
        else:
            text = self._lines.unable
            self._silent_since = None
            self._goodbye = self._ids - 1
        self._ids -= 1
        self.emit(ReplyText(text, self._ids))
        self.emit(ReplyDone(self._ids))
