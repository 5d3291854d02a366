"""Voices of the organisation's own: made from a reference, trained by a dataset, and put in the catalogue of voices."""

from __future__ import annotations

from typing import TypeVar

from aiohttp import web
from pydantic import ValidationError

from control_api.voices.consent import consented
from control_api.voices.deploying import deployed, speaker_named, undeployed, unmade
from control_api.voices.sound_files import MEGABYTES, Speech, copied, forget, heard, streamed
from control_api.voices.sound_lengths import MP3, WAV
from control_api.voices.speaker_shapes import (
    DatasetShown,
    Deployed,
    DeployQuery,
    SampleAdded,
    SampleFields,
    SampleForm,
    SpeakerCreated,
    SpeakerFields,
    SpeakerForm,
    SpeakerShown,
)
from control_api.voices.transcripts import must_fit
from control_api.web.asked import Asked
from control_api.web.bodies import Form, Upload, parts
from control_api.web.contract import Contract
from control_api.web.errors import bad, conflict, not_found, sentence
from control_api.web.shapes import Body
from storage.assets import SpeakerSample, VoiceSpeaker
from storage.database import to_the_end
from storage.ids import SAMPLE, new_id
from storage.records import Scope

contract = Contract("Voice models", "/models/speakers", v1=None, read=Scope.MODELS_READ, write=Scope.MODELS_WRITE)

REFERENCE_SECONDS, SAMPLE_SECONDS = (10, 60), (5, 30)
REFERENCE_SPOKEN, SAMPLE_SPOKEN = 5, 2
"""Seconds of speech in them, at least: pauses do not count."""
MOST_SPEAKERS = 50
"""Of an organisation."""
MOST_SAMPLES, MOST_MEGABYTES = 1000, 512
"""Of one dataset: four hours of speech in sentences of 15 seconds, at 16 kHz. They lie on this server's own disk."""
FILE_BYTES, FIELD_BYTES = MEGABYTES << 20, 64 << 10

_F = TypeVar("_F", bound=Body)


@contract.get("")
async def every(asked: Asked) -> list[SpeakerShown]:
    """List speakers by name, and which are deployed."""
    async with asked.read() as work:
        return [SpeakerShown.of(speaker) for speaker in await work.speakers.every()]


@contract.post("", limit="5/minute", uploads=SpeakerForm, errors=(409,))
async def create(asked: Asked) -> SpeakerCreated:
    """Create a speaker from a reference."""
    async with parts(asked.request, file_limit=FILE_BYTES, field_limit=FIELD_BYTES) as form:
        fields, upload = _given(form, SpeakerFields, "reference_audio")
        shortest, longest = REFERENCE_SECONDS
        speech = await heard(
            upload.file, "reference_audio", shortest=shortest, longest=longest, spoken=REFERENCE_SPOKEN
        )
        await to_the_end(_keep_speaker(asked, fields, upload, speech))
    return SpeakerCreated(name=fields.name, language=fields.language)


@contract.get("/{name}")
async def get(asked: Asked, name: str) -> SpeakerShown:
    """Get a speaker."""
    return SpeakerShown.of(await speaker_named(asked, name))


@contract.delete("/{name}", errors=(404, 409, 502, 503))
async def delete(asked: Asked, name: str) -> None:
    """Delete a speaker and its dataset, and the voice that was made of it. A deployed one leaves the catalogue."""
    await to_the_end(unmade(asked, await speaker_named(asked, name)))
    async with asked.begin() as work:
        speaker = await work.speakers.held(name)
        if speaker is None:
            raise not_found("Speaker")
        if speaker.voice is not None:
            raise conflict("The speaker was deployed meanwhile: delete it again")
        samples = await work.speakers.samples(name)
        adapter = await work.trainings.forget(name)
        await work.speakers.delete(name)
    paths = (speaker.reference, *(sample.path for sample in samples), adapter)
    await forget(asked.services.data, list(filter(None, paths)))


@contract.get("/{name}/reference", media=(WAV, MP3))
async def reference(asked: Asked, name: str) -> web.FileResponse:
    """Stream the reference that a speaker was made from."""
    speaker = await speaker_named(asked, name)
    return await streamed(asked.services.data / speaker.reference, speaker.reference_type)


@contract.get("/{name}/dataset")
async def dataset(asked: Asked, name: str) -> DatasetShown:
    """Get the size of a speaker's dataset, and whether it is enough to train with."""
    async with asked.read() as work:
        speaker = await work.speakers.get(name)
        if speaker is None:
            raise not_found("Speaker")
        size = await work.speakers.dataset(name)
    return DatasetShown.of(speaker, size)


