"""Which language the call is in: that which the caller speaks, if it is one that the agent may speak."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.frames import Frame, LanguageSwitched, Transcript
from pipeline.processor import Processor
from processors.language_codes import MIXED, mixes, tongue

ENOUGH_WORDS = 4
"""Of one text in another language: shorter ones may be a borrowed word, and must come twice in a row."""
CERTAIN = 0.7
"""How sure of the language a recogniser must be that tells how sure it is."""


class Languages(Processor):
    """Stands behind the recogniser, so that all after it know the language before they have the words."""

    def __init__(self, language: str, others: Sequence[str]) -> None:
        """The call's, and those that it may go over to."""
        self._now = language
        self._allowed = (language, *others)
        self._before = ""
        """The other language of the final text before; empty: it was in the call's."""

    def process(self, frame: Frame) -> None:
        match frame:
            case LanguageSwitched(language):
                if language == self._now:
                    return
                self._now, self._before = language, ""
            case Transcript(final=True) if frame.text:
                self._hear(frame)
        self.emit(frame)

    def _hear(self, transcript: Transcript) -> None:
        if not transcript.language or (transcript.certainty is not None and transcript.certainty < CERTAIN):
            return
        other = self._other(transcript.language)
        if other and (other == self._before or len(transcript.text.split()) >= ENOUGH_WORDS):
            self._now, self._before = other, ""
            self.emit(LanguageSwitched(other))
        else:
            self._before = other

    def _other(self, heard: str) -> str:
        """That of the languages which was heard; empty: it is the call's, or none of them.

        Where two are mixed, to hear one of them changes nothing.
        """
        spoken = tongue(heard)
        if spoken == tongue(self._now) or (mixes(self._now) and spoken in MIXED.split("-")):
            return ""
        return next((code for code in self._allowed if tongue(code) == spoken), "")
