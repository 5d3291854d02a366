from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, Sequence
from contextlib import aclosing

import pytest

from processors import fallback
from processors.fallback import AllFailedError
from processors.fallback_tts import FallbackTts
from processors.ports import Sound
from tests.fakes import settle
from tests.processors.faulty import FAULTS, HANG, Told, Voice, chain

TEXT = "Your table is booked. We see you on Friday at seven. Goodbye!"
PHRASES = ["Your table is booked. ", "We see you on Friday at seven. ", "Goodbye!"]


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fallback, "FIRST", 0.03)
    monkeypatch.setattr(fallback, "BETWEEN", 0.03)


async def given(*pieces: str) -> AsyncGenerator[str, None]:
    for piece in pieces:
        yield piece


async def spoken(voice: FallbackTts, *pieces: str) -> Sequence[Sound]:
    return [sound async for sound in voice.speak(given(*pieces))]


def texts(sounds: Sequence[Sound]) -> list[str]:
    return [sound.text for sound in sounds if sound.text]


@pytest.mark.parametrize("fault", FAULTS)
async def test_the_next_voice_speaks_in_place_of_one_that_fails(fault: str) -> None:
    told, first, second = Told(), Voice(1, words=0, fault=FAULTS[fault]), Voice(2)
    assert texts(await spoken(FallbackTts(chain(first, second, told=told.moves.append)), TEXT)) == PHRASES
    assert told.names == [("first", "second")]
    assert second.spoken == TEXT.split()
    assert (first.open, second.open) == (0, 0)


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("words", range(1, len(TEXT.split())))
async def test_where_a_voice_breaks_off_the_next_goes_on_and_no_phrase_is_told_twice_or_lost(
    fault: str, words: int
) -> None:
    first, second = Voice(1, words=words, fault=FAULTS[fault]), Voice(2)
    sounds = await spoken(FallbackTts(chain(first, second)), TEXT)
    assert texts(sounds) == PHRASES
    both = first.spoken + second.spoken
    assert [word for place, word in enumerate(both) if word != both[place - 1]] == TEXT.split()
    assert len(both) <= len(TEXT.split()) + 1  # the word that it broke in may be said again


async def test_text_that_comes_later_goes_to_the_voice_that_speaks_then() -> None:
    going_on = asyncio.Event()

    async def slowly() -> AsyncGenerator[str, None]:
        yield "Your table is booked. "
        yield "Good"
        await going_on.wait()
        yield "bye!"

    first, second = Voice(1, words=0, fault=HANG), Voice(2)
    sounds = []
    async with aclosing(FallbackTts(chain(first, second)).speak(slowly())) as speech:
        async for sound in speech:
            sounds.append(sound)
            going_on.set()
    assert texts(sounds) == ["Your table is booked. ", "Goodbye!"]


async def test_a_voice_that_has_nothing_to_speak_yet_does_not_hang(monkeypatch: pytest.MonkeyPatch) -> None:
    first, more = Voice(1), asyncio.Event()

    async def halting() -> AsyncGenerator[str, None]:
        yield "Let me"
        await more.wait()
        yield " see."

    told = Told()
    async with aclosing(FallbackTts(chain(first, Voice(2), told=told.moves.append)).speak(halting())) as speech:
        coming = asyncio.ensure_future(anext(speech))
        await asyncio.wait((coming,), timeout=0.1)
        assert not coming.done()
        more.set()
        assert (await coming).text == "Let me see."
    assert told.moves == []


async def test_a_voice_that_only_does_not_say_that_it_is_done_is_not_followed_by_another() -> None:
    class Endless(Voice):
        async def speak(self, text: AsyncIterable[str]) -> AsyncGenerator[Sound, None]:
            async with aclosing(super().speak(text)) as sounds:
                async for sound in sounds:
                    yield sound
            await asyncio.Event().wait()

    second = Voice(2)
    assert texts(await spoken(FallbackTts(chain(Endless(1), second)), TEXT)) == PHRASES
    assert second.asked == []


async def test_a_voice_that_ends_without_a_sound_has_failed() -> None:
    class Mute(Voice):
        async def speak(self, text: AsyncIterable[str]) -> AsyncGenerator[Sound, None]:
            async for _ in text:
                pass
            return
            yield Sound(b"")

    second = Voice(2)
    assert texts(await spoken(FallbackTts(chain(Mute(1), second)), "Hello.")) == ["Hello."]
    assert texts(await spoken(FallbackTts(chain(Mute(1), Voice(2))), " ... ")) == []


async def test_when_all_fail_it_is_told_after_what_was_spoken() -> None:
    voices = [Voice(1, words=2, fault=FAULTS["500"]), Voice(2, words=0, fault=HANG)]
    async with aclosing(FallbackTts(chain(*voices)).speak(given(TEXT))) as speech:
        assert [(await anext(speech)).text for _ in range(2)] == [PHRASES[0], ""]
        with pytest.raises(AllFailedError, match="took too long"):
            await anext(speech)
    assert [voice.open for voice in voices] == [0, 0]


async def test_voices_of_other_rates_are_brought_to_the_highest() -> None:
    class Fine(Voice):
        rate = 16000

    voice = FallbackTts(chain(Voice(1, words=0, fault=FAULTS["500"]), Fine(2)))
    assert voice.rate == 16000
    voice = FallbackTts(chain(Fine(1, words=0, fault=FAULTS["500"]), Voice(2)))
    sounds = await spoken(voice, "Hello there.")
    assert sum(len(sound.pcm) for sound in sounds) == pytest.approx(2 * 16000 * 0.91, rel=0.05)


async def test_whoever_stops_listening_leaves_nobody_at_work() -> None:
    first, second = Voice(1, words=1, fault=FAULTS["reset"]), Voice(2)
    async with aclosing(FallbackTts(chain(first, second)).speak(given(TEXT))) as speech:
        for _ in range(4):
            await anext(speech)
    assert (first.open, second.open) == (0, 0)


async def test_connections_are_kept_for_the_voice_that_speaks_and_for_the_one_that_it_moved_to() -> None:
    kept: list[int] = []

    class Connected(Voice):
        async def stay_connected(self) -> None:
            kept.append(self.name)
            await asyncio.Event().wait()

    voice = FallbackTts(chain(Connected(1, words=0, fault=FAULTS["500"]), Connected(2), Connected(3)))
    keeping = asyncio.ensure_future(voice.stay_connected())
    await settle()
    assert kept == [1]
    await spoken(voice, "Hello.")
    await settle()
    assert kept == [1, 2]
    keeping.cancel()
    await asyncio.gather(keeping, return_exceptions=True)
