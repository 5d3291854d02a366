"""The life of a training: queued, taken on by one process, told of, and taken on again if that one died."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import cast

import numpy as np
import pytest

from server.training import job
from server.training.chatterbox_lora import ChatterboxLora
from server.training.job import FAULT, LEASE, train_next
from server.training.trainer import Lesson, TrainingError
from storage.assets import SpeakerSample, Training, TrainingState, VoiceSpeaker
from storage.database import Database, DatabaseUnavailableError, UnitOfWork
from storage.ids import SAMPLE, TRAINING, new_id
from storage.seed import Seeded
from storage.trainings import GIVEN_UP, TRIES
from tests.storage.samples import NOW


@dataclass
class TinyLora:
    """A real one, of a linear model: its weights are frozen, and two thin matrices beside them learn by descent."""

    rank: int = 2
    steps: int = 400
    losses: list[float] = field(default_factory=list)
    lesson: Lesson | None = None

    def train(self, lesson: Lesson, adapter: Path, progress: Callable[[float], None]) -> None:
        self.lesson = lesson
        chance = np.random.default_rng(1)
        frozen, change = chance.normal(size=(8, 8)), chance.normal(size=(8, 2)) @ chance.normal(size=(2, 8))
        heard = chance.normal(size=(64, 8))
        wanted = heard @ (frozen + change)
        down, up = chance.normal(size=(8, self.rank)) * 0.3, np.zeros((self.rank, 8))
        for step in range(self.steps):
            progress(step / self.steps)
            error = heard @ (frozen + down @ up) - wanted
            self.losses.append(float(np.mean(error**2)))
            slope = heard.T @ error / len(heard)
            down, up = down - 0.05 * slope @ up.T, up - 0.05 * down.T @ slope
        adapter.parent.mkdir(parents=True, exist_ok=True)
        with adapter.open("wb") as file:
            np.savez(file, down=down, up=up)


class Broken:
    def __init__(self, error: Exception) -> None:
        self.error = error

    def train(self, lesson: Lesson, adapter: Path, progress: Callable[[float], None]) -> None:
        adapter.parent.mkdir(parents=True, exist_ok=True)
        adapter.write_bytes(b"half")
        raise self.error


class Patient:
    """Trains until it is told to end."""

    def __init__(self) -> None:
        self.ends = threading.Event()

    def train(self, lesson: Lesson, adapter: Path, progress: Callable[[float], None]) -> None:
        assert self.ends.wait(10)
        adapter.parent.mkdir(parents=True, exist_ok=True)
        adapter.write_bytes(b"weights")


@pytest.fixture
async def queued(database: Database, seeded: Seeded, tmp_path: Path) -> Training:
    """Of a speaker with one sentence, whose owner agreed."""
    speaker = VoiceSpeaker(seeded.organisation, "aria", "hi-IN", NOW, NOW, reference="r.wav", consented_at=NOW)
    sample = SpeakerSample(new_id(SAMPLE), seeded.organisation, "aria", "Namaste.", "s.wav", 8.0, 10, NOW)
    for name in ("r.wav", "s.wav"):
        (tmp_path / name).write_bytes(b"sound")
    training = Training(seeded.organisation, "aria", new_id(TRAINING), TrainingState.QUEUED, NOW)
    async with database.begin(seeded.organisation) as work:
        await work.speakers.add(speaker)
        await work.speakers.add_sample(sample)
        assert await work.trainings.queue(training)
    return training


async def now_is(database: Database, training: Training) -> Training:
    async with database.read(training.organisation_id) as work:
        found = await work.trainings.get(training.speaker)
    assert found is not None
    return found


async def take(database: Database, at: datetime) -> Training | None:
    async with database.begin() as work:
        return await work.trainings.claim(now=at, lease=LEASE)


def adapters(data: Path) -> list[Path]:
    return list(data.rglob("*.safetensors"))


def clock() -> datetime:
    return NOW


async def test_a_training_learns_and_its_weights_are_kept(database: Database, queued: Training, tmp_path: Path) -> None:
    trainer = TinyLora()
    assert await train_next(database, trainer, tmp_path, clock) is not None
    done = await now_is(database, queued)
    assert (done.state, done.progress, done.tries, done.reason) == (TrainingState.DONE, 1.0, 1, None)
    assert trainer.losses[-1] < trainer.losses[0] / 1000
    assert done.adapter is not None
    with np.load(tmp_path / done.adapter) as kept:
        assert kept["down"].shape == (8, 2)
    assert trainer.lesson is not None
    assert [sentence.transcript for sentence in trainer.lesson.sentences] == ["Namaste."]
    assert await train_next(database, trainer, tmp_path, clock) is None


@pytest.mark.either
@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (TrainingError("the machine that trains lacks torch"), "the machine that trains lacks torch"),
        (ZeroDivisionError("secret"), FAULT),
    ],
)
async def test_why_it_failed_is_told_and_nothing_half_done_is_left(
    database: Database, queued: Training, tmp_path: Path, error: Exception, reason: str
) -> None:
    await train_next(database, Broken(error), tmp_path, clock)
    failed = await now_is(database, queued)
    assert (failed.state, failed.reason, failed.adapter) == (TrainingState.FAILED, reason, None)
    assert adapters(tmp_path) == []


@pytest.mark.either
async def test_a_database_that_is_away_for_a_beat_costs_no_work(
    database: Database, queued: Training, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trainer = Patient()

    class Away:
        """The second unit of work is the first beat."""

        units = 0

        def begin(self, organisation: str | None = None) -> AbstractAsyncContextManager[UnitOfWork]:
            self.units += 1
            if self.units == 2:
                raise DatabaseUnavailableError("it is away")
            if self.units == 3:
                trainer.ends.set()
            return database.begin(organisation)

        def read(self, organisation: str | None = None) -> AbstractAsyncContextManager[UnitOfWork]:
            return database.read(organisation)

    monkeypatch.setattr(job, "BEAT", 0.01)
    await train_next(cast("Database", Away()), trainer, tmp_path, clock)
    assert (await now_is(database, queued)).state is TrainingState.DONE


@pytest.mark.either
async def test_nobody_s_voice_is_trained_whose_consent_is_gone(
    database: Database, queued: Training, tmp_path: Path
) -> None:
    async with database.begin(queued.organisation_id) as work:
        speaker = await work.speakers.held("aria")
        assert speaker is not None
        await work.speakers.save(replace(speaker, consented_at=None), now=NOW)
    trainer = TinyLora()
    await train_next(database, trainer, tmp_path, clock)
    assert (await now_is(database, queued)).reason == "the owner of the voice does not agree any more"
    assert trainer.lesson is None


async def test_one_that_a_dead_process_left_is_taken_on_after_its_lease(database: Database, queued: Training) -> None:
    first = await take(database, NOW)
    assert first is not None
    assert await take(database, NOW + LEASE) is None
    second = await take(database, NOW + LEASE + timedelta(seconds=1))
    assert second is not None
    assert (second.id, second.tries) == (first.id, 2)
    async with database.begin() as work:
        assert not await work.trainings.goes_on(first, progress=0.5, until=NOW)
        assert not await work.trainings.done(first, adapter="late", now=NOW)
        assert await work.trainings.goes_on(second, progress=0.5, until=NOW + LEASE)
    assert (await now_is(database, queued)).progress == 0.5


async def test_what_ends_every_process_is_given_up(database: Database, queued: Training) -> None:
    at = NOW
    for _ in range(TRIES):
        assert await take(database, at) is not None
        at += LEASE + timedelta(seconds=1)
    assert await take(database, at) is None
    given_up = await now_is(database, queued)
    assert (given_up.state, given_up.reason) == (TrainingState.FAILED, GIVEN_UP)
    async with database.begin(queued.organisation_id) as work:
        assert await work.trainings.queue(replace(queued, id=new_id(TRAINING)))
        assert not await work.trainings.queue(replace(queued, id=new_id(TRAINING)))


def test_the_real_trainer_tells_what_is_not_installed(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="the machine that trains lacks torch, peft"):
        ChatterboxLora(tmp_path).train(Lesson("hi-IN", tmp_path / "r.wav", []), tmp_path / "a", lambda progress: None)
