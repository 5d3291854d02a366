"""Sound → Transcript, by whatever recogniser the call has."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import aclosing

from pipeline.audio import Resampler
from pipeline.frames import AudioIn, Failure, Frame, LanguageSwitched, SpeechStarted, SpeechStopped
from pipeline.mailbox import Mailbox
from pipeline.processor import Processor
from processors.ports import FollowsLanguage, ListenFrame, ProviderError, SpeechToText

BACKLOG = 250
"""Pieces kept for a recogniser that is slow or being reopened: 5 s of speech, then the oldest go."""
IDLE_FRAMES = 5
"""While nobody speaks the recogniser is woken once in 100 ms instead of fifty times a second."""
PAUSES = (0.2, 1.0)
"""Seconds before a recogniser that failed is opened again. After the next failure without a word between, it is not."""


class SpeechIn(Processor):
    """Lets every frame pass, and adds transcripts when the recogniser has them."""

    def __init__(self, stt: SpeechToText, rate: int, trouble: Callable[[str], None] = lambda kind: None) -> None:
        """`trouble` is told `stt_backlog` for every piece of sound that the recogniser never heard."""
        self._trouble = trouble
        self._stt = stt
        self._resampler = Resampler(rate, stt.rate)
        self._heard: Mailbox[ListenFrame] = Mailbox(BACKLOG)
        self._waiting: list[AudioIn] = []
        self._speaking = False

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
            case LanguageSwitched(language) if isinstance(self._stt, FollowsLanguage):
                self._stt.listen_for(language)
        self.emit(frame)

    def _hand_over(self) -> None:
        if not self._waiting:
            return
        first = self._waiting[0]
        pcm = first.pcm if len(self._waiting) == 1 else b"".join(frame.pcm for frame in self._waiting)
        dropped = self._heard.dropped
        self._heard.put(AudioIn(self._resampler.push(pcm), first.at))
        if self._heard.dropped > dropped:
            self._trouble("stt_backlog")
        self._waiting.clear()

    async def _listen(self) -> None:
        failures = 0
        while True:
            try:
                async with aclosing(self._stt.transcribe(self._heard)) as transcripts:
                    async for transcript in transcripts:
                        failures = 0 if transcript.text else failures
                        self.emit(transcript)
                raise ProviderError("stt", "ended before the call did")
            except ProviderError as error:
                fatal = failures == len(PAUSES) or not error.retriable
                self.emit(Failure("stt", str(error), fatal))
                if fatal:
                    return
                await asyncio.sleep(PAUSES[failures])
                failures += 1
