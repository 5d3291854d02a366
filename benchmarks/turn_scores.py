"""How well somebody knew when a turn was over: how often they cut in, and how long they kept the caller waiting."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from benchmarks.report import percentile


@dataclass(frozen=True, slots=True)
class Answered:
    """One turn: where its speech ended, and when answers to it were begun, in order; seconds."""

    ends: float
    answers: tuple[float, ...]

    @property
    def cut_in(self) -> bool:
        """An answer was begun before the turn was over, in a pause or in a word: once is enough."""
        return any(at < self.ends for at in self.answers)

    @property
    def waited(self) -> float | None:
        """From the end of the turn to the first answer after it; None if there is none."""
        return next((at - self.ends for at in self.answers if at >= self.ends), None)


@dataclass(frozen=True, slots=True)
class Score:
    turns: int
    cut_ins: int
    unanswered: int
    """Turns with no answer at all. One that was cut in on at its last word, and answered by that, is none of these."""
    p50: float
    p90: float
    """Seconds of wait, of all turns that have one: those that were cut in on too."""

    @property
    def rate(self) -> float:
        return self.cut_ins / self.turns

    @classmethod
    def of(cls, turns: Sequence[Answered]) -> Score:
        """Raises ValueError if none was answered after its end."""
        waits = [turn.waited for turn in turns if turn.waited is not None]
        return cls(
            len(turns),
            sum(turn.cut_in for turn in turns),
            sum(not turn.answers for turn in turns),
            percentile(waits, 0.5),
            percentile(waits, 0.9),
        )


def after_silence(stretches: Iterable[tuple[float, float]], wait: float, until: float) -> tuple[float, ...]:
    """When somebody answers who only counts silence: after `wait` seconds of it, if the sound lasts so long.

    `stretches` are those of speech, from and to, in order.
    """
    spans = [*stretches, (until, until)]
    return tuple(ended + wait for (_, ended), (begins, _) in pairwise(spans) if begins - ended >= wait)
