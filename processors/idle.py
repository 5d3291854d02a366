"""A caller who says nothing is asked whether they are still there, and in the end hung up on."""

from __future__ import annotations

from pydantic import BaseModel, Field

from pipeline.frames import AudioIn, Frame, LanguageSwitched, Say, UserTurn
from pipeline.processor import Processor
from processors.lines import Lines, lines_for
from processors.silence import Silence

SILENT = "customer_silent"
"""Why such a call ends."""


class IdleOptions(BaseModel, frozen=True, extra="forbid"):
    seconds: float = Field(10.0, ge=2, le=600, description="silence where the caller is to speak, each time")
    prompts: tuple[str, ...] = Field(
        (), max_length=10, description="said one after the other, with {{variables}}; empty: a sentence of ours"
    )
    hangup_after: int = Field(2, ge=0, le=10, description="prompts without an answer after which the call is ended")


class Idle(Processor):
    """Stands before the dialogue. A turn of the caller's makes it forget that it has asked."""

    def __init__(self, options: IdleOptions, lines: Lines, *, from_start: bool) -> None:
        """`from_start`: the caller is to speak first."""
        self._options, self._lines = options, lines
        self._prompts = options.prompts or (lines.still_there,)
        self._silence = Silence(from_start=from_start)
        self._asked = 0
        self._told = False
        """What was said of this silence is still to be heard."""

    def process(self, frame: Frame) -> None:
        self._silence.hear(frame)
        self.emit(frame)
        if isinstance(frame, UserTurn):
            self._asked = 0
        if isinstance(frame, LanguageSwitched):  # the plan's own prompts are in the one before
            self._lines = lines_for(frame.language)
            self._prompts = (self._lines.still_there,)
        if not isinstance(frame, AudioIn):
            return
        silent = self._silence.seconds >= self._options.seconds
        if silent and not self._told:
            self._speak_up()
        self._told = silent

    def _speak_up(self) -> None:
        if self._asked >= self._options.hangup_after:
            self.emit(Say(self._lines.silent, hangup=SILENT, after_sentence=True))
            return
        prompt = self._prompts[min(self._asked, len(self._prompts) - 1)]
        self._asked += 1
        self.emit(Say(prompt, after_sentence=True))
