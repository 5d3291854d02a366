"""The call's voice, where one service hears, thinks and speaks: that service's, and another for sentences of ours."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator
from contextlib import aclosing

from pipeline.audio import SAMPLE_BYTES, Resampler
from processors.ports import Sound, StaysConnected, TextToSpeech
from processors.realtime.answer import Answer, SoundedText


class Voice:
    """Plays what the model has said, and leaves to `sentences` what it has not.

    A greeting, a filler, an apology and whatever is dictated are said word for word. A model that speaks freely cannot
    be held to that.
    """

    def __init__(self, rate: int, sentences: TextToSpeech) -> None:
        self.rate = rate
        self._sentences = sentences

    async def stay_connected(self) -> None:
        if isinstance(self._sentences, StaysConnected):
            await self._sentences.stay_connected()

    async def speak(self, text: AsyncIterable[str]) -> AsyncGenerator[Sound, None]:
        pieces = _Pieces(text)
        seconds = 0.0
        while (piece := await pieces.peek()) is not None:
            if isinstance(piece, SoundedText):
                sounds = self._sounds(piece.answer, seconds, pieces)
            else:
                sounds = self._spoken(pieces)
            async with aclosing(sounds):
                async for sound in sounds:
                    seconds += len(sound.pcm) / SAMPLE_BYTES / self.rate
                    yield sound

    async def _sounds(self, answer: Answer, begins: float, pieces: _Pieces) -> AsyncGenerator[Sound, None]:
        answer.begins = begins
        async for sound in answer.sounds:
            yield sound
        while isinstance(piece := await pieces.peek(), SoundedText) and piece.answer is answer:
            pieces.take()
            yield Sound(b"")  # a sign of life: whoever reads us expects a sound after each sentence

    async def _spoken(self, pieces: _Pieces) -> AsyncGenerator[Sound, None]:
        resampler = Resampler(self._sentences.rate, self.rate)
        async with aclosing(self._sentences.speak(pieces.unsounded())) as sounds:
            async for sound in sounds:
                yield Sound(resampler.push(sound.pcm), sound.text)
        if rest := resampler.flush():
            yield Sound(rest)
        async for _ in pieces.unsounded():  # what it has left unspoken must not be given to it again
            pass


class _Pieces:
    """A reply's text, read with an eye on what comes next."""

    def __init__(self, text: AsyncIterable[str]) -> None:
        self._text = aiter(text)
        self._next: str | None = None

    async def peek(self) -> str | None:
        """None at the end."""
        if self._next is None:
            self._next = await anext(self._text, None)
        return self._next

    def take(self) -> None:
        self._next = None

    async def unsounded(self) -> AsyncIterator[str]:
        """Up to what has a sound of its own."""
        while (piece := await self.peek()) is not None and not isinstance(piece, SoundedText):
            self.take()
            yield piece
