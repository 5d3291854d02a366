"""That whoever a voice belongs to allowed it to be cloned: said once, by name, and kept with who wrote it down."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Annotated, Self

from pydantic import Field, StringConstraints

from control_api.web.asked import Asked
from control_api.web.errors import conflict
from control_api.web.shapes import Body, Shown, Time
from storage.assets import VoiceSpeaker

AGREED = "I am the owner of this voice, and agree that it is cloned and that agents speak with it."
"""What is kept where nothing more was said."""

Owner = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Statement = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]


class ConsentBody(Body):
    owner: Owner = Field(description="whose voice it is")
    statement: Statement = Field(AGREED, description="what they agreed to, and where the proof of it is")


class ConsentShown(Shown):
    owner: str
    statement: str
    recorded_at: Time
    recorded_by: str | None = Field(description="id of the key or of the user that recorded it")

    @classmethod
    def of(cls, speaker: VoiceSpeaker) -> Self | None:
        if speaker.consented_at is None:
            return None
        return cls(
            owner=speaker.consent_owner or "",
            statement=speaker.consent_statement or "",
            recorded_at=speaker.consented_at,
            recorded_by=speaker.consent_by,
        )


def consented(speaker: VoiceSpeaker, asked: Asked, owner: str, statement: str) -> VoiceSpeaker:
    return replace(
        speaker,
        consent_owner=owner,
        consent_statement=statement,
        consented_at=asked.now,
        consent_by=asked.caller.subject,
    )


def withdrawn(speaker: VoiceSpeaker) -> VoiceSpeaker:
    return replace(speaker, consent_owner=None, consent_statement=None, consented_at=None, consent_by=None)


def must_have_consent(speaker: VoiceSpeaker) -> datetime:
    """When it was given. Raises RefusedError, which says how to record it."""
    if speaker.consented_at is None:
        raise conflict(
            "The owner of this voice has not agreed yet: record it with"
            f" POST /models/speakers/{speaker.name}/consent, or `consent_owner` when the speaker is created"
        )
    return speaker.consented_at
