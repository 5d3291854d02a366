"""The transcript as it comes true: a line for each turn of the caller, and for each reply what was heard of it."""

from __future__ import annotations

from pipeline.frames import AudioIn, Frame, Heard, Played, Said, UserTurn
from pipeline.processor import Processor


class Scribe(Processor):
    """Emits `Said`. What the bot had not yet said when it was cut is in no line; a reply that nobody heard has none.

    The sound that went by ends here: who comes after reads, and does not listen.
    """

    def process(self, frame: Frame) -> None:
        if isinstance(frame, AudioIn | Heard):
            return
        self.emit(frame)
        match frame:
            case UserTurn():
                self.emit(Said("customer", frame.text, frame.at, max(frame.ended - frame.at, 0.0)))
            case Played(over=True) if frame.text:
                self.emit(
                    Said(
                        "agent", frame.text, frame.at, frame.seconds, interrupted=not frame.complete, reply=frame.reply
                    )
                )
