"""The clock of a call that goes on after a break."""

from __future__ import annotations

from dataclasses import replace

from pipeline.frames import Digit, Frame, Interrupt, Pause, Resume, SpeechStarted
from pipeline.news import Answered, DeadAir, FalseInterruption, Said
from pipeline.processor import Processor


class Later(Processor):
    """What is told of the call counts from its first answer, `since` seconds before this line's."""

    def __init__(self, since: float) -> None:
        self._since = since

    def process(self, frame: Frame) -> None:
        match frame:
            case Said() | Answered() | SpeechStarted() | Digit() | Pause() | Resume() | Interrupt():
                self.emit(replace(frame, at=frame.at + self._since))
            case DeadAir() | FalseInterruption():
                self.emit(replace(frame, at=frame.at + self._since))
            case _:
                self.emit(frame)
