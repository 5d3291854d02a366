"""Providers are found by their files."""

from __future__ import annotations

import subprocess
import sys

import pytest
from aiohttp import ClientSession
from pydantic import ValidationError

from processors import catalogue
from processors.catalogue import STAGES, UnknownProviderError
from processors.tts.scripted import ScriptedTts


def test_every_stage_has_what_needs_no_key() -> None:
    assert {"embedded", "openai", "scripted"} <= set(catalogue.names("llm"))
    assert {"embedded", "scripted"} <= set(catalogue.names("tts"))


def test_parts_of_a_provider_are_no_providers() -> None:
    assert "moonshine" not in catalogue.names("stt")


@pytest.mark.parametrize(("stage", "name"), [(stage, name) for stage in STAGES for name in catalogue.names(stage)])
def test_every_provider_describes_its_options(stage: catalogue.Stage, name: str) -> None:
    schema = catalogue.schema(stage, name)
    assert schema["type"] == "object"
    assert schema["additionalProperties"] is False


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    with pytest.raises(UnknownProviderError, match=r"no llm provider 'acme': there are .*embedded.*openai"):
        catalogue.load("llm", "acme")
    with pytest.raises(UnknownProviderError):
        catalogue.load("tts", "../llm/openai")


async def test_a_provider_is_made_from_a_record() -> None:
    async with ClientSession() as http:
        voice = catalogue.create("tts", "scripted", {"rate": 16000}, http)
        assert isinstance(voice, ScriptedTts)
        assert voice.rate == 16000
        with pytest.raises(ValidationError):
            catalogue.create("tts", "scripted", {"speed": 3}, http)


def test_listing_imports_no_provider() -> None:
    code = (
        "import sys; from processors import catalogue; "
        "[catalogue.names(stage) for stage in catalogue.STAGES]; "
        "assert not {'openai', 'onnxruntime', 'tokenizers', 'pipecat', 'numba'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
