"""A recorded call and the same call today: words, whose turn it was, and how long the caller waited."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from pipeline.news import Said
from processors.phrases import plain
from server.rehearsal.line import Span
from storage.records import Turn, TurnLatency

INSIDE = 0.2
"""Seconds from either end of what the caller says within which the agent's sound is no cut-in."""
SLOWER_MS = 100.0
"""The median wait may grow so much before it is called worse."""


@dataclass(frozen=True, slots=True)
class Line:
    """One of the caller's turns."""

    at: float
    seconds: float
    text: str
    wait_ms: float | None
    """To the first sound of the answer."""
    cut_in: bool
    """The agent began to speak before the caller had finished."""


@dataclass(frozen=True, slots=True)
class Comparison:
    call: str
    then: list[Line]
    now: list[Line]

    @property
    def worse(self) -> list[str]:
        """A sentence for each thing that is worse today."""
        return list(_worse(self))

    @property
    def pairs(self) -> list[tuple[Line | None, Line | None]]:
        """By time; a turn that is only there once stands alone."""
        pairs: list[tuple[Line | None, Line | None]] = []
        left = list(self.now)
        for line in self.then:
            found = next((one for one in left if _overlap(line, one)), None)
            if found is not None:
                left.remove(found)
            pairs.append((line, found))
        pairs += [(None, one) for one in left]
        return sorted(pairs, key=lambda pair: min(one.at for one in pair if one is not None))

    def document(self) -> dict[str, Any]:
        def shown(line: Line | None) -> dict[str, Any] | None:
            return None if line is None else {name: getattr(line, name) for name in Line.__slots__}

        turns = [{"then": shown(then), "now": shown(now)} for then, now in self.pairs]
        return {"call": self.call, "turns": turns, "worse": self.worse}


def compared(
    call: str, turns: Sequence[Turn], latencies: Sequence[TurnLatency], said: Sequence[Said], spans: Sequence[Span]
) -> Comparison:
    waits = {one.position: one.total_ms for one in latencies}
    began = [one.at for one in turns if one.speaker == "agent"]
    then = []
    for i, turn in enumerate(turns):
        if turn.speaker == "agent":
            continue
        answer = next((one for one in turns[i + 1 :] if one.speaker == "agent"), None)
        wait = None if answer is None else waits.get(answer.position)
        then.append(Line(turn.at, turn.seconds, turn.text, wait, _is_cut(turn.at, turn.seconds, began)))
    begins = [span.begins for span in spans if span.reply > 0]
    now = []
    for line in said:
        if line.speaker == "agent":
            continue
        ended = line.at + line.seconds
        answer_at = next((at for at in begins if at >= ended - INSIDE), None)
        wait = None if answer_at is None else (answer_at - ended) * 1000
        now.append(Line(line.at, line.seconds, line.text, wait, _is_cut(line.at, line.seconds, begins)))
    return Comparison(call, then, now)


def _overlap(one: Line, other: Line) -> bool:
    return other.at < one.at + one.seconds and one.at < other.at + other.seconds


def _is_cut(at: float, seconds: float, begins: Sequence[float]) -> bool:
    return any(at + INSIDE < begun < at + seconds - INSIDE for begun in begins)


def _worse(comparison: Comparison) -> Iterator[str]:
    lost = sum(then is not None and now is None and bool(plain(then.text)) for then, now in comparison.pairs)
    if lost:
        yield f"{lost} of the caller's turns are not understood any more"
    cut_then, cut_now = (sum(line.cut_in for line in lines) for lines in (comparison.then, comparison.now))
    if cut_now > cut_then:
        yield f"the agent cuts in {cut_now} times, and {cut_then} times then"
    both = [(a.wait_ms, b.wait_ms) for a, b in comparison.pairs if a is not None and b is not None]
    known = [(a, b) for a, b in both if a is not None and b is not None]
    if known:
        before, after = median(a for a, _ in known), median(b for _, b in known)
        if after > before + SLOWER_MS:
            yield f"the caller waits {after:.0f} ms in the median, and {before:.0f} ms then"
