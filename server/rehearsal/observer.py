"""The last stage of a rehearsed call: keeps what was said and done, and stands in for the office where it is asked."""

from __future__ import annotations

import asyncio

from pipeline.frames import Frame, Hangup, Interrupt, Say, ToolUsed, TransferAsked
from pipeline.news import Answered, Said
from pipeline.processor import Processor
from pipeline.session import CallSession
from processors.lines import Lines
from server.rehearsal.line import Notes
from server.rehearsal.verdict import Heard

TRANSFERRED = "transferred"


class Observer(Processor):
    def __init__(self, notes: Notes, lines: Lines) -> None:
        self._notes, self._lines = notes, lines
        self.heard = Heard()
        self.session: CallSession | None = None

    def process(self, frame: Frame) -> None:
        match frame:
            case Said():
                self.heard.said.append(frame)
            case ToolUsed():
                self.heard.tools.append((self._notes.now, frame))
            case Interrupt():
                self.heard.interruptions.append(frame)
            case Answered():
                self.heard.answered.append(frame)
            case Hangup():
                self.heard.hangup = self.heard.hangup or frame
            case TransferAsked(target) if self.session is not None:  # nobody is there to be dialled
                say = Say(self._lines.handing_over, hangup=TRANSFERRED, after_sentence=True, transfer_to=target)
                asyncio.get_running_loop().call_soon(self.session.command, say)
        self.emit(frame)
