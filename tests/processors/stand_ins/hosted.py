"""The stand-ins of others as Pipecat's own services ask them: the same wire, spoken by somebody else's code."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from tests.processors.stand_ins import elevenlabs, openai_sound


@asynccontextmanager
async def speaking() -> AsyncIterator[elevenlabs.ElevenLabs]:
    async with elevenlabs.running() as server:
        arguments = {"url": _socket(server.base_url), "settings": {"voice": "v1"}}
        options = {"service": "pipecat.services.elevenlabs.tts.ElevenLabsTTSService", "arguments": arguments}
        _use(server, api_key=elevenlabs.KEY, keep_seconds=0, **options)
        yield server


@asynccontextmanager
async def listening() -> AsyncIterator[openai_sound.OpenAiSound]:
    async with openai_sound.running() as server:
        arguments = {"base_url": f"{_socket(server.base_url)}/realtime"}
        options = {"service": "pipecat.services.openai.stt.OpenAIRealtimeSTTService", "arguments": arguments}
        _use(server, api_key=openai_sound.KEY, final_seconds=0.3, rate=24000, **options)
        yield server


def _use(server: Any, **options: Any) -> None:
    server.params = lambda **more: {**options, **more}


def _socket(base_url: str) -> str:
    return base_url.replace("http:", "ws:")
