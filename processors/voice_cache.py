"""A voice that says a fixed sentence once, and plays it from then on. What a model words anew is always spoken."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import AsyncGenerator, AsyncIterable, Iterable, Iterator, Mapping, Sequence
from contextlib import aclosing
from typing import Any

from pipeline.audio import SAMPLE_BYTES
from processors.ports import ProviderError, Sound, StaysConnected, TextToSpeech
from processors.sound_store import SoundStore

PATIENCE = 0.05
"""Seconds that a beginning which may become a fixed sentence waits for the rest of it."""
SLICE = 0.2
"""Seconds of a kept sound that are played between two turns of the event loop."""
AFTER = 3.0
"""Seconds into a call before its voice is asked for the sentences that it may need: its greeting goes first."""


class FixedSentences:
    """What is said in the same words again and again."""

    def __init__(self, soon: Iterable[str], later: Iterable[str] = (), for_one: Iterable[str] = ()) -> None:
        """`soon` are made before they are needed, `later` as they are said. Those `for_one` customer no file keeps."""
        self.soon = tuple(_written(soon))
        self._for_all = frozenset((*self.soon, *_written(later)))
        self._all = self._for_all.union(_written(for_one))

    def __contains__(self, text: str) -> bool:
        return text in self._all

    def for_all(self, text: str) -> bool:
        """It holds nothing of anybody's."""
        return text in self._for_all

    def begins(self, text: str) -> bool:
        """More of it could make it one of them."""
        return any(len(text) < len(one) and one.startswith(text) for one in self._all)


def _written(texts: Iterable[str]) -> Iterator[str]:
    return (text.strip() for text in texts if text.strip())


class CachedVoice:
    """As the voice itself. `voice_key` tells apart voices, their options, and under whose account they are asked."""

    def __init__(
        self, voice: TextToSpeech, voice_key: str, sounds: SoundStore, fixed: FixedSentences, *, after: float = AFTER
    ) -> None:
        self.rate = voice.rate
        self._voice, self._voice_key, self._sounds, self._fixed, self._after = voice, voice_key, sounds, fixed, after

    async def stay_connected(self) -> None:
        """Makes what is missing of the sentences that everybody may hear, beside what the voice itself does."""
        async with asyncio.TaskGroup() as tasks:
            if isinstance(self._voice, StaysConnected):
                tasks.create_task(self._voice.stay_connected())
            tasks.create_task(self._prepare())

    async def kept(self, text: str) -> bytes | None:
        """The sound of a fixed sentence, whole, at the voice's rate."""
        sound = await self._sounds.get(self.key(text))
        return None if sound is None else b"".join(piece.pcm for piece in _unpacked(sound, self.rate))

    async def speak(self, text: AsyncIterable[str]) -> AsyncGenerator[Sound, None]:
        pieces = _Pieces(text)
        try:
            held, fixed, ended = await self._opening(pieces)
            sentence, rest = "".join(held[:fixed]).strip(), held[fixed:]
            sound = await self._sounds.get(self.key(sentence)) if fixed else None
            if sound is not None:
                for piece in _unpacked(sound, self.rate):
                    yield piece
                    await asyncio.sleep(0)
                if ended and not rest:
                    return
            made: list[Sound] = []
            is_kept = bool(fixed) and sound is None and ended and not rest
            given = pieces.after(rest if sound is not None else held)
            async with aclosing(self._voice.speak(given)) as spoken:
                async for piece in spoken:
                    if is_kept:
                        made.append(piece)
                    yield piece
            if made:
                await self._sounds.put(self.key(sentence), _packed(made), on_disk=self._fixed.for_all(sentence))
        finally:
            await pieces.close()

    async def _opening(self, pieces: _Pieces) -> tuple[list[str], int, bool]:
        """What came first, how many pieces of that are a fixed sentence, and whether nothing follows."""
        held: list[str] = []
        text, fixed, ended = "", 0, False
        while not held or self._fixed.begins(text.lstrip()) or (fixed == len(held) and not ended):
            try:
                piece = await pieces.next(PATIENCE if text.strip() else None)
            except TimeoutError:
                break
            if piece is None:
                ended = True
                break
            held.append(piece)
            text += piece
            if text.strip() in self._fixed:
                fixed = len(held)
        return held, fixed, ended

    async def _prepare(self) -> None:
        await asyncio.sleep(self._after)
        for sentence in self._fixed.soon:
            key = self.key(sentence)
            if key in self._sounds.making or await self._sounds.get(key) is not None:
                continue
            self._sounds.making.add(key)
            try:
                async with aclosing(self.speak(_once(sentence))) as spoken:
                    async for _ in spoken:
                        pass
            except ProviderError:  # it will be said by whoever says the call's other words
                return
            finally:
                self._sounds.making.discard(key)

    def key(self, sentence: str) -> str:
        return hashlib.sha256(f"{self._voice_key}\n{self.rate}\n{sentence}".encode()).hexdigest()


def voice_key(provider: str, options: Mapping[str, Any]) -> str:
    """A digest: the options hold a key to an account."""
    told = json.dumps([provider, options], sort_keys=True, default=str)
    return hashlib.sha256(told.encode()).hexdigest()


class _Pieces:
    """A text that can be waited for with a limit, and loses nothing by that."""

    def __init__(self, text: AsyncIterable[str]) -> None:
        self._text = aiter(text)
        self._coming: asyncio.Future[str | None] | None = None

    async def next(self, seconds: float | None = None) -> str | None:
        """None: there is no more. Raises TimeoutError."""
        if self._coming is None:
            self._coming = asyncio.ensure_future(self._one())
        done, _ = await asyncio.wait((self._coming,), timeout=seconds)
        if not done:
            raise TimeoutError
        coming, self._coming = self._coming, None
        return coming.result()

    async def after(self, held: Sequence[str]) -> AsyncGenerator[str, None]:
        for piece in held:
            yield piece
        while (more := await self.next()) is not None:
            yield more

    async def close(self) -> None:
        if self._coming is not None:
            self._coming.cancel()
            await asyncio.gather(self._coming, return_exceptions=True)

    async def _one(self) -> str | None:
        return await anext(self._text, None)


async def _once(text: str) -> AsyncGenerator[str, None]:
    yield text


def _packed(sounds: Sequence[Sound]) -> bytes:
    """A line of JSON with each sound's words and length in bytes, then the sounds."""
    about = json.dumps([[sound.text, len(sound.pcm)] for sound in sounds])
    return b"\n".join((about.encode(), b"".join(sound.pcm for sound in sounds)))


def _unpacked(kept: bytes, rate: int) -> Iterator[Sound]:
    about, _, pcm = kept.partition(b"\n")
    step, begin = round(SLICE * rate) * SAMPLE_BYTES, 0
    for text, length in json.loads(about):
        for at in range(begin, begin + length, step):
            yield Sound(pcm[at : min(at + step, begin + length)], text if at == begin else "")
        begin += length
