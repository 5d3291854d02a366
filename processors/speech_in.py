"""Sound → Transcript, by whatever recogniser the call has."""

from __future__ import annotations

from contextlib import aclosing

from pipeline.audio import Resampler
from pipeline.frames import AudioIn, Failure, Frame, SpeechStarted, SpeechStopped
from pipeline.mailbox import Mailbox
from pipeline.processor import Processor
from processors.ports import ListenFrame, ProviderError, SpeechToText

BACKLOG = 250
"""Frames kept for a recogniser that is slow or being reopened: 5 s, then the oldest go."""
IDLE_FRAMES = 5
"""While nobody speaks the recogniser is woken once in 100 ms instead of fifty times a second."""
PATIENCE = 3
"""A recogniser that fails so often in a row, without a word in between, is not opened again."""


class SpeechIn(Processor):
    """Lets every frame pass, and adds transcripts when the recogniser has them."""

    def __init__(self, stt: SpeechToText, rate: int) -> None:
        self._stt = stt
        self._resampler = Resampler(rate, stt.rate)
        self._heard: Mailbox[ListenFrame] = Mailbox(BACKLOG)
        self._waiting: list[AudioIn] = []
        self._speaking = False

    @property
    def dropped(self) -> int:
        """Frames that the recogniser never heard."""
        return self._heard.dropped

    def start(self) -> None:
        self.tasks.create_task(self._listen())

    def process(self, frame: Frame) -> None:
        match frame:
            case AudioIn():
                self._waiting.append(frame)
                if self._speaking or len(self._waiting) == IDLE_FRAMES:
                    self._hand_over()
            case SpeechStarted() | SpeechStopped():
                self._speaking = isinstance(frame, SpeechStarted)
                self._hand_over()
                self._heard.put(frame)
        self.emit(frame)

    def _hand_over(self) -> None:
        if not self._waiting:
            return
        first = self._waiting[0]
        pcm = first.pcm if len(self._waiting) == 1 else b"".join(frame.pcm for frame in self._waiting)
        self._heard.put(AudioIn(self._resampler.push(pcm), first.at))
        self._waiting.clear()

    async def _listen(self) -> None:
        failures = 0
        while failures < PATIENCE:
            try:
                async with aclosing(self._stt.transcribe(self._heard)) as transcripts:
                    async for transcript in transcripts:
                        failures = 0
                        self.emit(transcript)
                raise ProviderError("stt", "ended before the call did")
            except ProviderError as error:
                failures += 1
                self.emit(Failure("stt", str(error), fatal=failures == PATIENCE))
