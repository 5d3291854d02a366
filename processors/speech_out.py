"""ReplyText → AudioOut, by whatever voice the call has."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field

from pipeline.audio import Resampler
from pipeline.frames import (
    AudioDone,
    AudioIn,
    AudioOut,
    Failure,
    Frame,
    Hangup,
    Interrupt,
    LanguageSwitched,
    Played,
    ReplyDone,
    ReplyText,
)
from pipeline.mailbox import Mailbox
from pipeline.processor import Processor
from pipeline.tasks import TaskSlot
from processors.fallback import AllFailedError
from processors.fallback_tts import FallbackTts
from processors.manner import Manner, Stored
from processors.phrases import ends_sentence
from processors.ports import ProviderError, StaysConnected, TextToSpeech
from processors.wording.script import AsItComes, Script

__all__ = ["LATE", "SpeechOut", "Stored"]

HANG = 2.0
"""Seconds a voice may take to its next sound when it has a whole sentence to speak, or all there is."""
PIECES = 10_000
"""Pieces of text kept for the voice; a reply has a few hundred."""
PATIENCE = 2
"""Replies in a row that the voice could not speak, after which the call is ended with the stored apology. Of several
voices one is enough: each had its chance."""
LATE = 0.5
"""Seconds that a voice has not begun the sentence it was given: the filler is then not left to it."""


NOTHING: Mapping[str, Stored] = {}
MANNERS: Mapping[str, Callable[[], Manner]] = {}


@dataclass(slots=True)
class _Reply:
    number: int
    text: Mailbox[str] = field(default_factory=lambda: Mailbox(PIECES))
    rest: Mailbox[str] | None = None
    """What comes of it after the call has gone over to another language."""
    recorded: Stored | None = None
    """Heard before the text."""
    is_worded: bool = False
    """There is a text."""
    sounded: bool = False
    due: float | None = None
    """On the call's clock: since when the voice has had something to speak."""

    @property
    def goes_to(self) -> Mailbox[str]:
        return self.text if self.rest is None else self.rest


