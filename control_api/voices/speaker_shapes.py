"""A voice of the organisation's own as it is given and shown."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from control_api.voices.consent import AGREED, ConsentShown, Owner, Statement
from control_api.web.shapes import Body, File, LanguageCode, Shown, Text, Time
from storage.assets import Dataset, VoiceSpeaker

READY_SECONDS = 60
"""From that much speech a dataset is worth training with."""

SpeakerName = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=64),
    Field(examples=["aria-custom"], description="lowercase with hyphens"),
]
Transcript = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=5000)]
DatasetStatus = Literal["empty", "collecting", "ready"]


class SpeakerFields(Body):
    name: SpeakerName
    language: LanguageCode
    description: Text = ""
    consent_owner: Owner | None = Field(None, description="whose voice it is; without, it cannot be deployed yet")
    consent_statement: Statement = Field(AGREED, description="what they agreed to, and where the proof of it is")


class SpeakerForm(SpeakerFields):
    reference_audio: File = Field(description="WAV or MP3, 10 to 60 seconds of clean speech")


class SampleFields(Body):
    transcript: Transcript = Field(description="exactly what is said")


class SampleForm(SampleFields):
    audio: File = Field(description="WAV or MP3, 5 to 30 seconds")


class SpeakerShown(Shown):
    name: str
    language: str
    description: str
    deployed: bool
    voice_sample_uuid: str | None = Field(validation_alias="voice_sample_id")
    engine: str | None = Field(description="who made the voice; null: nobody did yet")
    consent: ConsentShown | None = Field(description="of the voice's owner; null: it cannot be deployed")
    created_at: Time

    @classmethod
    def of(cls, speaker: VoiceSpeaker) -> SpeakerShown:
        own = ("name", "language", "description", "deployed", "voice_sample_id", "engine", "created_at")
        return cls(**{name: getattr(speaker, name) for name in own}, consent=ConsentShown.of(speaker))


class SpeakerCreated(Shown):
    name: str
    language: str
    status: Literal["created"] = "created"
    message: str = "Speaker created. Upload dataset samples and deploy to use in flows."


class DatasetShown(Shown):
    name: str
    sample_count: int
    total_duration_seconds: int
    status: DatasetStatus = Field(description=f"ready from {READY_SECONDS} seconds in all")

    @classmethod
    def of(cls, speaker: VoiceSpeaker, dataset: Dataset) -> DatasetShown:
        ready = dataset.seconds >= READY_SECONDS
        return cls(
            name=speaker.name,
            sample_count=dataset.samples,
            total_duration_seconds=int(dataset.seconds),
            status="ready" if ready else "collecting" if dataset.samples else "empty",
        )


class SampleAdded(Shown):
    sample_id: str
    duration_seconds: float
    transcript: str


class DeployQuery(Body):
    engine: str | None = Field(
        None, max_length=40, description="`elevenlabs` or `chatterbox`; without: the first that the server can use"
    )


class Deployed(Shown):
    name: str
    deployed: bool
    voice_sample_uuid: str
