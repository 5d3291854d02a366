"""When somebody speaks: the rule that makes edges of a stream of verdicts, and a cheap detector by loudness."""

from __future__ import annotations

from pydantic import BaseModel, Field

from pipeline.audio import SILENCE_DBFS, level
from pipeline.frames import FRAME_SECONDS, AudioIn, Frame, SpeechStarted, SpeechStopped
from pipeline.processor import Processor


class VadOptions(BaseModel, frozen=True, extra="forbid"):
    start_seconds: float = Field(0.16, ge=0, le=2, description="Seconds of unbroken voice before speech has started")
    stop_seconds: float = Field(0.2, ge=0, le=5, description="Seconds without voice before speech has stopped")
    threshold: float = Field(0.5, gt=0.15, lt=1, description="How sure the model must be that it hears a voice, 0 to 1")
    min_volume_dbfs: float = Field(
        -50.0, ge=-96, le=0, description="Sound below this level (RMS, dB of full scale) does not start speech"
    )


class SpeechEdges:
    """Verdicts on one piece of sound after the other → where speech starts and stops.

    The times are kept to the nearest whole piece: 0.2 s are six pieces of 32 ms, not seven.
    """

    __slots__ = ("_ended", "_first", "_start", "_stop", "speaking")

    def __init__(self, start_seconds: float, stop_seconds: float) -> None:
        self._start = start_seconds - _ROUNDING
        self._stop = stop_seconds - _ROUNDING
        self._first: float | None = None
        self._ended = 0.0
        self.speaking = False

    @property
    def quiet(self) -> bool:
        """Nobody speaks, nor has just begun to."""
        return self._first is None and not self.speaking

    def deciding(self, start: float, end: float) -> bool:
        """Whether the piece from `start` to `end` may make an edge, if it turns out as the ones before it did."""
        half = (end - start) / 2
        if self.speaking:
            return end - self._ended >= self._stop - half
        return self._first is not None and end - self._first >= self._start - half

    def hear(self, voiced: bool, start: float, end: float) -> SpeechStarted | SpeechStopped | None:
        """The piece from `start` to `end`, seconds on the call's clock; pieces come in order and without a gap."""
        if voiced:
            self._ended = end
            if self._first is None:
                self._first = start
            if not self.speaking and end - self._first >= self._start - (end - start) / 2:
                self.speaking = True
                return SpeechStarted(self._first)
        elif not self.speaking:
            self._first = None
        elif end - self._ended >= self._stop - (end - start) / 2:
            self.speaking = False
            self._first = None
            return SpeechStopped(self._ended)
        return None


_ROUNDING = 1e-6
"""Seconds: far below a sample, far above what adding up times loses."""


class LoudnessVad(Processor):
    """Voice is what stands out of the line's own noise. Costs a few microseconds a frame and no model.

    The noise floor follows the quietest sound at once downwards and slowly upwards. Edges come after the `AudioIn`
    that makes them sure.
    """

    def __init__(self, options: VadOptions | None = None) -> None:
        options = options or VadOptions()
        self._edges = SpeechEdges(options.start_seconds, options.stop_seconds)
        self._least = options.min_volume_dbfs
        self._floor: float | None = None

    def process(self, frame: Frame) -> None:
        self.emit(frame)
        if isinstance(frame, AudioIn):
            edge = self._edges.hear(self._stands_out(level(frame.pcm)), frame.at, frame.at + FRAME_SECONDS)
            if edge is not None:
                self.emit(edge)

    def _stands_out(self, loudness: float) -> bool:
        if loudness <= SILENCE_DBFS:  # a gap that the network left: it tells nothing of the line's noise
            return False
        floor = loudness if self._floor is None else min(loudness, self._floor + _RISE)
        self._floor = floor
        return loudness >= self._least and loudness >= floor + _MARGIN


_MARGIN = 10.0
"""dB that a voice stands above the noise."""
_RISE = 3.0 * FRAME_SECONDS
"""dB a frame: a new noise is learnt in some seconds, a long sentence without a pause is not."""
