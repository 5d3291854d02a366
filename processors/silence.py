"""Whether it is the caller's turn to speak, and for how long they have not."""

from __future__ import annotations

from pipeline.frames import (
    FRAME_SECONDS,
    AudioIn,
    Digit,
    Frame,
    Heard,
    Mute,
    Played,
    SpeechStarted,
    SpeechStopped,
    UserTurn,
)


class Silence:
    """Hears all that comes in at the head. It begins where the bot has been heard out, or where a noise ends."""

    def __init__(self, *, from_start: bool) -> None:
        """`from_start`: the caller is to speak first."""
        self._now = 0.0
        self._since: float | None = 0.0 if from_start else None
        self._speaking = self._muted = False
        self._answer_due = False
        self._over = 0
        """The reply that was over last: the far end's word of that is sometimes faster than its last sound."""

    @property
    def seconds(self) -> float:
        return 0.0 if self._since is None or self._muted or self._speaking else self._now - self._since

    def hear(self, frame: Frame) -> None:
        match frame:
            case AudioIn():
                self._now = frame.at + FRAME_SECONDS
            case SpeechStarted():
                self._speaking = True
            case SpeechStopped():
                self._speaking = False
                self._since = None if self._answer_due else self._now
            case Digit() if not self._answer_due:
                self._since = self._now
            case UserTurn():
                self._answer_due, self._since = True, None
            case Heard() if frame.reply > 0 and frame.reply != self._over:
                self._since = None
            case Heard() if self._since is not None:  # a filler, the goodbye of a bot that hears nothing, a last sound
                self._since = self._now
            case Played(over=True) if frame.reply > 0:
                self._answer_due, self._since, self._over = False, self._now, frame.reply
            case Mute(on):
                self._muted = on
                self._since = None if on else self._now
