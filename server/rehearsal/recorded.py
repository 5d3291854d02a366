"""The providers of a recorded call, played back: what was understood, said and heard then is given again."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncGenerator, AsyncIterable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from difflib import SequenceMatcher

from pipeline.audio import SAMPLE_BYTES, resample
from pipeline.frames import AudioIn, SpeechStopped, Transcript
from processors.phrases import plain
from processors.ports import ListenFrame, Message, Sound, TextToSpeech, Tool, ToolCall
from server.rehearsal.line import Notes
from storage.records import Turn

EARLY = 1.0
"""Seconds that an answer may come earlier today and still be the one of then."""
SURE = 0.5
"""Seconds after the end of a stretch of speech in which words of then belong to it."""
ALIKE = 0.6
PAUSE = 0.1
"""Seconds of sound kept behind what was said."""


@dataclass(slots=True)
class Tape:
    """Both sides of a recording, PCM16 mono at `rate`, and who said what when."""

    caller: bytes
    agent: bytes
    rate: int
    turns: Sequence[Turn]
    due: deque[Turn] = field(default_factory=deque)
    """What the agent is about to say again."""

    @property
    def said(self) -> Sequence[Turn]:
        return [turn for turn in self.turns if turn.speaker == "agent"]

    @property
    def greeting(self) -> Turn | None:
        first = self.turns[0] if self.turns else None
        return first if first is not None and first.speaker == "agent" else None


class RecordedEar:
    """Understands what was understood then."""

    def __init__(self, tape: Tape) -> None:
        self.rate = tape.rate
        self._left = deque(turn for turn in tape.turns if turn.speaker != "agent")

    async def transcribe(self, heard: AsyncIterable[ListenFrame]) -> AsyncGenerator[Transcript, None]:
        now = 0.0
        async for frame in heard:
            if isinstance(frame, AudioIn):
                now = frame.at
            elif isinstance(frame, SpeechStopped):
                words = []
                while self._left and self._left[0].at + self._left[0].seconds <= now + SURE:
                    words.append(self._left.popleft().text)
                yield Transcript(" ".join(words), final=True)


class RecordedMind:
    """Answers what was answered at about that time."""

    def __init__(self, tape: Tape, notes: Notes) -> None:
        self._tape, self._notes = tape, notes
        self._left = deque(turn for turn in tape.said if turn is not tape.greeting)

    async def reply(self, chat: Sequence[Message], tools: Sequence[Tool]) -> AsyncGenerator[str | ToolCall, None]:
        while len(self._left) > 1 and self._left[1].at <= self._notes.now + EARLY:
            self._left.popleft()
        if self._left:
            turn = self._left.popleft()
            self._tape.due.append(turn)
            yield turn.text


class RecordedVoice:
    """Plays what the agent sounded like; sentences that were not said then are spoken by `other`."""

    def __init__(self, tape: Tape, other: TextToSpeech) -> None:
        self._tape, self._other = tape, other
        self.rate = other.rate

    async def speak(self, text: AsyncIterable[str]) -> AsyncGenerator[Sound, None]:
        pieces = [piece async for piece in text]
        turn = self._turn("".join(pieces))
        if turn is not None:
            yield Sound(resample(self._sound(turn), self._tape.rate, self.rate), "".join(pieces))
            return

        async def again() -> AsyncGenerator[str, None]:
            for piece in pieces:
                yield piece

        async with aclosing(self._other.speak(again())) as sounds:
            async for sound in sounds:
                yield sound

    def _turn(self, text: str) -> Turn | None:
        due = [*([self._tape.greeting] if self._tape.greeting is not None else []), *self._tape.due]
        for turn in due:
            if SequenceMatcher(None, plain(text).split(), plain(turn.text).split(), autojunk=False).ratio() >= ALIKE:
                if turn in self._tape.due:
                    self._tape.due.remove(turn)
                return turn
        return None

    def _sound(self, turn: Turn) -> bytes:
        begins, ends = (round(at * self._tape.rate) * SAMPLE_BYTES for at in (turn.at, turn.at + turn.seconds + PAUSE))
        return self._tape.agent[begins:ends]
