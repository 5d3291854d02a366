"""Fine-tuning of a speaker on its dataset: asked for here, done by `python -m server train` where a GPU is."""

from __future__ import annotations

from pydantic import Field

from control_api.voices.consent import must_have_consent
from control_api.voices.sound_files import forget
from control_api.voices.speaker_shapes import READY_SECONDS
from control_api.web.asked import Asked
from control_api.web.contract import Contract
from control_api.web.errors import conflict, not_found
from control_api.web.shapes import Shown, Time
from storage.assets import Training, TrainingState
from storage.ids import TRAINING, new_id
from storage.records import Scope

contract = Contract(
    "Voice models", "/models/speakers/{name}", v1=None, read=Scope.MODELS_READ, write=Scope.MODELS_WRITE
)


class TrainingShown(Shown):
    training_id: str = Field(validation_alias="id")
    name: str = Field(validation_alias="speaker")
    state: TrainingState
    progress: float = Field(description="0 to 1")
    reason: str | None = Field(description="why it failed")
    queued_at: Time
    started_at: Time | None
    ended_at: Time | None


@contract.post("/training", limit="5/minute", errors=(404, 409))
async def start(asked: Asked, name: str) -> TrainingShown:
    """Queue the training of a speaker on its dataset, for whichever process trains."""
    async with asked.begin() as work:
        speaker = await work.speakers.held(name)
        if speaker is None:
            raise not_found("Speaker")
        must_have_consent(speaker)
        if (await work.speakers.dataset(name)).seconds < READY_SECONDS:
            raise conflict(f"The dataset is not ready: it holds less than {READY_SECONDS} seconds of speech")
        before = await work.trainings.get(name)
        training = Training(asked.organisation, name, new_id(TRAINING), TrainingState.QUEUED, asked.now)
        if not await work.trainings.queue(training):
            raise conflict("A training of this speaker is waiting or running")
    if before is not None and before.adapter is not None:
        await forget(asked.services.data, [before.adapter])
    return TrainingShown.model_validate(training)


@contract.get("/training")
async def get(asked: Asked, name: str) -> TrainingShown:
    """Get the last training of a speaker."""
    async with asked.read() as work:
        found = await work.trainings.get(name)
    if found is None:
        raise not_found("Training")
    return TrainingShown.model_validate(found)
