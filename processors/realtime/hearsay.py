"""Keeps what the service remembers of its answers to what the caller has heard of them."""

from __future__ import annotations

from pipeline.frames import Frame, Interrupt, Played, ReplyText
from pipeline.processor import Processor
from processors.realtime.answer import Answer, SoundedText
from processors.realtime.session import Session


class Hearsay(Processor):
    """Stands behind the dialogue: it sees which answers a reply is made of, and how much of a reply was heard."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._replies: dict[int, list[Answer]] = {}
        """Those of which more may be heard."""

    def process(self, frame: Frame) -> None:
        match frame:
            case ReplyText(text=SoundedText() as text):
                answers = self._replies.setdefault(frame.reply, [])
                if text.answer not in answers:
                    answers.append(text.answer)
            case Interrupt():
                self._unheard()
            case Played(over=True) if frame.reply in self._replies:
                for answer in self._replies.pop(frame.reply):
                    begins = frame.seconds if answer.begins is None else answer.begins
                    if not frame.complete:
                        self._session.was_heard(answer, max(frame.seconds - begins, 0.0))
        self.emit(frame)

    def _unheard(self) -> None:
        """Of an answer that no voice has begun the line will have no news."""
        for reply, answers in list(self._replies.items()):
            if all(answer.begins is None for answer in answers):
                del self._replies[reply]
                for answer in answers:
                    self._session.was_heard(answer, 0.0)
