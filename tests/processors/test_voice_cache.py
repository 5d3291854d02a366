from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator
from pathlib import Path

import pytest

from processors.ports import ProviderError, Sound
from processors.sound_store import SoundStore
from processors.voice_cache import CachedVoice, FixedSentences, voice_key
from tests.fakes import FakeVoice

FIXED = FixedSentences(["One moment, please.", "I'm sorry, I can't."], ["We open at nine."], ["Hello Asha."])


class Voice(FakeVoice):
    """And notes what it was given."""

    def __init__(self, error: Exception | None = None) -> None:
        super().__init__(error)
        self.said: list[str] = []

    async def speak(self, text: AsyncIterable[str]) -> AsyncGenerator[Sound, None]:
        self.said.append("")

        async def noted() -> AsyncIterator[str]:
            async for piece in text:
                self.said[-1] += piece
                yield piece

        async for sound in super().speak(noted()):
            yield sound


def cached(voice: Voice, sounds: SoundStore, key: str = "a") -> CachedVoice:
    return CachedVoice(voice, key, sounds, FIXED, after=0)


async def spoken(voice: CachedVoice, *pieces: str) -> tuple[str, bytes]:
    async def given() -> AsyncIterator[str]:
        for piece in pieces:
            yield piece

    sounds = [sound async for sound in voice.speak(given())]
    return "".join(sound.text for sound in sounds), b"".join(sound.pcm for sound in sounds)


async def test_a_fixed_sentence_is_spoken_once_and_played_alike_from_then_on() -> None:
    voice, sounds = Voice(), SoundStore()
    first = await spoken(cached(voice, sounds), "One moment, ", "please.")
    again = await spoken(cached(voice, sounds), "One moment, please.")
    assert first == again
    assert (again[0], voice.said) == ("One moment, please.", ["One moment, please."])


async def test_what_a_model_words_anew_is_spoken_each_time() -> None:
    voice, sounds = Voice(), SoundStore()
    for _ in range(2):
        assert (await spoken(cached(voice, sounds), "I'm sorry, ", "we are closed."))[0] == "I'm sorry, we are closed."
    assert voice.said == ["I'm sorry, we are closed."] * 2


async def test_words_behind_a_fixed_sentence_are_spoken_behind_it() -> None:
    voice, sounds = Voice(), SoundStore()
    await spoken(cached(voice, sounds), "We open at nine.")
    assert (await spoken(cached(voice, sounds), "We open at nine.", " And you?"))[0] == "We open at nine. And you?"
    assert voice.said == ["We open at nine.", " And you?"]


async def test_a_fixed_sentence_does_not_wait_for_a_model_that_goes_on_later() -> None:
    voice, sounds = Voice(), SoundStore()
    await spoken(cached(voice, sounds), "One moment, please.")

    async def unfinished() -> AsyncIterator[str]:
        yield "One moment, please."
        await asyncio.Event().wait()

    async with asyncio.timeout(10):
        async for sound in cached(voice, sounds).speak(unfinished()):
            assert sound.text == "One moment, please."
            break


async def test_another_voice_or_account_does_not_say_it() -> None:
    keys = {voice_key("p", {"api_key": "a"}), voice_key("p", {"api_key": "b"}), voice_key("q", {"api_key": "a"})}
    assert len(keys) == 3
    voice, sounds = Voice(), SoundStore()
    for key in keys:
        await spoken(cached(voice, sounds, key), "One moment, please.")
    assert len(voice.said) == 3


async def test_a_sentence_that_was_cut_short_or_failed_is_not_kept() -> None:
    voice, sounds = Voice(), SoundStore()
    speaking = cached(voice, sounds).speak(_pieces("We open ", "at nine."))
    await anext(speaking)
    await speaking.aclose()
    with pytest.raises(ProviderError):
        await spoken(cached(Voice(ProviderError("voice", "broke")), sounds), "We open at nine.")
    assert await cached(voice, sounds).kept("We open at nine.") is None


async def test_what_may_be_needed_is_made_before_it_is() -> None:
    voice, sounds = Voice(), SoundStore()
    await cached(voice, sounds).stay_connected()
    assert voice.said == ["One moment, please.", "I'm sorry, I can't."]
    assert await cached(voice, sounds).kept("One moment, please.")


async def test_a_restart_keeps_what_everybody_may_hear_and_no_file_what_one_customer_heard(tmp_path: Path) -> None:
    voice = Voice()
    before = cached(voice, SoundStore(tmp_path))
    await spoken(before, "We open at nine.")
    await spoken(before, "Hello Asha.")
    after = cached(voice, SoundStore(tmp_path))
    assert await after.kept("We open at nine.")
    assert await after.kept("Hello Asha.") is None
    assert [set(name) - set("0123456789abcdef") for name in _names(tmp_path)] == [set()]


async def test_what_was_used_longest_ago_makes_room(tmp_path: Path) -> None:
    sounds = SoundStore(tmp_path, memory=20, disk=20)
    for key in "abc":
        await sounds.put(key, key.encode() * 8, on_disk=True)
    assert _names(tmp_path) == ["b", "c"]
    assert await sounds.get("a") is None
    in_memory = SoundStore(memory=20)
    for key in "ab":
        await in_memory.put(key, bytes(8), on_disk=True)
    assert await in_memory.get("a") == bytes(8)
    await in_memory.put("c", bytes(8), on_disk=True)
    assert (await in_memory.get("a"), await in_memory.get("b")) == (bytes(8), None)


async def test_a_disk_that_is_broken_costs_no_call_anything(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_bytes(b"")
    sounds = SoundStore(tmp_path / "file")
    voice = cached(Voice(), sounds)
    assert (await spoken(voice, "We open at nine."))[0] == "We open at nine."
    assert await voice.kept("We open at nine.")
    assert [record.getMessage() for record in caplog.records] == ["sounds cannot be kept on disk"]


async def test_calls_that_say_the_same_for_the_first_time_at_once_keep_it_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    sounds = SoundStore(tmp_path)
    await asyncio.gather(*(sounds.put("a", bytes(2**20), on_disk=True) for _ in range(20)))
    assert _names(tmp_path) == ["a"]
    assert await SoundStore(tmp_path).get("a") == bytes(2**20)
    assert caplog.records == []


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def _pieces(*pieces: str) -> AsyncIterator[str]:
    for piece in pieces:
        yield piece
