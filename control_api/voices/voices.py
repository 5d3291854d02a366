"""The voices that an organisation can choose: the server's own, and the speakers that it has deployed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from control_api.catalogue import OWN, Voice, language_name
from control_api.web.asked import Asked
from control_api.web.errors import bad
from storage.assets import VoiceSpeaker

CLONED = "cloned"
"""Model of an organisation's own speakers."""


@dataclass(frozen=True, slots=True)
class Choosable:
    """All of them, with the speakers that some are made of."""

    voices: Mapping[str, Voice]
    """By id."""
    speakers: Mapping[str, VoiceSpeaker]
    """By id of the voice."""

    def chosen(self, voice_config: Mapping[str, Any]) -> Voice | None:
        """The first that is all that the config says; None if there is none, or it names no speaker."""
        wanted = {name: voice_config.get(name) for name in ("provider", "model", "speaker", "language_code")}
        if not wanted["speaker"]:
            return None
        alike = (voice for voice in self.voices.values() if _is(voice, wanted))
        return next(alike, None)

    def __iter__(self) -> Iterator[Voice]:
        return iter(self.voices.values())


async def choosable(asked: Asked) -> Choosable:
    async with asked.read() as work:
        speakers = await work.speakers.every()
    deployed = {speaker.voice_sample_id: speaker for speaker in speakers if speaker.deployed}
    own = {voice_id: speaker for voice_id, speaker in deployed.items() if voice_id is not None}
    voices = {voice.id: voice for voice in asked.services.catalogue.voices}
    return Choosable({**voices, **{voice_id: _voice(voice_id, speaker) for voice_id, speaker in own.items()}}, own)


def must_be_known(asked: Asked, provider: str, field: str) -> None:
    """Raises RefusedError, which names `field`, unless there is such a provider of voices."""
    known = asked.services.catalogue.voice_providers
    if provider not in known:
        raise bad(f"{field} must be one of {', '.join(known)}")


def sample_url(asked: Asked, voice: Voice) -> str:
    """Where it can be listened to."""
    return asked.url(f"/api/voice/samples/{voice.id}/audio")


def _is(voice: Voice, wanted: Mapping[str, Any]) -> bool:
    return all(value is None or value == getattr(voice, name) for name, value in wanted.items())


def _voice(voice_id: str, speaker: VoiceSpeaker) -> Voice:
    return Voice(voice_id, OWN, CLONED, speaker.name, speaker.language, language_name(speaker.language))
