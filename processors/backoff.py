"""After an interruption the bot keeps quiet for a while, whatever it has to say."""

from __future__ import annotations

from pipeline.frames import FRAME_SECONDS, AudioDone, AudioIn, AudioOut, Frame, Interrupt, Played
from pipeline.processor import Processor


class Hush:
    """Until when it does. An interruption is one if it has cut a reply that could be heard."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._cut_at: float | None = None
        self.until = 0.0

    def hear(self, frame: Frame) -> None:
        match frame:
            case Interrupt(at, ours):
                self._cut_at = None if ours else at
            case Played(over=True) if self._cut_at is not None and frame.reply > 0:
                if not frame.complete:
                    self.until = self._cut_at + self._seconds
                self._cut_at = None


class Backoff(Processor):
    """Stands behind the voice, which goes on making its sound."""

    def __init__(self, seconds: float) -> None:
        self._hush = Hush(seconds)
        self._now = 0.0
        self._held: list[Frame] = []

    def process(self, frame: Frame) -> None:
        self._hush.hear(frame)
        match frame:
            case AudioIn():
                self._now = frame.at + FRAME_SECONDS
            case Interrupt():
                self._held.clear()
            case AudioOut() | AudioDone() if self._held or self._now < self._hush.until:
                self._held.append(frame)
                return
        self.emit(frame)
        if self._held and self._now >= self._hush.until:
            held, self._held = self._held, []
            for sound in held:
                self.emit(sound)
