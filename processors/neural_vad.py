"""When the caller speaks, by the model that all calls share."""

from __future__ import annotations

from pipeline.audio import SAMPLE_BYTES, Resampler
from pipeline.frames import FRAME_SECONDS, AudioIn, Frame
from pipeline.processor import Processor
from processors.vad import VadOptions
from processors.voice_detector import VoiceDetector


class NeuralVad(Processor):
    """Sound passes at once; where speech starts and stops comes some milliseconds after it is sure."""

    def __init__(self, detector: VoiceDetector, rate: int, options: VadOptions | None = None) -> None:
        """`rate` of the line in hertz. Lines of another rate than 8 or 16 kHz are resampled for the model alone."""
        self._detector = detector
        self._options = options or VadOptions()
        self._rate = 8000 if rate < 16000 else 16000
        self._resampler = Resampler(rate, self._rate) if rate != self._rate else None
        self._rest = b""

    def start(self) -> None:
        self._voice = self._detector.open(8000 if self._rate == 8000 else 16000, self._options)
        self._chunk = self._voice.chunk_bytes
        self._seconds_a_byte = 1 / (SAMPLE_BYTES * self._rate)
        self.tasks.create_task(self._tell())

    def process(self, frame: Frame) -> None:
        self.emit(frame)
        if type(frame) is AudioIn:
            sound = self._rest + (frame.pcm if self._resampler is None else self._resampler.push(frame.pcm))
            while len(sound) >= self._chunk:
                chunk, sound = sound[: self._chunk], sound[self._chunk :]
                self._voice.hear(chunk, frame.at + FRAME_SECONDS - len(sound) * self._seconds_a_byte)
            self._rest = sound

    async def _tell(self) -> None:
        try:
            async for edge in self._voice.edges_heard():
                self.emit(edge)
        finally:
            self._voice.close()
