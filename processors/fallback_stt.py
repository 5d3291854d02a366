"""A recogniser made of several. What one did not understand any more is given to the next one again."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncGenerator, AsyncIterable
from contextlib import aclosing

from pipeline.audio import SAMPLE_BYTES, Resampler
from pipeline.frames import AudioIn, SpeechStarted, SpeechStopped, Transcript
from pipeline.mailbox import Mailbox
from pipeline.tasks import alongside
from processors import fallback
from processors.fallback import PIECES, Attempt, Chain, Request
from processors.ports import FollowsLanguage, ListenFrame, ProviderError, SpeechToText

KEPT_SECONDS = 15.0
"""Of sound that no final transcript came of: longer than people speak without a pause."""
AGAIN = 1.0
"""Seconds until the next one has its final transcript of sound that it is given all at once."""
LEAD_SECONDS = 1.0
"""Of silence before a stretch of speech: the detector's start time, and what a recogniser likes to hear first."""


class FallbackStt:
    """The caller's sound is its clock."""

    def __init__(self, chain: Chain[SpeechToText]) -> None:
        self._chain = chain
        self.rate = max(member.port.rate for member in chain.members)
        self._sound = _Sound(self.rate)

    def listen_for(self, language: str) -> None:
        for member in self._chain.members:
            if isinstance(member.port, FollowsLanguage):
                member.port.listen_for(language)

    async def transcribe(self, heard: AsyncIterable[ListenFrame]) -> AsyncGenerator[Transcript, None]:
        """Raises AllFailedError once all of them in a row gave no final transcript; asked again, it has the sound yet.

        Of one call, and one at a time.
        """
        async with alongside(self._sound.listen(heard)):
            while not self._sound.is_over:
                async with aclosing(self._one_round(self._sound)) as transcripts:
                    async for transcript in transcripts:
                        yield transcript

    async def _one_round(self, sound: _Sound) -> AsyncGenerator[Transcript, None]:
        """Until one that had understood something fails, and all may be asked again."""
        async with Request[SpeechToText, Transcript](self._chain) as request:
            for member in request.members():
                ears: Mailbox[ListenFrame] = Mailbox(PIECES)
                attempt = request.ask(member, member.port.transcribe(ears))
                sound.give_to(attempt, ears, member.port.rate)
                understood = False
                try:
                    async for transcript in attempt:
                        if transcript.final:
                            understood = True
                            sound.understood()
                            request.gave()
                            member.breaker.succeeded()
                        yield transcript
                    if sound.is_over:
                        return
                    raise ProviderError(member.name, "ended before the call did")
                except ProviderError as error:
                    request.failed(member, error)
                if understood:
                    return


class _Sound:
    """What was heard since the last final transcript."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._kept: deque[ListenFrame] = deque()
        self._seconds = 0.0
        """Of the sound that is kept."""
        self._now = 0.0
        self._speaking: SpeechStarted | None = None
        self._stops: deque[float] = deque()
        """Ends of speech that no final transcript came of yet: when they were told."""
        self._ears: Mailbox[ListenFrame] = Mailbox(PIECES)
        self._resampler = Resampler(rate, rate)
        self._attempt: Attempt[Transcript] | None = None
        self._given_at = 0.0
        self.is_over = False

    async def listen(self, heard: AsyncIterable[ListenFrame]) -> None:
        async for frame in heard:
            self._keep(frame)
            self._give(frame)
            if self._attempt is not None and self._is_late:
                self._attempt.hung()
        self.is_over = True
        self._ears.close()

    def give_to(self, attempt: Attempt[Transcript], ears: Mailbox[ListenFrame], rate: int) -> None:
        """All that is kept, and what is still to come."""
        self._attempt, self._ears, self._given_at = attempt, ears, self._now
        self._resampler = Resampler(self._rate, rate)
        for frame in self._kept:
            self._give(frame)
        if self.is_over:
            ears.close()

    def understood(self) -> None:
        """A final transcript came: of the oldest stretch of speech that has ended, or of all so far."""
        if self._stops:
            self._stops.popleft()
            while not isinstance(frame := self._kept.popleft(), SpeechStopped):
                self._seconds -= self._length(frame)
            return
        self._kept.clear()
        self._seconds = 0.0
        if self._speaking is not None:
            self._kept.append(self._speaking)

    @property
    def _is_late(self) -> bool:
        if not self._stops:
            return False
        return self._now >= max(self._stops[0] + fallback.FIRST, self._given_at + AGAIN)

    def _keep(self, frame: ListenFrame) -> None:
        self._kept.append(frame)
        match frame:
            case AudioIn(at=at):
                self._seconds += self._length(frame)
                self._now = at + self._length(frame)
            case SpeechStarted():
                self._speaking = frame
            case SpeechStopped():
                self._speaking = None
                self._stops.append(self._now)
        idle = self._speaking is None and not self._stops
        while self._seconds > (LEAD_SECONDS if idle else KEPT_SECONDS):
            oldest = next(frame for frame in self._kept if isinstance(frame, AudioIn))
            self._kept.remove(oldest)
            self._seconds -= self._length(oldest)

    def _give(self, frame: ListenFrame) -> None:
        if isinstance(frame, AudioIn):
            frame = AudioIn(self._resampler.push(frame.pcm), frame.at)
        self._ears.put(frame)

    def _length(self, frame: ListenFrame) -> float:
        return len(frame.pcm) / SAMPLE_BYTES / self._rate if isinstance(frame, AudioIn) else 0.0
