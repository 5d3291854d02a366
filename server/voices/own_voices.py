"""The voice of an organisation's own speaker, by the engine that made it, for a call that is to have it."""

from __future__ import annotations

from typing import Any

from server.call_plan import CallPlan
from storage.assets import VoiceSpeaker
from storage.database import UnitOfWork


async def with_own_voice(plan: CallPlan, own: UnitOfWork) -> CallPlan:
    """The embedded voice speaks where there is no such speaker, no voice of it, or no consent of its owner any more.

    A voice that the plan names otherwise stands above the speaker. One that left the catalogue goes on speaking.
    """
    if not plan.speaker or plan.tts.provider != "embedded" or "voice" in plan.tts.options:
        return plan
    speaker = await own.speakers.get(plan.speaker)
    if speaker is None or speaker.voice is None or speaker.engine is None or speaker.consented_at is None:
        return plan
    choice = {"provider": speaker.engine, "options": _options(speaker, plan.language)}
    return plan.model_copy(update={"tts": plan.tts.model_copy(update=choice)})


def _options(speaker: VoiceSpeaker, language: str) -> dict[str, Any]:
    """ElevenLabs hears the language from the text."""
    if speaker.engine == "elevenlabs":
        return {"voice": speaker.voice}
    return {"voice": speaker.voice, "language": language}