class SpeechOut(Processor):
    """Speaks replies one after the other, each from its first phrase on. An interruption silences all of them.

    A filler (a negative number) does not wait for the reply that is late, and is dropped if that sounds first.
    """

    def __init__(
        self,
        tts: TextToSpeech,
        rate: int,
        apology: Stored,
        *,
        goodbye: Stored | None = None,
        fillers: Sequence[Stored] = (),
        recorded: Mapping[str, Stored] = NOTHING,
        script: Callable[[], Script] = AsItComes,
        manners: Mapping[str, Callable[[], Manner]] = MANNERS,
    ) -> None:
        """`goodbye` is said in place of the apology when the call is ended, and `fillers` while the voice hangs.

        `recorded` is what is heard in place of a first word. `manners` makes what is spoken with in other languages,
        by their tags.
        """
        self._tts = tts
        self._rate = rate
        self._script = script
        self._apology, self._goodbye = apology, goodbye or apology
        self._recorded = recorded
        self._manners, self._known = manners, dict[str, Manner]()
        self._stored = {filler.text: filler for filler in fillers}
        self._now = 0.0
        self._replies: deque[_Reply] = deque()
        self._filler: _Reply | None = None
        self._given_up: set[int] = set()
        """Replies that the voice failed at: what the model still says of them is dropped."""
        self._failures = 0
        self._last_words: int | None = None

    def start(self) -> None:
        self._speaking = TaskSlot(self.tasks)
        self._filling = TaskSlot(self.tasks)
        if isinstance(self._tts, StaysConnected):
            self.tasks.create_task(self._tts.stay_connected())

    def process(self, frame: Frame) -> None:
        self.emit(frame)
        match frame:
            case ReplyText() | ReplyDone() if frame.reply in self._given_up:
                pass
            case AudioIn(at=at):
                self._now = at
            case ReplyText() if frame.reply < 0 and self._is_late and frame.text in self._stored:
                self._fill_from_store(_Reply(frame.reply), self._stored[frame.text])
            case ReplyText():
                reply = self._reply(frame.reply)
                first, _, rest = frame.text.partition(" ")
                reply.recorded = reply.recorded or self._recorded.get(first)
                text = rest if first in self._recorded else frame.text
                reply.is_worded = reply.is_worded or bool(text)
                reply.goes_to.put(text)
                if reply.due is None and ends_sentence(frame.text):
                    reply.due = self._now
            case ReplyDone():
                reply = self._reply(frame.reply)
                reply.goes_to.close()
                reply.due = self._now if reply.due is None else reply.due
            case LanguageSwitched(language) if language in self._manners:
                self._go_over_to(language)
            case Interrupt() if self._last_words is not None:
                self.emit(Hangup("tts_failed"))
            case Interrupt():
                self._speaking.cancel()
                self._filling.cancel()
                self._replies.clear()
                self._filler = None
            case Played(complete=True) if frame.reply == self._last_words:
                self.emit(Hangup("tts_failed"))

    def _go_over_to(self, language: str) -> None:
        """What is being said is said to its end; what is still to come of it is in the new language already."""
        if language not in self._known:
            made = self._known[language] = self._manners[language]()
            if isinstance(made.voice, StaysConnected):
                self.tasks.create_task(made.voice.stay_connected())
        manner = self._known[language]
        self._tts, self._script = manner.voice, manner.script
        self._apology, self._goodbye = manner.apology, manner.goodbye
        self._stored = {filler.text: filler for filler in manner.fillers}
        for reply in self._replies:
            if reply.rest is None and not reply.text.closed:
                reply.text.close()
                reply.rest = Mailbox(PIECES)

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

    @property
    def _is_late(self) -> bool:
        """The voice is: it was given a sentence and has not begun it."""
        due = self._replies[0].due if self._replies and not self._replies[0].sounded else None
        return due is not None and self._now - due >= LATE

    def _fill_from_store(self, filler: _Reply, stored: Stored) -> None:
        self._filling.cancel()
        self._filler = filler
        self._sound(filler, stored.pcm, stored.text)
        self.emit(AudioDone(filler.number))

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
            fatal = self._failures >= PATIENCE or isinstance(error, AllFailedError)
            self.emit(Failure("tts", str(error), fatal))
            stored = self._goodbye if fatal else self._apology
            if fatal and not reply.sounded:  # a filler at most: the last words need not wait for its end
                self._filling.cancel()
                self.emit(Interrupt(self._now, ours=True))
            self._sound(reply, stored.pcm, stored.text)
            self.emit(AudioDone(reply.number))
            if fatal:
                self._last_words = reply.number

    async def _speak_one(self, reply: _Reply) -> None:
        if reply.recorded is not None:
            self._sound(reply, reply.recorded.pcm, reply.recorded.text)
            if not reply.is_worded:
                self.emit(AudioDone(reply.number))
                return
        await self._speak_text(reply)
        while reply.rest is not None:
            reply.text, reply.rest = reply.rest, None
            await self._speak_text(reply)
        self.emit(AudioDone(reply.number))

    async def _speak_text(self, reply: _Reply) -> None:
        resampler = Resampler(self._tts.rate, self._rate)
        script = self._script()
        try:
            async with (
                asyncio.timeout(None) as patience,
                aclosing(self._tts.speak(self._given(script.pieces(reply.text), patience))) as sounds,
            ):
                async for sound in sounds:
                    patience.reschedule(self._soon() if reply.text.closed else None)
                    self._sound(reply, resampler.push(sound.pcm), script.given(sound.text))
        except TimeoutError as error:
            raise ProviderError.of("tts", error) from None
        if rest := resampler.flush():
            self._sound(reply, rest)

    def _sound(self, reply: _Reply, pcm: bytes, text: str = "") -> None:
        if not reply.sounded:
            reply.sounded = True
            if self._filler is not None and reply is not self._filler and not self._filler.sounded:
                self._filling.cancel()
        self.emit(AudioOut(pcm, reply.number, text))

    async def _given(self, text: AsyncIterable[str], patience: asyncio.Timeout) -> AsyncGenerator[str, None]:
        """The text as it comes. The voice's time is counted from the end of a sentence, and from the end of all."""
        async for piece in text:
            if ends_sentence(piece):
                patience.reschedule(self._soon())
            yield piece
        patience.reschedule(self._soon())

    def _soon(self) -> float | None:
        """None: it watches its own time."""
        if isinstance(self._tts, FallbackTts):
            return None
        return asyncio.get_running_loop().time() + HANG
