"""What is not to be kept of a call leaves it before those who write: the call itself hears and says everything."""

from __future__ import annotations

from dataclasses import replace

from pydantic import BaseModel, Field

from pipeline.frames import Digit, Frame, Played, SendDigits, ToolUsed, Transcript, TransferAsked
from pipeline.news import Said
from pipeline.processor import Processor
from processors.privacy.redaction import Personal, redacted


class KeepingOptions(BaseModel, frozen=True, extra="forbid"):
    nothing: bool = Field(
        False, description="no recording, and no word of what is said, found out or written down in the call"
    )
    transcript: bool = Field(True, description="false: no word of what is said, on disk or live")
    redact: tuple[Personal, ...] = Field(
        (), description="what a mark stands for in transcripts; sound is left as it is"
    )
    logs: bool = Field(True, description="false: the log has nothing of the call but errors")

    @property
    def words(self) -> bool:
        return self.transcript and not self.nothing

    @property
    def is_discreet(self) -> bool:
        return not self.words or bool(self.redact)


class Discreet(Processor):
    """Stands behind the scribe. Without words nothing is left of them; else what is personal is redacted.

    What is still being said is left out then, for half a number is not known for one; and so are keys.
    """

    def __init__(self, options: KeepingOptions) -> None:
        self._options = options
        self._last = ""

    def process(self, frame: Frame) -> None:
        match frame:
            case Transcript() | Played() | Digit() | SendDigits():
                return
            case Said() if not self._options.words:
                return
            case Said(text=text):
                self.emit(replace(frame, text=self._clean(text)))
                self._last = text
            case ToolUsed(answer=answer):
                self.emit(replace(frame, answer=self._clean(answer)))
            case TransferAsked(brief=brief):
                self.emit(replace(frame, brief=self._clean(brief)))
            case _:
                self.emit(frame)

    def _clean(self, text: str) -> str:
        return redacted(text, self._options.redact, self._last) if self._options.words else ""
