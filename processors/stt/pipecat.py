"""Any recogniser that Pipecat has a service for, by its dotted name. For breadth: our own modules cost less."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterable
from contextlib import aclosing
from typing import TYPE_CHECKING

from aiohttp import ClientSession
from pydantic import Field

from pipeline.frames import AudioIn, SpeechStarted, SpeechStopped, Transcript
from pipeline.tasks import alongside
from processors.pipecat_service import PROVIDER, ServiceOptions, accepts, opened
from processors.ports import ListenFrame, ProviderError, SpeechToText

if TYPE_CHECKING:
    from processors.pipecat_host import Host

_LATENCY = 1.0
"""Seconds from the end of speech to its final words, for a service of which Pipecat does not know it."""
_MORE = 0.3
"""Seconds after words that came late in which more may come, from a service that does not say which are the last."""


_DEAF = 3
"""Stretches of speech in a row of which nothing was told: many services lose their connection without a word."""


class Options(ServiceOptions):
    rate: int = Field(default=16000, ge=8000, le=48000)
    """Hertz at which the service hears."""
    final_seconds: float | None = Field(default=None, gt=0, le=10)
    """After speech, for a service that does not say when it has told all; None: what Pipecat knows of the service."""
    final_timeout_seconds: float = Field(default=6, gt=0)
    """After speech, for a service that answers each stretch of it, be it without words."""


class PipecatStt:
    def __init__(self, options: Options, http: ClientSession) -> None:
        self.rate = options.rate
        self._options = options
        self._http = http

    async def transcribe(self, heard: AsyncIterable[ListenFrame]) -> AsyncGenerator[Transcript, None]:
        host = await opened(self._options, "stt_service.STTService", self.rate, self._http)
        try:
            words = _Words(self._options, accepts(host.made, "push_empty_transcripts"))
            async with alongside(self._listen(heard, host, words)), aclosing(words.told(host)) as told:
                async for transcript in told:
                    yield transcript
        finally:
            await host.end()

    async def _listen(self, heard: AsyncIterable[ListenFrame], host: Host, words: _Words) -> None:
        from pipecat.frames.frames import (
            InputAudioRawFrame,
            VADUserStartedSpeakingFrame,
            VADUserStoppedSpeakingFrame,
        )

        try:
            async for frame in heard:
                match frame:
                    case AudioIn(pcm) if pcm:
                        await host.send(InputAudioRawFrame(pcm, self.rate, 1))
                    case SpeechStarted():
                        await host.send(VADUserStartedSpeakingFrame())
                    case SpeechStopped():
                        words.expect()
                        await host.send(VADUserStoppedSpeakingFrame())
                        host.wake()
        finally:
            words.over = True
            host.wake()


class _Words:
    """What a service has told, as one final transcript for each stretch of speech."""

    def __init__(self, options: Options, answers_all: bool) -> None:
        self.over = False
        """Nothing more will be heard."""
        self._answers_all = answers_all
        self._patience = options.final_timeout_seconds if answers_all else options.final_seconds or _LATENCY
        self._fixed = answers_all or options.final_seconds is not None
        self._due: deque[float] = deque()
        """When each stretch that has ended must have its final words, on the loop's clock."""
        self._settled = ""
        self._wordless = 0

    def expect(self) -> None:
        self._due.append(asyncio.get_running_loop().time() + self._patience)

    async def told(self, host: Host) -> AsyncGenerator[Transcript, None]:
        from pipecat.frames.frames import InterimTranscriptionFrame, STTMetadataFrame, TranscriptionFrame

        now = asyncio.get_running_loop().time
        while self._due or not self.over:
            try:
                frame = await host.next(self._due[0] - now() if self._due else None)
            except TimeoutError as error:
                if self._answers_all:
                    raise ProviderError.of(PROVIDER, error) from None
                yield self._final("")
                if self._wordless == _DEAF:
                    raise ProviderError(PROVIDER, f"{host.name} seems to hear nothing") from None
                continue
            match frame:
                case InterimTranscriptionFrame():
                    yield Transcript(f"{self._settled} {frame.text}".strip(), False, str(frame.language or ""))
                case TranscriptionFrame():
                    self._settled = f"{self._settled} {frame.text}".strip()
                    language = str(frame.language or "")
                    whole = frame.finalized or self._answers_all or len(self._due) > 1
                    if self._due and whole:
                        yield self._final(language)
                        continue
                    if self._due and frame.text:
                        self._due[0] = min(self._due[0], now() + _MORE)
                    if self._settled:
                        yield Transcript(self._settled, False, language)
                case STTMetadataFrame() if not self._fixed and frame.ttfs_p99_latency:
                    self._patience = frame.ttfs_p99_latency

    def _final(self, language: str) -> Transcript:
        self._due.popleft()
        text, self._settled = self._settled, ""
        self._wordless = 0 if text else self._wordless + 1
        return Transcript(text, True, language)


def create(options: Options, http: ClientSession) -> SpeechToText:
    return PipecatStt(options, http)
