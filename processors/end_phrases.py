"""Words of the bot's that end the call."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.frames import Frame, Hangup, Played
from pipeline.processor import Processor
from processors.phrases import plain

END_PHRASE = "assistant_said_end_call_phrase"
"""Why such a call ends."""


class EndPhrases(Processor):
    """Hangs up when a reply with one of them was heard whole: a caller who speaks meanwhile may go on."""

    def __init__(self, phrases: Sequence[str]) -> None:
        """Letters of either case, punctuation and spaces make no difference."""
        self._phrases = [f" {words} " for phrase in phrases if (words := plain(phrase))]

    def process(self, frame: Frame) -> None:
        self.emit(frame)
        if isinstance(frame, Played) and frame.reply > 0 and frame.complete and self._ends(frame.text):
            self.emit(Hangup(END_PHRASE))

    def _ends(self, text: str) -> bool:
        said = f" {plain(text)} "
        return any(phrase in said for phrase in self._phrases)
