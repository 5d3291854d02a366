"""A whole text as sound, for what is said later, or again and again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing

from pipeline.audio import resample
from processors.ports import TextToSpeech


async def spoken(tts: TextToSpeech, text: str, rate: int) -> bytes:
    """Mono PCM16 at `rate` Hz. Raises ProviderError."""

    async def given() -> AsyncIterator[str]:
        yield text

    async with aclosing(tts.speak(given())) as sounds:
        pcm = b"".join([sound.pcm async for sound in sounds])
    return resample(pcm, tts.rate, rate)
