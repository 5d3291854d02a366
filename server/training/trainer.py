"""What fine-tunes a voice model on somebody's sentences. The job around it does not know which model that is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol


class TrainingError(Exception):
    """It cannot be done. Its text is one sentence, shown to the customer: no path and no words of a transcript."""


class TrainingStoppedError(Exception):
    """Nobody waits for the result any more."""


@dataclass(frozen=True, slots=True)
class Sentence:
    sound: Path
    transcript: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Lesson:
    language: str
    """BCP 47 tag."""
    reference: Path
    sentences: Sequence[Sentence]


class Trainer(Protocol):
    def train(self, lesson: Lesson, adapter: Path, progress: Callable[[float], None]) -> None:
        """Writes the trained weights to `adapter`. Blocks, for hours perhaps: for a thread.

        Tells its progress, 0 to 1, at least once a minute, and lets through what `progress` raises. Raises
        TrainingError.
        """
        ...
