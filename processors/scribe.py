"""The transcript as it comes true: a line for each turn of the caller, and for each reply what was heard of it."""

from __future__ import annotations

from pipeline.frames import AudioIn, Frame, Hangup, Heard, Interrupt, Played, UserTurn
from pipeline.news import Said
from pipeline.processor import Processor


class Scribe(Processor):
    """Emits `Said`. What the bot had not yet said when it was cut is in no line; a reply that nobody heard has none.

    The sound that went by ends here: who comes after reads, and does not listen.
    """

    def __init__(self) -> None:
        self._cut: Interrupt | Hangup | None = None
        """The first since the last sound: what it cut is told before the next."""

    def process(self, frame: Frame) -> None:
        if isinstance(frame, AudioIn | Heard):
            if not isinstance(self._cut, Hangup):
                self._cut = None
            return
        self.emit(frame)
        match frame:
            case Interrupt() | Hangup():
                self._cut = self._cut or frame
            case UserTurn():
                self.emit(Said("customer", frame.text, frame.at, max(frame.ended - frame.at, 0.0)))
            case Played(over=True) if frame.text:
                interrupted = not (frame.complete or self._is_ours)
                self.emit(Said("agent", frame.text, frame.at, frame.seconds, interrupted, frame.reply))

    @property
    def _is_ours(self) -> bool:
        """Our side has cut what was being said, and not the caller."""
        return isinstance(self._cut, Hangup) or (self._cut is not None and self._cut.ours)
