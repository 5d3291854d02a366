"""What language a call is in, and which one the caller spoke: for its lines and its record."""

from __future__ import annotations

from collections import Counter

from pipeline.frames import Frame, LanguageSwitched, Transcript
from pipeline.processor import Processor
from processors.language_codes import mixes, tongue


class Spoken(Processor):
    """Listens at the end of the road."""

    def __init__(self, language: str) -> None:
        self.now = language
        self._words: Counter[str] = Counter()
        """By the tag that a recogniser told: how much was said."""

    def process(self, frame: Frame) -> None:
        match frame:
            case LanguageSwitched(language):
                self.now = language
            case Transcript(final=True) if frame.language and frame.text:
                self._words[frame.language] += len(frame.text.split())
        self.emit(frame)

    @property
    def detected(self) -> str:
        """The one in which the caller said most; the call's own where nobody told, or in more words."""
        most = max(self._words, key=self._words.__getitem__, default="")
        is_told = most and tongue(most) != tongue(self.now) and not mixes(self.now)
        return most if is_told else self.now
