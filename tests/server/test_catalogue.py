"""What the control API is told of the providers and voices of the media path."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import wave
from pathlib import Path
from typing import Any

import pytest

from control_api.catalogue import SampleError, Voice
from processors.catalogue import names
from processors.ports import ProviderError
from processors.voices import pico
from processors.voices.espeak import LANGUAGES
from server import demo
from server.catalogue import catalogue, check, check_plan
from server.voices import voice_samples

KEY = "sk-canary-0123456789"


def test_every_language_of_the_embedded_voices_is_listed_once_for_each_speaker(tmp_path: Path) -> None:
    voices = catalogue(tmp_path).voices
    assert {voice.language_code.partition("-")[0] for voice in voices} == set(LANGUAGES)
    assert len({(voice.speaker, voice.language_code) for voice in voices}) == len(voices)
    assert {voice.provider for voice in voices} == {"nextneural"}
    assert any(voice.speaker == "pico" for voice in voices) == pico.INSTALLED
    names = {voice.language_code: voice.language_name for voice in voices}
    assert (names["hi-IN"], names["ta-IN"], names["en-US"]) == ("Hindi", "Tamil", "English")


def test_ids_are_the_same_after_every_start(tmp_path: Path) -> None:
    ids = [voice.id for voice in catalogue(tmp_path).voices]
    assert ids == [voice.id for voice in catalogue(tmp_path).voices]
    assert len(set(ids)) == len(ids)
    assert all(voice_id.startswith("vs_") and len(voice_id) == 29 for voice_id in ids)
    assert the_voice(tmp_path, "auto", "en-IN").id == "vs_i65dtnehxqy3jhapdq7i4lgyd3"


def the_voice(data: Path, speaker: str, code: str) -> Voice:
    found = [voice for voice in catalogue(data).voices if (voice.speaker, voice.language_code) == (speaker, code)]
    assert len(found) == 1
    return found[0]


def test_the_demo_s_voice_is_one_of_them_and_its_plan_is_sound(tmp_path: Path) -> None:
    assert the_voice(tmp_path, demo.VOICE["speaker"], demo.VOICE["language_code"]).model == demo.VOICE["model"]
    assert demo.VOICE["provider"] in catalogue(tmp_path).voice_providers
    assert check_plan(demo.plan()) is None


def test_voice_providers_are_the_documents_and_our_own(tmp_path: Path) -> None:
    assert {"sarvam", "nextneural", "elevenlabs", "embedded"} <= set(catalogue(tmp_path).voice_providers)


def test_providers_tell_what_is_secret(tmp_path: Path) -> None:
    shown = catalogue(tmp_path)
    found = {(provider.stage, provider.name): provider for provider in shown.providers()}
    assert found["llm", "openai"].needs_key
    assert found["llm", "openai"].schema["properties"]["api_key"]["writeOnly"] is True
    assert shown.secrets("llm", "openai") == {"api_key"}
    assert not found["stt", "embedded"].needs_key
    assert shown.secrets("llm", "gone") == frozenset()


def test_a_name_that_a_client_makes_up_is_not_remembered(tmp_path: Path) -> None:
    name = "".join(["made", "up"])
    before = sys.getrefcount(name)
    assert catalogue(tmp_path).secrets("llm", name) == frozenset()
    assert sys.getrefcount(name) == before


@pytest.mark.parametrize(
    ("plan", "wrong"),
    [
        ({}, None),
        ({"llm": {"provider": "openai", "options": {"api_key": KEY}}}, None),
        ({"llm": {"provider": "acme"}}, f"llm.provider must be one of {', '.join(names('llm'))}"),
        ({"llm": {"provider": "openai", "options": {"api_key": [KEY]}}}, "llm.options.api_key must be a valid string"),
        ({"llm": {"options": {"script": KEY}}}, "llm.options.script will not do"),
        ({"llm": "openai"}, "llm must be "),
        ({"tts": {"options": {"language": "fr"}}}, "tts.options.language will not do: the embedded voice speaks en"),
        ({"stt": {"provider": "scripted"}}, "stt.options.lines is required"),
        ({"tts": {"provider": "chatterbox", "options": {"voice": "/etc/passwd"}}}, "tts.provider of that name has the"),
        ({"voice": "x"}, "voice is not a known field"),
        ({"max_seconds": -1}, "max_seconds must be greater than 0"),
        (
            {"llm": {"fallbacks": [{"provider": "openai"}, {"provider": "openai", "options": {"api_key": [KEY]}}]}},
            "llm.fallbacks.1.options.api_key must be a valid string",
        ),
    ],
)
def test_a_plan_is_checked_against_the_schemas_of_its_providers(plan: dict[str, Any], wrong: str | None) -> None:
    found = check_plan(plan)
    if wrong is None:
        assert found is None
    else:
        assert found is not None
        assert found.startswith(wrong)
        assert KEY not in found


def test_one_provider_s_options_are_checked_alone() -> None:
    assert check("tts", "embedded", {"speed": 1.5}) is None
    assert check("tts", "embedded", {"speed": 3}) == "options.speed must be less than or equal to 2"
    assert check("tts", "acme", {}) == f"provider must be one of {', '.join(names('tts'))}"


async def test_a_voice_is_made_to_speak_once_even_when_ten_ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Path] = []
    write = voice_samples._write

    def counted(path: Path, pcm: bytes, rate: int) -> None:
        made.append(path)
        write(path, pcm, rate)

    monkeypatch.setattr(voice_samples, "_write", counted)
    shown, voice = catalogue(tmp_path), the_voice(tmp_path, "espeak", "hi-IN")
    assert shown.sample is not None
    files = await asyncio.gather(*(shown.sample(voice) for _ in range(10)))
    assert made == [tmp_path / "samples" / f"{voice.id}.wav"]
    assert set(files) == set(made)
    assert await catalogue(tmp_path).sample(voice) == files[0]  # type: ignore[misc]
    assert len(made) == 1
    with wave.open(str(files[0])) as sound:
        assert (sound.getnchannels(), sound.getsampwidth()) == (1, 2)
        assert sound.getnframes() / sound.getframerate() > 1
    assert [file.name for file in files[0].parent.iterdir()] == [files[0].name]


async def test_every_language_can_be_heard(tmp_path: Path) -> None:
    shown = catalogue(tmp_path)
    assert shown.sample is not None
    for voice in shown.voices:
        if voice.speaker == "auto":
            assert (await shown.sample(voice)).stat().st_size > 20_000


async def test_a_voice_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def failed(*given: Any) -> bytes:
        raise ProviderError("embedded", "has no data")

    shown, voice = catalogue(tmp_path), the_voice(tmp_path, "espeak", "hi-IN")
    assert shown.sample is not None
    with monkeypatch.context() as patch:
        patch.setattr(voice_samples, "spoken", failed)
        with pytest.raises(SampleError):
            await shown.sample(voice)
    assert not (tmp_path / "samples").exists()
    assert (await shown.sample(voice)).is_file()


async def test_a_file_that_cannot_be_finished_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*given: Any) -> None:
        raise OSError("no space left")

    monkeypatch.setattr("server.voices.voice_samples.os.replace", full)
    shown = catalogue(tmp_path)
    assert shown.sample is not None
    with pytest.raises(OSError, match="no space"):
        await shown.sample(the_voice(tmp_path, "espeak", "hi-IN"))
    assert list((tmp_path / "samples").iterdir()) == []


def test_no_provider_is_imported_before_it_is_asked_about(tmp_path: Path) -> None:
    program = f"""
import sys
from pathlib import Path
from server.catalogue import catalogue
shown = catalogue(Path({str(tmp_path)!r}))
print(len(shown.voices) > 0, "processors.stt.embedded" in sys.modules, "processors.llm.openai" in sys.modules)
shown.providers()
print("processors.stt.embedded" in sys.modules, "processors.llm.openai" in sys.modules)
"""
    told = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True, timeout=50)
    assert told.stdout.split() == ["True", "False", "False", "True", "True"]
