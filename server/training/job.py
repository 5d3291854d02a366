"""One training: taken on with a lease, done in a thread, told of. Whoever dies meanwhile leaves it to the next one."""

from __future__ import annotations

import asyncio
import logging
import secrets
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from server.training.trainer import Lesson, Sentence, Trainer, TrainingError, TrainingStoppedError
from storage.assets import Training
from storage.database import Database, DatabaseUnavailableError, to_the_end

_log = logging.getLogger(__name__)

LEASE = timedelta(minutes=5)
BEAT = 60.0
"""Seconds after which the lease is renewed."""
FAULT = "the trainer failed: its log says why"


@dataclass(slots=True)
class _Watched:
    """What the trainer's thread and the loop tell each other."""

    progress: float = 0.0
    vain: threading.Event = field(default_factory=threading.Event)

    def tell(self, progress: float) -> None:
        if self.vain.is_set():
            raise TrainingStoppedError
        self.progress = progress


async def train_next(
    database: Database, trainer: Trainer, data: Path, clock: Callable[[], datetime], *, speaker: str | None = None
) -> Training | None:
    """The one that was done, well or badly; None if nothing is to be done."""
    async with database.begin() as work:
        training = await work.trainings.claim(now=clock(), lease=LEASE, speaker=speaker)
    if training is None:
        return None
    adapter = f"voices/{training.organisation_id}/{training.speaker}/{secrets.token_hex(16)}.safetensors"
    watched = _Watched()
    beats = asyncio.create_task(_keep(database, training, watched, clock))
    try:
        reason = await _reason(database, trainer, training, data, data / adapter, watched)
    finally:
        watched.vain.set()
        beats.cancel()
        with suppress(asyncio.CancelledError):
            await beats
    await to_the_end(_told(database, training, reason, data, adapter, clock()))
    return training


async def _reason(
    database: Database, trainer: Trainer, training: Training, data: Path, adapter: Path, watched: _Watched
) -> str | None:
    """Why it failed; None: it did not."""
    try:
        lesson = await _lesson(database, training, data)
        await asyncio.to_thread(trainer.train, lesson, adapter, watched.tell)
    except TrainingError as error:
        return str(error)
    except TrainingStoppedError:
        return "it was stopped"
    except Exception:  # noqa: BLE001 - one that fails must not keep the others from their turn
        _log.exception("a training failed", extra={"training": training.id})
        return FAULT
    return None if await asyncio.to_thread(adapter.is_file) else FAULT


async def _told(
    database: Database, training: Training, reason: str | None, data: Path, adapter: str, now: datetime
) -> None:
    async with database.begin(training.organisation_id) as work:
        if reason is None:
            kept = await work.trainings.done(training, adapter=adapter, now=now)
        else:
            kept = False
            await work.trainings.failed(training, reason=reason, now=now)
    if not kept:
        await asyncio.to_thread((data / adapter).unlink, missing_ok=True)


async def _lesson(database: Database, training: Training, data: Path) -> Lesson:
    async with database.read(training.organisation_id) as work:
        speaker = await work.speakers.get(training.speaker)
        samples = await work.speakers.samples(training.speaker)
    if speaker is None or speaker.consented_at is None:
        raise TrainingError("the owner of the voice does not agree any more")
    sentences = [Sentence(data / sample.path, sample.transcript) for sample in samples]
    missing = await asyncio.to_thread(lambda: sum(not sentence.sound.is_file() for sentence in sentences))
    if missing or not sentences:
        raise TrainingError("recordings of the dataset are not on this machine: it must share the data folder")
    return Lesson(speaker.language, data / speaker.reference, sentences)


async def _keep(database: Database, training: Training, watched: _Watched, clock: Callable[[], datetime]) -> None:
    """Renews the lease; once it is another's the work is in vain."""
    while not watched.vain.is_set():
        await asyncio.sleep(BEAT)
        try:
            async with database.begin(training.organisation_id) as work:
                until = clock() + LEASE
                if not await work.trainings.goes_on(training, progress=watched.progress, until=until):
                    watched.vain.set()
        except DatabaseUnavailableError as away:  # hours of work do not hang on one beat
            _log.warning("a training's lease could not be renewed", extra={"training": training.id, "error": str(away)})
