"""Tells a call's own server, live, what happens in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pipeline.frames import AudioOut, Frame, Interrupt, Played, Say, SpeechStarted, SpeechStopped, Transcript
from pipeline.news import DeadAir, Said
from pipeline.processor import Processor
from server.messages import names
from server.messages.posting import Post
from server.messages.reasons import vapi_reason
from server.wellformed import wellformed
from storage.records import Speaker

ROLES = {Speaker.AGENT: "assistant", Speaker.CUSTOMER: "user"}
"""Who speaks, in Vapi's words."""
LONGEST = 400
"""Lines that a `conversation-update` holds: the newest."""


class Teller(Processor):
    """Stands among the last stages. Tells only what its server asks for."""

    def __init__(self, post: Post, wanted: frozenset[str], around: Mapping[str, Any]) -> None:
        """`around` stands beside each message."""
        self._post, self._wanted, self._around = post, wanted, around
        self._lines: list[dict[str, str]] = []
        self._speaking: int | None = None
        """The reply that is being heard."""

    def start(self) -> None:
        self._tell({"type": names.STATUS, "status": "in-progress"})
        self._tell({"type": names.STARTED})

    def process(self, frame: Frame) -> None:
        for message in self._messages(frame):
            self._tell(message)
        self.emit(frame)

    def ended(self, reason: str) -> None:
        self._tell({"type": names.STATUS, "status": "ended", "endedReason": vapi_reason(reason)})
        self.close()

    def close(self) -> None:
        """Of a call that is handed over: what becomes of it is not heard here."""
        self._post.close()

    def _tell(self, message: Mapping[str, Any]) -> None:
        if message["type"] in self._wanted:
            self._put(message)

    def _put(self, message: Mapping[str, Any]) -> None:
        self._post.put({**message, **self._around})

    def _messages(self, frame: Frame) -> Iterator[Mapping[str, Any]]:
        match frame:
            case SpeechStarted():
                yield _speech("started", "user")
            case SpeechStopped():
                yield _speech("stopped", "user")
            case Played(reply=reply, over=over):
                if self._speaking != reply:
                    self._speaking = reply
                    yield _speech("started", "assistant")
                if over:
                    self._speaking = None
                    yield _speech("stopped", "assistant")
            case Transcript(text, final=False):
                yield {**_line("user", text), "transcriptType": "partial"}
            case Said(speaker, text):
                self._said(ROLES[Speaker(speaker)], text)
            case AudioOut(text=text) if text:
                yield {"type": names.OUTPUT, "output": wellformed(text)}
            case Interrupt(ours=False):
                yield {"type": names.INTERRUPTED}
            case Say(transfer_to=queue) if queue:
                yield {"type": names.TRANSFER, "destination": {"type": "queue", "name": queue}}
                yield {"type": names.STATUS, "status": "forwarding"}
            case DeadAir():
                yield {"type": names.HANG}

    def _said(self, role: str, text: str) -> None:
        line = _line(role, text)
        if not self._wanted.isdisjoint((names.TRANSCRIPT, names.FINAL)):
            self._put({**line, "transcriptType": "final"})
        self._lines = [*self._lines[1 - LONGEST :], {"role": role, "content": line["transcript"]}]
        self._tell({"type": names.CONVERSATION, "conversation": self._lines, "messagesOpenAIFormatted": self._lines})


def _speech(status: str, role: str) -> Mapping[str, Any]:
    return {"type": names.SPEECH, "status": status, "role": role}


def _line(role: str, text: str) -> dict[str, str]:
    return {"type": names.TRANSCRIPT, "role": role, "transcript": wellformed(text)}
