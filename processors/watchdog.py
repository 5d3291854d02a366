"""Nobody waits in silence: a filler when the answer is late, an apology and an end when it does not come."""

from __future__ import annotations

from pipeline.frames import (
    FRAME_SECONDS,
    AudioIn,
    Frame,
    Hangup,
    Heard,
    Interrupt,
    LanguageSwitched,
    Mute,
    Pause,
    Played,
    ReplyDone,
    ReplyText,
    Resume,
    SpeechStarted,
    SpeechStopped,
    ToolBegun,
    ToolUsed,
    Transcript,
    UserTurn,
)
from pipeline.news import DeadAir
from pipeline.processor import Processor
from processors.backoff import Hush
from processors.lines import Lines, lines_for

DEAD_AIR = 2.0
"""Seconds from the end of a turn, of speech that nobody understands, or of a filler, without any sound of the bot."""

AT_WORK = 1.0
"""Seconds without a sound while a tool is at work, until the first filler."""
STILL_AT_WORK = 1.5
"""And until each one after it: with the time that the voice needs for it, no silence is longer than `DEAD_AIR`."""


class Watchdog(Processor):
    """Stands between the dialogue and the voice, and listens to the line itself: what counts is what was heard."""

    def __init__(self, lines: Lines, backoff: float = 0.0) -> None:
        """After an interruption the bot keeps quiet for `backoff` seconds: that is nobody's fault."""
        self._lines, self._hush = lines, Hush(backoff)
        self._now = 0.0
        self._turn_ended = 0.0
        self._silent_since: float | None = None
        self._held = self._muted = False
        self._is_deaf = False
        """It waits for the words of what was said last."""
        self._fillers = 0
        self._ids = 0
        self._goodbye = 0
        self._tools = 0
        """At work now."""
        self._is_done = False
        """They are, and nothing was said since."""
        self._is_answered = False
        """Something was said since the caller's turn."""
        self._voiced = self._closed = 0
        """The newest reply that was heard, and the newest to which no more will come."""

    def process(self, frame: Frame) -> None:
        self.emit(frame)
        self._hush.hear(frame)
        match frame:
            case AudioIn():
                self._now = frame.at + FRAME_SECONDS
                if self._silent_since is not None and not self._held:
                    self._heard_nothing(self._now - max(self._silent_since, self._hush.until))
            case SpeechStarted() | Transcript(final=True) if self._is_deaf:
                self._is_deaf, self._silent_since = False, None
            case SpeechStopped() if not self._muted and self._silent_since is None:
                self._is_deaf = True
                self._turn_ended = self._silent_since = self._now
                self._fillers = 0
            case UserTurn() if not self._muted:
                self._is_deaf = self._is_answered = False
                self._turn_ended = self._silent_since = self._now
                self._fillers = 0
            case Heard():
                waiting = self._silent_since is not None and frame.reply < 0  # a filler is no answer
                is_ours = frame.reply > 0
                self._is_answered = self._is_answered or is_ours
                self._voiced = max(self._voiced, frame.reply)
                goes_on = is_ours and self._tools > 0 and not self._muted
                self._silent_since = self._now if waiting or goes_on else None
            case ToolBegun():
                self._tools += 1
                if self._silent_since is None and not self._muted:
                    self._silent_since = self._now
            case ToolUsed() if self._tools:
                self._tools -= 1
                if not self._tools:
                    self._is_done, self._fillers, self._turn_ended = True, 0, self._now
                    self._silent_since = None if self._silent_since is None else self._now
            case ReplyText() if frame.reply > 0:
                self._is_done = False
            case ReplyDone() if frame.reply > 0:
                self._closed = frame.reply
                if self._is_done and self._is_answered:
                    self._silent_since = None  # all was said before the tool was at work
            case LanguageSwitched(language):
                self._lines = lines_for(language)
            case Mute(on):
                self._muted = on
                self._is_deaf, self._silent_since = False, None
            case Interrupt():
                self._silent_since, self._closed = None, max(self._closed, self._voiced)
                self._held = False
            case Pause():
                self._held = True
            case Resume():
                self._held = False
            case Played(complete=True) if frame.reply == self._goodbye != 0:
                self.emit(Hangup("no_answer_from_assistant"))

    def _heard_nothing(self, seconds: float) -> None:
        if not self._tools:
            if seconds >= DEAD_AIR:
                self._speak_up()
        elif seconds >= (STILL_AT_WORK if self._fillers else AT_WORK) and self._lines.fillers:
            text = self._lines.fillers[self._fillers % len(self._lines.fillers)]
            self._fillers += 1
            self._silent_since = self._now
            if self._voiced > self._closed:  # behind it nothing else is heard before its end
                self.emit(ReplyText(f" {text} ", self._voiced))
            else:
                self._say(text)

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
        self._say(text)

    def _say(self, text: str) -> None:
        self._ids -= 1
        self.emit(ReplyText(text, self._ids))
        self.emit(ReplyDone(self._ids))
