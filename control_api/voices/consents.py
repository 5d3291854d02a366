"""The consent of a voice's owner: recorded, and withdrawn."""

from __future__ import annotations

from control_api.voices.consent import ConsentBody, consented
from control_api.voices.deploying import without_consent
from control_api.voices.speaker_shapes import SpeakerShown
from control_api.web.asked import Asked
from control_api.web.contract import Contract
from control_api.web.errors import not_found
from storage.database import to_the_end
from storage.records import Scope

contract = Contract(
    "Voice models", "/models/speakers/{name}", v1=None, read=Scope.MODELS_READ, write=Scope.MODELS_WRITE
)


@contract.post("/consent", status=200)
async def record(asked: Asked, name: str, body: ConsentBody) -> SpeakerShown:
    """Record that the owner of a voice agreed to its being cloned. Who recorded it, and when, is kept with it."""
    async with asked.begin() as work:
        speaker = await work.speakers.held(name)
        if speaker is None:
            raise not_found("Speaker")
        new = consented(speaker, asked, body.owner, body.statement)
        await work.speakers.save(new, now=asked.now)
    return SpeakerShown.of(new)


@contract.delete("/consent", errors=(404, 409, 502, 503))
async def withdraw(asked: Asked, name: str) -> None:
    """Withdraw the consent: the voice leaves the catalogue, is deleted where it was made, and no call has it."""
    await to_the_end(without_consent(asked, name))
