"""The caller of a scenario: waits for its turn, and speaks, presses keys, is silent or hangs up."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass

from pipeline.frames import Digit
from server.rehearsal.line import Notes
from server.rehearsal.scenario import Turn
from transports.loopback import Line, quiet

PATIENCE = 15.0
"""Seconds without an answer after which the caller goes on all the same."""
LAST = 6.0
"""Seconds that the caller stays on the line after the last turn, unless the agent hangs up."""
KEY = 0.3
"""Seconds between two keys."""


@dataclass(slots=True)
class Taken:
    """One turn as it went, on the call's clock."""

    turn: Turn
    begins: float
    ends: float = 0.0


class ScriptedCaller:
    def __init__(
        self,
        turns: Sequence[tuple[Turn, bytes]],
        notes: Notes,
        begins: Callable[[Turn], None],
        *,
        rate: int,
    ) -> None:
        """Each turn with what it sounds like. `begins` is told of each as it begins."""
        self._turns, self._notes, self._begins, self._rate = turns, notes, begins, rate
        self.taken: list[Taken] = []

    async def lines(self) -> AsyncIterator[Line]:
        since = 0.0
        for turn, sound in self._turns:
            async for line in self._wait(turn, since):
                yield line
            self._begins(turn)
            taken = Taken(turn, self._notes.now)
            self.taken.append(taken)
            if turn.hang_up:
                taken.ends = self._notes.now
                return
            if turn.press is not None:
                for key in turn.press:
                    yield Digit(key, self._notes.now)
                    yield quiet(KEY, self._rate)
            else:
                yield sound or quiet(turn.silent, self._rate)
            taken.ends = since = self._notes.now
        until = self._notes.now + PATIENCE
        while self._notes.now < until and self._notes.now < max(self._notes.silent_since, since) + LAST:
            yield quiet(0.02, self._rate)

    async def _wait(self, turn: Turn, since: float) -> AsyncIterator[Line]:
        until = max(self._notes.now, since) + PATIENCE
        while self._notes.now < until and not self._is_due(turn, since):
            yield quiet(0.02, self._rate)

    def _is_due(self, turn: Turn, since: float) -> bool:
        answer = next((span for span in self._notes.spans if span.begins >= since and span.reply > 0), None)
        if answer is None:
            return False
        if turn.interrupt_after is not None:
            return self._notes.now >= answer.begins + turn.interrupt_after
        return self._notes.now >= self._notes.silent_since + turn.pause
