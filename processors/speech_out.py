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
from processors.phrases import ends_sentence
from processors.ports import ProviderError, TextToSpeech

HANG = 2.0
"""Seconds a voice may take to its next sound when it has a whole sentence to speak, or all there is."""
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
    sounded: bool = False


class SpeechOut(Processor):
    """Speaks replies one after the other, each from its first phrase on. An interruption silences all of them.

    A filler (a negative number) does not wait for the reply that is late, and is dropped if that sounds first.
    """

    def __init__(self, tts: TextToSpeech, rate: int, apology: Stored) -> None:
        self._tts = tts
        self._rate = rate
        self._apology = apology
        self._replies: deque[_Reply] = deque()
        self._filler: _Reply | None = None
        self._given_up: set[int] = set()
        """Replies that the voice failed at: what the model still says of them is dropped."""
        self._failures = 0
        self._last_words: int | None = None

    def start(self) -> None:
        self._speaking = TaskSlot(self.tasks)
        self._filling = TaskSlot(self.tasks)

    def process(self, frame: Frame) -> None:
        self.emit(frame)
        match frame:
            case ReplyText() | ReplyDone() if frame.reply in self._given_up:
                pass
            case ReplyText():
                self._reply(frame.reply).text.put(frame.text)
            case ReplyDone():
                self._reply(frame.reply).text.close()
            case Interrupt():
                self._speaking.cancel()
                self._filling.cancel()
                self._replies.clear()
                self._filler = None
            case Played(complete=True) if frame.reply == self._last_words:
                self.emit(Hangup("tts_failed"))

    def _reply(self, number: int) -> _Reply:
        if number < 0:
            return self._fill(number)
        for reply in self._replies:
            if reply.number == number:
                return reply
        reply = _Reply(number)
        self._replies.append(reply)
        if not self._speaking.busy:
            self._speaking.start(self._speak())
        return reply

    def _fill(self, number: int) -> _Reply:
        if self._filler is None or self._filler.number != number:
            self._filler = _Reply(number)
            self._filling.start(self._speak_or_apologise(self._filler))
        return self._filler

    async def _speak(self) -> None:
        while self._replies:
            await self._speak_or_apologise(self._replies[0])
            self._replies.popleft()

    async def _speak_or_apologise(self, reply: _Reply) -> None:
        try:
            await self._speak_one(reply)
            self._failures = 0
        except ProviderError as error:
            self._given_up.add(reply.number)
            self._failures += 1
            self.emit(Failure("tts", str(error), fatal=self._failures >= PATIENCE))
            self._sound(reply, self._apology.pcm, self._apology.text)
            self.emit(AudioDone(reply.number))
            if self._failures >= PATIENCE:
                self._last_words = reply.number

    async def _speak_one(self, reply: _Reply) -> None:
        resampler = Resampler(self._tts.rate, self._rate)
        try:
            async with (
                asyncio.timeout(None) as patience,
                aclosing(self._tts.speak(_given(reply.text, patience))) as sounds,
            ):
                async for sound in sounds:
                    patience.reschedule(_soon() if reply.text.closed else None)
                    self._sound(reply, resampler.push(sound.pcm), sound.text)
        except TimeoutError as error:
            raise ProviderError.of("tts", error) from None
        if rest := resampler.flush():
            self._sound(reply, rest)
        self.emit(AudioDone(reply.number))

    def _sound(self, reply: _Reply, pcm: bytes, text: str = "") -> None:
        if not reply.sounded:
            reply.sounded = True
            if self._filler is not None and reply is not self._filler and not self._filler.sounded:
                self._filling.cancel()
        self.emit(AudioOut(pcm, reply.number, text))


async def _given(text: AsyncIterable[str], patience: asyncio.Timeout) -> AsyncGenerator[str, None]:
    """The text as it comes. The voice's time is counted from the end of a sentence, and from the end of all of it."""
    async for piece in text:
        if ends_sentence(piece):
            patience.reschedule(_soon())
        yield piece
    patience.reschedule(_soon())


def _soon() -> float:
    return asyncio.get_running_loop().time() + HANG