@contract.post("/{name}/dataset/sample", limit="30/minute", uploads=SampleForm, errors=(409,))
async def add_sample(asked: Asked, name: str) -> SampleAdded:
    """Add a sentence and its transcript to a speaker's dataset."""
    await speaker_named(asked, name)
    async with parts(asked.request, file_limit=FILE_BYTES, field_limit=FIELD_BYTES) as form:
        fields, upload = _given(form, SampleFields, "audio")
        shortest, longest = SAMPLE_SECONDS
        speech = await heard(upload.file, "audio", shortest=shortest, longest=longest, spoken=SAMPLE_SPOKEN)
        must_fit(fields.transcript, speech.seconds)
        sample = await to_the_end(_keep_sample(asked, name, fields, upload, speech))
    return SampleAdded(sample_id=sample.id, duration_seconds=round(sample.seconds, 1), transcript=sample.transcript)


@contract.delete("/{name}/dataset")
async def clear(asked: Asked, name: str) -> None:
    """Remove all samples of a speaker's dataset. The speaker stays."""
    async with asked.begin() as work:
        if await work.speakers.held(name) is None:
            raise not_found("Speaker")
        samples = await work.speakers.samples(name)
        await work.speakers.clear(name)
    await forget(asked.services.data, [sample.path for sample in samples])


@contract.post("/{name}/deploy", status=200, limit="5/minute", errors=(404, 409, 502, 503))
async def deploy(asked: Asked, name: str, query: DeployQuery) -> Deployed:
    """Make a speaker's voice, and put it in the catalogue. One that is there stays as it is."""
    speaker = await to_the_end(deployed(asked, await speaker_named(asked, name), query.engine))
    return Deployed(name=name, deployed=True, voice_sample_uuid=str(speaker.voice_sample_id))


@contract.delete("/{name}/deploy", errors=(404, 409, 502, 503))
async def undeploy(asked: Asked, name: str) -> None:
    """Take a speaker out of the catalogue. It stays, with its dataset; agents that have the voice keep it."""
    await to_the_end(undeployed(asked, name))


async def _keep_speaker(asked: Asked, fields: SpeakerFields, upload: Upload, speech: Speech) -> None:
    """Its file and its row, or neither."""
    folder = f"{asked.organisation}/{fields.name}"
    async with copied(asked.services.data, folder, upload.file, speech) as path, asked.begin() as work:
        speaker = VoiceSpeaker(
            asked.organisation,
            fields.name,
            fields.language,
            created_at=asked.now,
            updated_at=asked.now,
            description=fields.description,
            reference=path,
            reference_type=speech.content_type,
            reference_seconds=speech.seconds,
        )
        if fields.consent_owner is not None:
            speaker = consented(speaker, asked, fields.consent_owner, fields.consent_statement)
        if not await work.speakers.add(speaker):
            raise conflict("A speaker with this name already exists")
        if len(await work.speakers.every()) > MOST_SPEAKERS:
            raise conflict(f"An organisation has at most {MOST_SPEAKERS} speakers")


async def _keep_sample(asked: Asked, name: str, fields: SampleFields, upload: Upload, speech: Speech) -> SpeakerSample:
    """Its file and its row, or neither."""
    folder = f"{asked.organisation}/{name}"
    async with copied(asked.services.data, folder, upload.file, speech) as path, asked.begin() as work:
        if await work.speakers.held(name) is None:
            raise not_found("Speaker")
        sample = SpeakerSample(
            new_id(SAMPLE), asked.organisation, name, fields.transcript, path, speech.seconds, upload.size, asked.now
        )
        await work.speakers.add_sample(sample)
        its = await work.speakers.dataset(name)
        if its.samples > MOST_SAMPLES:
            raise conflict(f"A dataset holds at most {MOST_SAMPLES} samples")
        if its.size > MOST_MEGABYTES << 20:
            raise conflict(f"A dataset holds at most {MOST_MEGABYTES} MB of samples")
    return sample


def _given(form: Form, model: type[_F], file: str) -> tuple[_F, Upload]:
    """The fields of a form and its one file. Raises RefusedError."""
    try:
        fields = model.model_validate({name: text for name, text in form.fields.items() if name != file})
    except ValidationError as error:
        raise bad(sentence(error, "the form")) from None
    if file in form.fields:
        raise bad(f"{file} must be a file")
    if file not in form.files:
        raise bad(f"{file} is required")
    unknown = next((name for name in form.files if name != file), None)
    if unknown is not None:
        raise bad(f"{unknown} is not a known file")
    return fields, form.files[file]
