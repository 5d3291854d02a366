"""One connection to a recogniser of Sarvam's: stretches of speech go out, and each has one final text."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterable, Iterator
from dataclasses import dataclass, field

from pipeline.frames import AudioIn, SpeechStopped, Transcript
from pipeline.tasks import alongside
from processors.json_socket import JsonSocket
from processors.ports import ListenFrame, ProviderError
from processors.sarvam_account import PROVIDER
from processors.stt.sarvam_sockets import Message, Told, Wire
from processors.stt.stretches import Stretches

_KEEP_ALIVE = 10.0
"""Seconds without speech after which a sign of life is sent: the service closes a connection that has none."""
_SETTLED = 0.3
"""Seconds that a stretch whose words are all there waits for more of them."""
_DEAF = 2
"""Stretches in a row to which the service said nothing at all: it is gone."""


@dataclass(slots=True)
class _Stretch:
    due: float
    """When its text is given as it is, on the loop's clock."""
    texts: list[str] = field(default_factory=list, repr=False)
    partial: str = field(default="", repr=False)
    """What stands for its text if that does not come."""
    language: str = ""
    certainty: float | None = None
    answered: bool = False
    """The service said something since it began."""


class Session:
    def __init__(self, socket: JsonSocket, wire: Wire, rate: int, final_seconds: float) -> None:
        self._socket, self._wire, self._final_seconds = socket, wire, final_seconds
        self._stretches = Stretches(rate, _KEEP_ALIVE)
        self._now = asyncio.get_running_loop().time
        self._speaking: _Stretch | None = None
        """What is being said."""
        self._ended: deque[_Stretch] = deque()
        """What was said, and has no final text yet; the service answers in order."""
        self._open = 0
        """Utterances that the service has found and not told the text of."""
        self._deaf = 0
        self._stood_in = False
        """A partial text was given as the last final one: that is not to come twice."""
        self._over = False
        self._news: Message | None = None
        """To be sent before the next sound."""
        self._look: asyncio.Timeout | None = None

    async def texts(self, heard: AsyncIterable[ListenFrame], begin_seconds: float) -> AsyncGenerator[Transcript, None]:
        """Until `heard` is at its end and the last final text was given. Raises ProviderError."""
        if self._wire.greets:
            await self._greeted(begin_seconds)
        async with alongside(self._send(heard)) as sending:
            while self._ended or not sending.done():
                told = await self._told()
                for transcript in self._timed_out() if told is None else self._heard(told):
                    yield transcript

    def listen_for(self, code: str) -> None:
        self._news = self._wire.listen_for(code)

    async def _greeted(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                while self._wire.read(await self._socket.receive()) is None:
                    pass
        except TimeoutError as error:
            raise ProviderError.of(PROVIDER, error) from None

    async def _send(self, heard: AsyncIterable[ListenFrame]) -> None:
        try:
            async for frame in heard:
                await self._send_one(frame)
        except ProviderError:
            self._ended.clear()  # nobody is left who could answer
            raise
        finally:
            self._over = True
            self._wake()

    async def _send_one(self, frame: ListenFrame) -> None:
        wire, hearing = self._wire, self._stretches.hear(frame)
        if self._news is not None:
            news, self._news = self._news, None
            await self._socket.send(news)
        if isinstance(frame, AudioIn) and self._speaking is None:
            for silence in hearing.pieces:
                await self._socket.send(wire.idle(silence))
            return
        if self._speaking is None:
            self._speaking = _Stretch(0.0)
            if (begin := wire.begin()) is not None:
                await self._socket.send(begin)
        for pcm in hearing.pieces:
            await self._socket.send(wire.sound(pcm))
        if isinstance(frame, SpeechStopped):
            await self._socket.send(wire.end())
            stretch, self._speaking = self._speaking, None
            settled = stretch.texts and not self._open
            stretch.due = self._now() + (min(_SETTLED, self._final_seconds) if settled else self._final_seconds)
            self._ended.append(stretch)
            self._wake()

    def _wake(self) -> None:
        """There is another deadline."""
        if self._look is not None and not self._look.expired():
            self._look.reschedule(self._deadline)

    @property
    def _deadline(self) -> float | None:
        if self._ended:
            return self._ended[0].due
        return 0.0 if self._over else None

    async def _told(self) -> Told | None:
        """None: the deadline came first, or a message that tells nothing."""
        try:
            async with asyncio.timeout_at(self._deadline) as self._look:
                message = await self._socket.receive()
        except TimeoutError:
            return None
        finally:
            self._look = None
        for stretch in (*self._ended, self._speaking):
            if stretch is not None:
                stretch.answered = True
        return self._wire.read(message)

    def _heard(self, told: Told) -> Iterator[Transcript]:
        stretch = self._ended[0] if self._ended else self._speaking
        match told.kind:
            case "speech":
                self._open += 1
            case "partial" if told.text and stretch is not None:
                stretch.partial = told.text
                if stretch is self._speaking:
                    yield Transcript(told.text, final=False, language=told.language)
            case "text":
                self._open = max(0, self._open - 1)
                if stretch is None:
                    if told.text and not self._stood_in:  # later than it was waited for
                        yield Transcript(told.text, True, told.language, told.certainty)
                    return
                stretch.texts += filter(None, (told.text,))
                stretch.partial = ""
                if told.language:
                    stretch.language, stretch.certainty = told.language, told.certainty
                if stretch is not self._speaking and not self._open:
                    yield self._final()
                elif stretch is self._speaking and stretch.texts:
                    yield Transcript(" ".join(stretch.texts), final=False, language=stretch.language)

    def _timed_out(self) -> Iterator[Transcript]:
        """Raises ProviderError if the service is gone."""
        while self._ended and self._ended[0].due <= self._now():
            stretch = self._ended[0]
            self._deaf = 0 if stretch.answered else self._deaf + 1
            if not (stretch.texts or stretch.partial) and (self._wire.always_answers or self._deaf >= _DEAF):
                raise ProviderError.of(PROVIDER, TimeoutError())
            yield self._final()

    def _final(self) -> Transcript:
        stretch = self._ended.popleft()
        if not self._ended and self._speaking is None:
            self._open = 0
        self._stood_in = bool(stretch.partial) and not stretch.texts
        return Transcript(" ".join(stretch.texts) or stretch.partial, True, stretch.language, stretch.certainty)
