"""Any voice that Pipecat has a service for, by its dotted name. For breadth: our own modules cost less."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterable
from contextlib import aclosing

from aiohttp import ClientSession
from pydantic import Field

from pipeline.tasks import alongside
from processors.pipecat_keeper import KeptOptions, lent
from processors.pipecat_service import PROVIDER, warm
from processors.ports import ProviderError, Sound, TextToSpeech
from processors.sentences import phrases


class Options(KeptOptions):
    rate: int = Field(default=24000, ge=8000, le=48000)
    """Hertz at which the service is to speak."""
    sound_timeout_seconds: float = Field(default=5, gt=0)
    """From a phrase to its first sound, and from one sound of it to the next."""


class PipecatTts:
    def __init__(self, options: Options, http: ClientSession) -> None:
        self.rate = options.rate
        self._options = options
        self._http = http

    async def stay_connected(self) -> None:
        """Imports what is needed while the call begins; connections are the service's own."""
        await asyncio.to_thread(warm)

    async def speak(self, text: AsyncIterable[str]) -> AsyncGenerator[Sound, None]:
        async with lent(self._options, "tts_service.TTSService", self.rate, self._http) as host:
            from pipecat.frames.frames import TTSAudioRawFrame, TTSSpeakFrame, TTSStartedFrame, TTSStoppedFrame

            asked: deque[str] = deque()
            owed, ended = 0, False

            async def hand_over() -> None:
                nonlocal owed, ended
                try:
                    async with aclosing(phrases(text)) as given:
                        async for phrase in given:
                            if any(character.isalnum() for character in phrase):  # else there is nothing to say
                                asked.append(phrase)
                                owed += 1
                                ended_with_space = f"{phrase.rstrip()} "  # as ElevenLabs asks for; nobody minds
                                await host.send(TTSSpeakFrame(ended_with_space, append_to_context=False))
                                host.wake()
                finally:
                    ended = True
                    host.wake()

            async with alongside(hand_over()):
                words = ""
                ours: set[str | None] = set()
                while owed or not ended:
                    try:
                        frame = await host.next(self._options.sound_timeout_seconds if owed else None)
                    except TimeoutError as error:
                        raise ProviderError.of(PROVIDER, error) from None
                    match frame:
                        case TTSStartedFrame() if asked and frame.context_id not in ours:
                            ours.add(frame.context_id)
                            words = asked.popleft()
                        case TTSAudioRawFrame() if frame.context_id in ours and frame.audio:
                            if (frame.sample_rate, frame.num_channels) != (self.rate, 1):
                                what = f"{host.name} does not speak at {self.rate} Hz in mono"
                                raise ProviderError(PROVIDER, what, retriable=False)
                            yield Sound(bytes(frame.audio), words)
                            words = ""
                        case TTSStoppedFrame() if frame.context_id in ours:
                            ours.discard(frame.context_id)
                            owed -= 1


def create(options: Options, http: ClientSession) -> TextToSpeech:
    return PipecatTts(options, http)
