from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pipeline.audio import seconds
from pipeline.processor import Processor
from processors.catalogue import UnknownProviderError
from processors.dialogue import Dialogue
from processors.lines import lines_for
from processors.ports import ProviderError
from processors.speech_out import SpeechOut
from processors.tts.embedded import EmbeddedTts
from processors.tts.embedded import Options as VoiceOptions
from server.assembly import BadOptionsError, Workshop
from server.call_plan import CallPlan
from server.sounds import spares
from tests.fakes import FakeVoice
from tests.server.house import a_workshop, scripted


async def stages(workshop: Workshop, recording: Path | None = None, **config: Any) -> list[Processor]:
    plan = CallPlan.model_validate(scripted(**config))
    return await workshop.stages(plan, rate=8000, transport="loopback", recording=recording, last=[Processor()])


def names(made: list[Processor]) -> list[str]:
    return [type(stage).__name__ for stage in made]


async def test_every_stage_stands_in_the_order_of_the_road(workshop: Workshop, tmp_path: Path) -> None:
    assert names(await stages(workshop, tmp_path / "call.wav", vad={"kind": "neural"}, idle={})) == [
        "NeuralVad",
        "SpeechIn",
        "Keypad",
        "TurnTaker",
        "Idle",
        "Tones",
        "Dialogue",
        "Watchdog",
        "SpeechOut",
        "Recorder",
        "Tap",
        "Waterfall",
        "Meter",
        "Scribe",
        "Processor",
    ]


async def test_what_a_plan_leaves_out_is_not_there(workshop: Workshop) -> None:
    made = names(await stages(workshop, keypad=None))
    assert "Keypad" not in made
    assert "Recorder" not in made
    assert made[0] == "LoudnessVad"


@pytest.mark.parametrize(
    "choice",
    [
        {"stt": {"provider": "scripted", "options": {"lines": []}}},
        {"llm": {"provider": "openai", "options": {"modle": "x"}}},
        {"tts": {"provider": "scripted", "options": {"rate": 1}}},
    ],
)
async def test_bad_options_of_a_provider_are_refused(workshop: Workshop, choice: dict[str, Any]) -> None:
    with pytest.raises(BadOptionsError):
        await stages(workshop, **choice)


async def test_a_provider_that_is_not_there_is_refused_by_name(workshop: Workshop) -> None:
    with pytest.raises(UnknownProviderError, match="no tts provider 'choir'"):
        await stages(workshop, tts={"provider": "choir"})


async def test_bad_options_are_told_without_a_word_of_them(workshop: Workshop) -> None:
    options = {"model": "m", "api_key": ["nn-canary"], "api_kee": "nn-canary"}
    with pytest.raises(BadOptionsError) as refused:
        await stages(workshop, llm={"provider": "openai", "options": options})
    assert "api_kee" in str(refused.value)
    assert "canary" not in str(refused.value)


async def test_an_apology_is_spoken_once_for_each_language_and_rate(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []

    class Noted(EmbeddedTts):
        def __init__(self, options: VoiceOptions) -> None:
            said.append(options.language)
            super().__init__(options)

    monkeypatch.setattr(spares, "EmbeddedTts", Noted)
    for language, rate in [("en-IN", 8000), ("en-GB", 8000), ("hi-IN", 8000), ("xx", 16000), ("HI-xyz", 8000)]:
        plan = CallPlan.model_validate(scripted(language=language))
        await workshop.stages(plan, rate=rate, transport="loopback", recording=None, last=[])
    assert said == ["en", "hi", "en"]
    english, hindi = workshop.apologies["en", 8000].apology, workshop.apologies["hi", 8000].apology
    assert (english.text, hindi.text) == (lines_for("en").apology, lines_for("hi").apology)
    assert 2 < seconds(english.pcm, 8000) < 10
    assert seconds(workshop.apologies["en", 16000].apology.pcm, 16000) == pytest.approx(
        seconds(english.pcm, 8000), abs=0.05
    )


@pytest.mark.parametrize("language", ["sw-KE", "xx", ""])
async def test_an_apology_in_a_language_without_a_voice_is_english(workshop: Workshop, language: str) -> None:
    await stages(workshop, language=language)
    assert list(workshop.apologies) == [("en", 8000)]
    assert workshop.apologies["en", 8000].apology.text == lines_for("en").apology
    assert workshop.apologies["en", 8000].apology.pcm


async def test_an_apology_that_cannot_be_spoken_is_silent_and_tried_again(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(spares, "EmbeddedTts", lambda options: FakeVoice(ProviderError("fake", "broke")))
        await stages(workshop)
    assert caplog.messages == ["the apology could not be spoken"]
    assert workshop.apologies == {}
    await stages(workshop)
    assert workshop.apologies["en", 8000].apology.pcm


async def test_the_judge_is_asked_only_where_the_plan_wants_it() -> None:
    async def judge(pcm: bytes, rate: int) -> float:
        return 1.0

    async with a_workshop(judge=judge) as workshop:
        for smart in (True, False):
            (turns,) = [each for each in await stages(workshop, smart_turn=smart) if type(each).__name__ == "TurnTaker"]
            assert (turns._judge is judge) is smart  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("language", "options", "spoken_in"),
    [
        ("hi-IN", {}, "hi-IN"),
        ("hi-IN", {"language": "ta-IN"}, "ta-IN"),
        ("sw-KE", {}, "en-IN"),
        ("hi-IN", {"speed": 1.5}, "hi-IN"),
    ],
)
async def test_the_embedded_voice_speaks_the_calls_language_unless_told_otherwise(
    workshop: Workshop, language: str, options: dict[str, Any], spoken_in: str
) -> None:
    made = await stages(workshop, language=language, tts={"provider": "embedded", "options": options})
    (out,) = [stage for stage in made if isinstance(stage, SpeechOut)]
    voice: Any = out._tts
    assert voice._language == spoken_in


@pytest.mark.parametrize(("asked", "given"), [(None, 60.0), (30.0, 30.0), (3600.0, 60.0)])
async def test_no_plan_makes_a_call_longer_than_the_server_allows(asked: float | None, given: float) -> None:
    async with a_workshop(max_seconds=60.0) as workshop:
        (dialogue,) = [each for each in await stages(workshop, max_seconds=asked) if isinstance(each, Dialogue)]
    assert dialogue._max_seconds == given


async def test_a_call_of_several_languages_has_a_stage_for_them_and_what_each_is_spoken_with(
    workshop: Workshop,
) -> None:
    made = await stages(workshop, languages=["hi-IN"], tts={"provider": "embedded"})
    assert names(made)[1:3] == ["SpeechIn", "Languages"]
    speech = next(stage for stage in made if isinstance(stage, SpeechOut))
    hindi = speech._manners["hi-IN"]()
    assert hindi.apology.text == lines_for("hi").apology
    assert set(speech._manners) == {"en-IN", "hi-IN"}
    assert "Languages" not in names(await stages(workshop))
