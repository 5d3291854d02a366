"""A service of Pipecat's is made from plain JSON, and nothing else is."""

from __future__ import annotations

from typing import Any

import pytest
from aiohttp import ClientSession
from pydantic import ValidationError

from processors import catalogue
from processors.pipecat_service import ServiceOptions, accepts, opened
from processors.ports import ProviderError

TTS = "pipecat.services.openai.tts.OpenAITTSService"
KEY = "sk-very-secret"


@pytest.mark.parametrize(
    "service",
    [
        "os.path.Path",
        "pipecat.runner.run.Main",
        "pipecat.services",
        "pipecat.services.openai.tts.os.system",
        "pipecat.services..tts.Tts",
        "pipecat.services.openai.tts.OpenAITTSService()",
        "evil.pipecat.services.tts.Tts",
    ],
)
def test_a_name_that_is_no_class_of_pipecats_services_is_refused_unread(service: str) -> None:
    with pytest.raises(ValidationError):
        ServiceOptions(service=service)


@pytest.mark.parametrize(
    ("service", "said"),
    [
        ("pipecat.services.openai.llm.OpenAILLMService", "is no TTSService"),
        ("pipecat.services.tts_service.TTSService", "is no TTSService"),
        ("pipecat.services.settings.TTSSettings", "is no TTSService"),
        ("pipecat.services.openai.tts.Nobody", "is no TTSService"),
        ("pipecat.services.nowhere.tts.Tts", "cannot be imported here"),
    ],
)
async def test_a_class_that_is_no_service_of_its_stage_is_refused(service: str, said: str) -> None:
    await _refused({"service": service}, said)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"tempo": 3}, "takes no argument 'tempo'"),
        ({"settings": {"tempo": 3}}, "takes no such settings.tempo"),
        ({"settings": {"speed": KEY}}, "takes no such settings.speed"),
        ({"base_url": {"host": KEY}}, "takes no such base_url"),
        ({"text_aggregation_mode": KEY}, "takes no such text_aggregation_mode"),
    ],
)
async def test_an_argument_that_does_not_fit_is_named_and_not_shown(arguments: dict[str, Any], said: str) -> None:
    await _refused({"service": TTS, "arguments": arguments}, said)


async def test_an_argument_that_is_missing_is_named() -> None:
    async with ClientSession() as http:
        model = catalogue.create("llm", "pipecat", {"service": "pipecat.services.azure.llm.AzureLLMService"}, http)
        with pytest.raises(ProviderError, match="AzureLLMService needs the argument 'endpoint'"):
            await anext(model.reply((), ()))


def test_a_key_is_not_taken_where_it_would_be_shown() -> None:
    with pytest.raises(ValidationError, match="stands beside the arguments"):
        ServiceOptions(service=TTS, arguments={"api_key": KEY})


async def test_an_argument_may_be_taken_by_the_class_that_a_service_is_made_from() -> None:
    async with ClientSession() as http:
        host = await opened(ServiceOptions(service=TTS), "tts_service.TTSService", 24000, http)
        try:
            assert accepts(host.made, "stop_frame_timeout_s")
            assert accepts(host.made, "base_url")
            assert not accepts(host.made, "aiohttp_session")
        finally:
            await host.end()


async def _refused(options: dict[str, Any], said: str) -> None:
    async with ClientSession() as http:
        voice = catalogue.create("tts", "pipecat", {"api_key": KEY, **options}, http)
        with pytest.raises(ProviderError, match=said) as failed:
            await anext(voice.speak(_hello()))
    assert KEY not in str(failed.value)
    assert not failed.value.retriable


async def _hello() -> Any:
    yield "Hello."
