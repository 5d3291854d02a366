"""A reply that the caller hears to its end, whatever they say meanwhile."""

from __future__ import annotations

from pipeline.frames import Frame, Heard, Interrupt, Pause, Played, Resume, UserTurn
from processors.farewell import FAREWELL_SECONDS


class Protected:
    """While there is one, what would silence it is held back; what the caller says is answered after it."""

    def __init__(self) -> None:
        self._reply = 0
        self._until = 0.0
        self._turns: list[UserTurn] = []

    def __bool__(self) -> bool:
        return self._reply != 0

    def begin(self, reply: int, now: float) -> None:
        self._reply, self._until = reply, now + FAREWELL_SECONDS

    def holds(self, frame: Frame) -> bool:
        """It is not for anybody's ears now."""
        if self and isinstance(frame, UserTurn):
            self._turns.append(frame)
            return True
        return bool(self) and isinstance(frame, Pause | Resume | Interrupt)

    def hear(self, frame: Heard | Played, now: float) -> None:
        if self and frame.reply == self._reply:
            self._until = now + FAREWELL_SECONDS
            if isinstance(frame, Played) and frame.over:
                self.end()

    def end(self) -> None:
        """It was heard, or something else has taken its place."""
        self._reply = 0

    def turn(self, now: float) -> UserTurn | None:
        """What the caller has said meanwhile, once; None while it goes on, and if that was nothing.

        It is given up when no sound of it comes.
        """
        if self and now >= self._until:
            self.end()
        if self or not self._turns:
            return None
        turns, self._turns = self._turns, []
        return UserTurn(" ".join(turn.text for turn in turns), turns[0].at, turns[-1].ended)
