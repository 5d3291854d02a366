from __future__ import annotations

import pytest

from processors.ports import ProviderError
from processors.tts.scripted import Options, ScriptedTts
from server.sounds.speech import spoken
from tests.fakes import FakeVoice


async def test_a_text_is_spoken_at_the_rate_that_is_asked_for() -> None:
    assert len(await spoken(ScriptedTts(Options(seconds_per_reply=0.5, rate=16000)), "Good morning.", 8000)) == 8000


async def test_a_voice_that_fails_says_so() -> None:
    with pytest.raises(ProviderError, match="broke"):
        await spoken(FakeVoice(ProviderError("fake", "broke")), "Good morning.", 8000)
