"""Where the time between the caller's last word and the bot's first sound went."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from pipeline.frames import (
    FRAME_SECONDS,
    AudioIn,
    AudioOut,
    Frame,
    Heard,
    Mute,
    ReplyText,
    SpeechStopped,
    Transcript,
    UserTurn,
)
from pipeline.news import Answered
from pipeline.processor import Processor


@dataclass(slots=True)
class _Turn:
    ended: float
    vad: float | None
    transcript: float | None
    turn: float
    reply: int = 0
    """Its answer's number, once that has begun."""
    first_text: float | None = None
    first_audio: float | None = None


class Waterfall(Processor):
    """Notes when each step of a turn passes by, and emits `Answered` once the reply is on the line."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._end = 0.0
        self._end_clock = clock()
        self._vad: float | None = None
        self._transcript: float | None = None
        self._turn: _Turn | None = None
        self._muted = False

    def process(self, frame: Frame) -> None:
        match frame:
            case AudioIn():
                self._end = frame.at + FRAME_SECONDS
                self._end_clock = self._clock()
            case Heard() if self._turn is not None and frame.reply == self._turn.reply:
                self._answered(self._turn, frame)
            case SpeechStopped():
                self._vad = self._now()
            case Transcript(final=True):
                self._transcript = self._now()
            case Mute(on):
                self._muted, self._turn = on, None  # what a person says in the bot's place is no answer of the bot's
            case UserTurn(ended=ended) if not self._muted:
                self._turn = _Turn(ended, self._vad, self._transcript, self._now())
                self._vad = self._transcript = None
            case ReplyText(reply=reply) if reply > 0 and self._turn is not None and self._turn.first_text is None:
                self._turn.reply, self._turn.first_text = reply, self._now()
            case AudioOut(reply=reply) if self._turn is not None and reply == self._turn.reply:
                self._turn.first_audio = self._turn.first_audio or self._now()
        self.emit(frame)

    def _now(self) -> float:
        """Between two frames the wall's clock goes on where the call's clock stood."""
        return self._end + self._clock() - self._end_clock

    def _answered(self, turn: _Turn, heard: Heard) -> None:
        self._turn = None

        def after(moment: float | None) -> float | None:
            return None if moment is None else max(moment - turn.ended, 0.0)

        first_audio = after(turn.first_audio)

        self.emit(
            Answered(
                heard.reply,
                turn.ended,
                after(turn.vad),
                after(turn.transcript),
                after(turn.turn),
                after(turn.first_text),
                first_audio,
                max(heard.at - turn.ended, first_audio or 0.0),
            )
        )
