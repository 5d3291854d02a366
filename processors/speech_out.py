"""ReplyText → AudioOut, by whatever voice the call has."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterable
from contextlib import aclosing
from dataclasses import dataclass, field

from pipeline.audio import Resampler
from pipeline.frames import AudioDone, AudioOut, Failure, Frame, Hangup, Interrupt, Played, ReplyDone, ReplyText
from pipeline.mailbox import Mailbox
from pipeline.processor import Processor
from pipeline.tasks import TaskSlot
from processors.ports import ProviderError, TextToSpeech

HANG = 2.0
"""Seconds a voice may take to its next sound when it has text to speak."""
PIECES = 10_000
"""Pieces of text kept for the voice; a reply has a few hundred."""
PATIENCE = 2
"""Replies in a row that the voice could not speak, after which the call is ended with the stored apology."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A sentence that needs no voice any more."""

    text: str = ""
    pcm: bytes = field(default=b"", repr=False)
    """At the line's rate."""


@dataclass(slots=True)
class _Reply:
    number: int
    text: Mailbox[str] = field(default_factory=lambda: Mailbox(PIECES))


class SpeechOut(Processor):
    """Speaks replies one after the other, each from its first phrase on. An interruption silences all of them."""

    def __init__(self, tts: TextToSpeech, rate: int, apology: Stored) -> None:
        self._tts = tts
        self._rate = rate
        self._apology = apology
        self._replies: deque[_Reply] = deque()
        self._failures = 0
        self._last_words: int | None = None

    def start(self) -> None:
        self._speaking = TaskSlot(self.tasks)

    def process(self, frame: Frame) -> None:
        self.emit(frame)
        match frame:
            case ReplyText():
                self._reply(frame.reply).text.put(frame.text)
            case ReplyDone():
                self._reply(frame.reply).text.close()
            case Interrupt():
                self._speaking.cancel()
                self._replies.clear()
            case Played(complete=True) if frame.reply == self._last_words:
                self.emit(Hangup("tts_failed"))

    def _reply(self, number: int) -> _Reply:
        for reply in self._replies:
            if reply.number == number:
                return reply
        reply = _Reply(number)
        self._replies.append(reply)
        if not self._speaking.busy:
            self._speaking.start(self._speak())
        return reply

    async def _speak(self) -> None:
        while self._replies:
            reply = self._replies[0]
            try:
                await self._speak_one(reply)
                self._failures = 0
            except ProviderError as error:
                self._failures += 1
                self.emit(Failure("tts", str(error), fatal=self._failures == PATIENCE))
                self.emit(AudioOut(self._apology.pcm, reply.number, self._apology.text))
                self.emit(AudioDone(reply.number))
                if self._failures == PATIENCE:
                    self._last_words = reply.number
            self._replies.popleft()

    async def _speak_one(self, reply: _Reply) -> None:
        resampler = Resampler(self._tts.rate, self._rate)
        try:
            async with (
                asyncio.timeout(None) as patience,
                aclosing(self._tts.speak(_given(reply.text, patience))) as sounds,
            ):
                async for sound in sounds:
                    patience.reschedule(_soon() if reply.text.closed else None)
                    self.emit(AudioOut(resampler.push(sound.pcm), reply.number, sound.text))
        except TimeoutError as error:
            raise ProviderError.of("tts", error) from None
        if rest := resampler.flush():
            self.emit(AudioOut(rest, reply.number))
        self.emit(AudioDone(reply.number))


async def _given(text: AsyncIterable[str], patience: asyncio.Timeout) -> AsyncGenerator[str, None]:
    """The text as it comes; from each piece on, the voice's time is counted."""
    async for piece in text:
        if piece.strip():
            patience.reschedule(_soon())
        yield piece


def _soon() -> float:
    return asyncio.get_running_loop().time() + HANG
