"""The voice that needs no key: ten languages, an even level, no silence before the first word, quick to stop."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator
from contextlib import aclosing

import numpy as np
import pytest
from pydantic import ValidationError

from pipeline.audio import loudness
from processors.ports import ProviderError
from processors.tts import embedded
from processors.tts.embedded import EmbeddedTts, Options
from processors.voices import pico
from processors.voices.espeak import LANGUAGES, Espeak
from processors.voices.level import LOUDNESS, Shaper, Trim

HELLO = {
    "en": "Good morning, how can I help you today?",
    "hi": "नमस्ते, मैं आपकी क्या मदद कर सकता हूँ?",
    "ta": "வணக்கம், நான் உங்களுக்கு எப்படி உதவ முடியும்?",
    "te": "నమస్కారం, నేను మీకు ఎలా సహాయం చేయగలను?",
    "kn": "ನಮಸ್ಕಾರ, ನಾನು ನಿಮಗೆ ಹೇಗೆ ಸಹಾಯ ಮಾಡಲಿ?",
    "mr": "नमस्कार, मी तुमची काय मदत करू शकतो?",
    "bn": "নমস্কার, আমি আপনাকে কীভাবে সাহায্য করতে পারি?",
    "gu": "નમસ્તે, હું તમારી શું મદદ કરી શકું?",
    "ml": "നമസ്കാരം, ഞാൻ നിങ്ങളെ എങ്ങനെ സഹായിക്കണം?",
    "pa": "ਸਤ ਸ੍ਰੀ ਅਕਾਲ, ਮੈਂ ਤੁਹਾਡੀ ਕੀ ਮਦਦ ਕਰ ਸਕਦਾ ਹਾਂ?",
}


async def said(options: Options, *text: str) -> bytes:
    async def pieces() -> AsyncIterator[str]:
        for piece in text:
            yield piece

    return b"".join([sound.pcm async for sound in EmbeddedTts(options).speak(pieces())])


@pytest.mark.parametrize("language", LANGUAGES)
async def test_every_language_at_one_level_without_clipping(language: str) -> None:
    voice = Options(language=f"{language}-IN", voice="espeak")
    pcm = await said(voice, HELLO[language])
    levels = loudness(pcm, Espeak.rate)
    voiced = levels[levels > -45]
    mean = 10 * np.log10(np.mean(10 ** (voiced / 10)))
    assert abs(mean - LOUDNESS) < 3.5
    assert np.abs(np.frombuffer(pcm, "<i2").astype(int)).max() < 32767
    assert 1.2 < len(pcm) / 2 / Espeak.rate < 6


async def test_no_silence_before_the_first_word_and_little_after_the_last() -> None:
    pcm = await said(Options(voice="espeak"), "Hello there.")
    voiced = np.flatnonzero(loudness(pcm, Espeak.rate) > -45)
    assert voiced[0] <= 1
    assert len(pcm) / 2 / Espeak.rate - (voiced[-1] + 1) / 100 < 0.05


async def test_phrases_are_set_apart() -> None:
    one = await said(Options(voice="espeak"), "Hello there.")
    two = await said(Options(voice="espeak"), "Hello there. Hello there.")
    assert len(two) / 2 / Espeak.rate == pytest.approx(2 * len(one) / 2 / Espeak.rate + 0.28, abs=0.03)


async def test_speed() -> None:
    slow, fast = [len(await said(Options(voice="espeak", speed=speed), HELLO["en"])) for speed in (0.75, 1.5)]
    assert slow > 1.6 * fast


async def test_the_accent_follows_the_region_and_the_variant_the_voice() -> None:
    ways = [Options(language="en-US", voice="espeak"), Options(voice="espeak"), Options(voice="espeak+f2")]
    assert len({await said(way, HELLO["en"]) for way in ways}) == 3


async def test_stopping_stops_the_synthesis() -> None:
    made = 0

    class Endless:
        rate, presence = 22050, 0.0
        stopped = threading.Event()

        def say(self, text: str, take: object) -> None:
            nonlocal made
            assert callable(take)
            while take(b"\x00\x40" * 2205):
                made += 1
                time.sleep(0.001)
            self.stopped.set()

    engine = Endless()
    voice = EmbeddedTts(Options(voice="espeak"))
    loaded = embedded._Voice(engine, 1.0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(embedded, "_loaded", lambda *_key: loaded)

        async def text() -> AsyncIterator[str]:
            yield "Hello."

        async with aclosing(voice.speak(text())) as sounds:
            await anext(sounds)
        assert await asyncio.to_thread(engine.stopped.wait, 2)


async def test_trouble_is_a_provider_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_key: object) -> object:
        raise OSError("no such file: secret words")

    monkeypatch.setattr(embedded, "_loaded", broken)
    with pytest.raises(ProviderError, match="embedded: OSError") as trouble:
        await said(Options(), "Hello.")
    assert "secret" not in str(trouble.value)


async def test_the_loop_goes_on_while_it_speaks() -> None:
    voice = EmbeddedTts(Options(voice="espeak"))
    await voice.warm()
    loop, late, over = asyncio.get_running_loop(), [0.0], asyncio.Event()

    async def watch() -> None:
        while not over.is_set():
            before = loop.time()
            await asyncio.sleep(0)
            late.append(loop.time() - before)

    watching = asyncio.ensure_future(watch())
    await asyncio.gather(*(said(Options(voice="espeak"), HELLO["en"] * 3) for _ in range(4)))
    over.set()
    await watching
    assert np.median(late) < 0.005


@pytest.mark.skipif(not pico.INSTALLED, reason="the optional ttspico package is not installed")
async def test_pico_speaks_english_where_it_is_installed() -> None:
    voice = EmbeddedTts(Options())
    assert voice.rate == 16000
    pcm = await said(Options(), HELLO["en"])
    assert 1.5 < len(pcm) / 2 / 16000 < 5


@pytest.mark.parametrize("options", [{"language": "fr-FR"}, {"voice": "nobody"}, {"speed": 9}, {"pitch": 1}])
def test_options_that_cannot_be_had_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Options.model_validate(options)


def test_an_unknown_espeak_voice_is_refused() -> None:
    with pytest.raises(ValueError, match="no voice 'xx-nowhere'"):
        Espeak("xx-nowhere")


def test_trimming_keeps_the_pauses_inside() -> None:
    rate = 8000
    tone = (8000 * np.sin(np.arange(800) / 3)).astype("<i2").tobytes()
    quiet = bytes(1600)
    trim = Trim(rate)
    kept = b"".join(trim.push(piece) for piece in (quiet, quiet + tone, quiet, tone, quiet)) + trim.flush()
    assert len(kept) == pytest.approx(len(tone + quiet + tone), abs=2 * 2 * 400)
    assert tone in kept


def test_shaping_in_pieces_is_shaping_whole() -> None:
    sound = np.random.default_rng(1).integers(-20000, 20000, 1000).astype("<i2").tobytes()
    shaper = Shaper(0.7, 2.0)
    assert shaper.push(sound[:600]) + shaper.push(sound[600:]) == Shaper(0.7, 2.0).push(sound)
