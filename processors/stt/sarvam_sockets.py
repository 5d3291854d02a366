"""The words of Sarvam's two recognition sockets, in and out."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from processors.sarvam_account import tag, trouble

Message = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Told:
    """What a message means to a stretch of speech."""

    kind: Literal["greeting", "speech", "partial", "text"]
    """`speech`: the service has found some, and will have a text for it."""
    text: str = field(default="", repr=False)
    language: str = ""
    certainty: float | None = None
    """Of the language."""


class Wire(Protocol):
    path: str
    greets: bool
    """It says that it is ready before it is told anything."""
    always_answers: bool
    """Each end of speech has one text, be it empty. Else noise may have none."""

    def begin(self) -> Message | None:
        """Before the sound of a stretch."""
        ...

    def sound(self, pcm: bytes) -> Message: ...

    def end(self) -> Message:
        """After it."""
        ...

    def idle(self, silence: bytes) -> Message:
        """Keeps the connection open."""
        ...

    def listen_for(self, code: str) -> Message | None:
        """From now on it is this language, by Sarvam's code. None: this socket cannot be told."""
        ...

    def read(self, message: Message) -> Told | None:
        """None: it tells nothing of use. Raises ProviderError if it is one."""
        ...


class Streaming:
    """Texts come whole: one for each utterance that the service finds, and one for what is left at a flush."""

    path = "/speech-to-text/ws"
    greets = always_answers = False

    def __init__(self, rate: int) -> None:
        self._rate = rate

    def begin(self) -> Message | None:
        return None

    def sound(self, pcm: bytes) -> Message:
        # The one encoding that is documented here; what it truly is says the codec in the address.
        return {"audio": {"data": b64encode(pcm).decode(), "sample_rate": self._rate, "encoding": "audio/wav"}}

    def end(self) -> Message:
        return {"type": "flush"}

    def idle(self, silence: bytes) -> Message:
        return self.sound(silence)

    def listen_for(self, code: str) -> Message | None:
        return None

    def read(self, message: Message) -> Told | None:
        data = _object(message.get("data"))
        match message.get("type"):
            case "data":
                certainty = _certainty(data.get("language_probability"))
                return Told("text", _words(data.get("transcript")), tag(data.get("language_code")), certainty)
            case "events" if data.get("signal_type") == "START_SPEECH":
                return Told("speech")
            case "error":
                raise trouble(data.get("code"))
        return None


class Realtime:
    """Partial texts while somebody speaks, and one final text for each stretch that was announced."""

    path = "/speech-to-text-realtime/ws"
    greets = always_answers = True

    def begin(self) -> Message | None:
        return {"event": "speech_start"}

    def sound(self, pcm: bytes) -> Message:
        return {"event": "audio_input", "audio": b64encode(pcm).decode()}

    def end(self) -> Message:
        return {"event": "speech_end"}

    def idle(self, silence: bytes) -> Message:
        return {"event": "ping"}

    def listen_for(self, code: str) -> Message | None:
        return {"event": "config.update", "language_code": code}

    def read(self, message: Message) -> Told | None:
        match message.get("event"):
            case "session.begin":
                return Told("greeting")
            case "transcript.partial":
                return Told("partial", _words(message.get("text")))
            case "transcript.final":
                certainty = _certainty(message.get("language_confidence"))
                return Told("text", _words(message.get("text")), tag(message.get("language")), certainty)
            case "error" if message.get("is_fatal", True):
                raise trouble(message.get("code"), message.get("status_code"))
        return None


def _object(value: object) -> Message:
    return value if isinstance(value, Mapping) else {}


def _certainty(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _words(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""
