"""Voices to choose from, and how they sound."""

from __future__ import annotations

from aiohttp import web
from pydantic import Field

from control_api.catalogue import SampleError, Voice
from control_api.voices.sound_files import streamed
from control_api.voices.sound_lengths import MP3, WAV
from control_api.voices.voices import choosable, must_be_known, sample_url
from control_api.web.asked import Asked
from control_api.web.contract import Contract
from control_api.web.errors import RefusedError, not_found
from control_api.web.shapes import Body, LanguageCode, Shown
from storage.records import Scope

contract = Contract("Voice samples", "/samples", v1="/samples", read=Scope.AGENTS_READ, write=None)


class SamplesQuery(Body):
    provider: str | None = Field(None, max_length=40)
    language_code: LanguageCode | None = Field(None, description="`hi` finds `hi-IN` too")


class SampleShown(Shown):
    uuid: str
    provider: str
    model: str
    speaker: str
    language_code: str
    language_name: str
    url: str


@contract.get("")
async def every(asked: Asked, query: SamplesQuery) -> list[SampleShown]:
    """List the voices that can be listened to."""
    if query.provider is not None:
        must_be_known(asked, query.provider, "provider")
    found = [
        voice
        for voice in await choosable(asked)
        if query.provider in (None, voice.provider) and _speaks(voice, query.language_code)
    ]
    return [_shown(asked, voice) for voice in found]


@contract.get("/{sample_uuid}/audio", media=(WAV, MP3))
async def audio(asked: Asked, sample_uuid: str) -> web.FileResponse:
    """A few words of a voice; of an organisation's own speaker, its reference."""
    known = await choosable(asked)
    if sample_uuid in known.speakers:
        speaker = known.speakers[sample_uuid]
        return await streamed(asked.services.data / speaker.reference, speaker.reference_type)
    voice, sample = known.voices.get(sample_uuid), asked.services.catalogue.sample
    if voice is None or sample is None:
        raise not_found("Sample")
    try:
        file = await sample(voice)
    except SampleError:
        raise RefusedError(503, "The voice cannot be heard at present") from None
    return await streamed(file, WAV)


def _speaks(voice: Voice, code: str | None) -> bool:
    return code is None or f"{voice.language_code}-".lower().startswith(f"{code}-".lower())


def _shown(asked: Asked, voice: Voice) -> SampleShown:
    fields = ("provider", "model", "speaker", "language_code", "language_name")
    return SampleShown(uuid=voice.id, url=sample_url(asked, voice), **{name: getattr(voice, name) for name in fields})
