"""Speech of which turn-taking is not told, kept until it is known what becomes of it."""

from __future__ import annotations

from pipeline.frames import Frame, SpeechStarted, SpeechStopped, Transcript, UserTurn
from pipeline.news import Said


class Withheld:
    def __init__(self) -> None:
        self._frames: list[Frame] = []
        self._began = 0.0
        self._due: list[tuple[float, float]] = []
        """Stretches of speech, from when to when, of which the final text has not come."""
        self._lines: list[UserTurn] = []

    def keep(self, frame: SpeechStarted | SpeechStopped | Transcript) -> None:
        self._frames.append(frame)
        match frame:
            case SpeechStarted(at):
                self._began = at
            case SpeechStopped(at):
                self._due.append((self._began, at))
            case Transcript(text, final=True) if self._due:
                began, ended = self._due.pop(0)
                if text.strip():
                    self._lines.append(UserTurn(text.strip(), began, ended))

    def owes(self, frame: Frame) -> bool:
        """It is the text of speech that was withheld."""
        return isinstance(frame, Transcript) and bool(self._due)

    def replayed(self) -> list[Frame]:
        """All of it, as it came; forgotten."""
        frames, self._frames = self._frames, []
        self._due, self._lines = [], []
        return frames

    def turn(self) -> UserTurn | None:
        """What was said in it, as one turn; forgotten."""
        lines = self._taken()
        if not lines:
            return None
        return UserTurn(" ".join(line.text for line in lines), lines[0].at, lines[-1].ended)

    def said(self) -> list[Said]:
        """What was said in it, for the transcript; forgotten."""
        return [Said("customer", line.text, line.at, max(line.ended - line.at, 0.0)) for line in self._taken()]

    def _taken(self) -> list[UserTurn]:
        lines, self._lines, self._frames = self._lines, [], []
        return lines
