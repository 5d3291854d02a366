"""Keys pressed on the phone → what the caller would have said."""

from __future__ import annotations

from pydantic import BaseModel, Field

from pipeline.frames import FRAME_SECONDS, AudioIn, Digit, Frame, Interrupt, UserTurn
from pipeline.processor import Processor


class KeypadOptions(BaseModel, frozen=True, extra="forbid"):
    timeout: float = Field(
        2.0, ge=0, le=10, description="seconds after the last key; 0: only the delimiter ends the input"
    )
    delimiter: str = Field(
        "#", pattern=r"^([0-9A-D*#]?|#\*|\*#)$", description="key, or #* for either, that ends the input; empty: none"
    )


class Keypad(Processor):
    """Collects keys into one turn: "4 2 7". The first key silences the bot."""

    def __init__(self, options: KeypadOptions) -> None:
        self._options = options
        self._keys = ""
        self._began = self._last = self._now = 0.0

    def process(self, frame: Frame) -> None:
        self.emit(frame)
        match frame:
            case AudioIn():
                self._now = frame.at + FRAME_SECONDS
                if self._keys and 0 < self._options.timeout <= self._now - self._last:
                    self._finish()
            case Digit(key, at) if self._keys or key not in self._options.delimiter:
                if not self._keys:
                    self._began = at
                    self.emit(Interrupt(at))
                self._last = at
                if key not in self._options.delimiter:
                    self._keys += key
                else:
                    self._finish()

    def _finish(self) -> None:
        turn = UserTurn(" ".join(self._keys), self._began, self._last)
        self._keys = ""
        self.emit(turn)
