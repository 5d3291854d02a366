"""The words of Pipecat's clients: RTVI 2.2 over SmallWebRTC's channel."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import orjson

from transports.webrtc.language import Asked, Json
from transports.webrtc.plain import KEYS, TEXT, are_keys, is_sayable

LABEL = "rtvi-ai"
VERSION = "2.2.0"
PEER_LEFT: Json = {"type": "signalling", "message": {"type": "peerLeft"}}
READY: Json = {
    "version": VERSION,
    "about": {"library": "vaani"},
    "capabilities": {"audio_in": True, "audio_out": True, "video_in": False, "screen_in": False, "video_out": False},
}


class Rtvi:
    """What of the call's story RTVI has no words for goes as `server-message`, as it is."""

    def __init__(self) -> None:
        self._user_speaks = False
        self._typed = ""
        self._spoken = ""
        """What the page was told of the reply that is being said."""
        self._segment = 0

    def told(self, message: Json) -> Sequence[Json]:
        match message:
            case {"type": "speech"}:
                return self._user_began()
            case {"type": "partial", "speaker": "customer", "text": str(text)}:
                return _user_said(text, "transcription", final=False)
            case {"type": "transcript", "speaker": "customer", "text": str(text)}:
                kind = "chat" if text == self._typed else "transcription"
                self._typed = ""
                return (*_user_said(text, kind, final=True), *self._user_ended())
            case {"type": "partial", "speaker": "agent", "text": str(text)}:
                return self._bot_said(text)
            case {"type": "transcript", "speaker": "agent", "text": str(text)}:
                last = (*self._bot_said(text), _message("bot-transcription", {"text": text}))
                self._spoken = ""
                return last
            case {"type": "interrupted"}:
                return (_message("bot-interrupted"), _message("server-message", message))
            case {"type": "resumed"}:
                return (*self._user_ended(), _message("server-message", message))
            case {"type": "error", "error": str(sentence)}:
                return (_message("error", {"error": sentence, "fatal": True}),)
            case {"type": "latency"}:
                return (_message("metrics", _metrics(message)), _message("server-message", message))
        return (_message("server-message", message),)

    def speaking(self, on: bool) -> Sequence[Json]:
        return (_message("bot-started-speaking" if on else "bot-stopped-speaking"),)

    def farewell(self) -> Sequence[Json]:
        return (PEER_LEFT,)

    def asked(self, text: str) -> Asked:
        if text.startswith("ping"):
            return Asked(pings=True)
        try:
            message = orjson.loads(text)
        except orjson.JSONDecodeError:
            return Asked(trouble="bad_json")
        match message:
            case {"type": "signalling"}:
                return Asked()  # whether a microphone is open is heard
            case {"label": "rtvi-ai", "type": str(kind), **rest}:
                data = rest.get("data")
                return self._request(kind, data if isinstance(data, dict) else {}, rest.get("id"))
        return Asked(trouble="unknown_event")

    def _request(self, kind: str, data: dict[str, Any], number: object) -> Asked:
        match kind:
            case "client-ready":
                return Asked(answers=(_message("bot-ready", READY, number),))
            case "disconnect-bot":
                return Asked(leaves=True)
            case "dtmf":
                buttons = data.get("buttons", [data.get("button")])
                keys = "".join(map(str, buttons)) if isinstance(buttons, list) else ""
                return Asked(digits=keys) if are_keys(keys) else _refused(number, KEYS.replace("digits", "buttons"))
            case "send-text":
                return self._text(data, number)
            case "client-message":
                return _refused(number, f"There is no message of the type {str(data.get('t'))[:40]}")
        return _refused(number, f"{kind[:40]} is not supported")

    def _text(self, data: dict[str, Any], number: object) -> Asked:
        words, options = data.get("content"), data.get("options")
        if not is_sayable(words):
            return _refused(number, TEXT.replace("text", "content"))
        if isinstance(options, dict) and options.get("run_immediately") is False:
            return _refused(number, "options.run_immediately must be true: text is answered at once")
        self._typed = str(words).strip()
        return Asked(text=self._typed)

    def _user_began(self) -> Sequence[Json]:
        if self._user_speaks:
            return ()
        self._user_speaks = True
        return (_message("user-started-speaking"),)

    def _user_ended(self) -> Sequence[Json]:
        if not self._user_speaks:
            return ()
        self._user_speaks = False
        return (_message("user-stopped-speaking"),)

    def _bot_said(self, text: str) -> Sequence[Json]:
        """What of it is new: every word was heard already, so that a segment is completed with its first message."""
        news = text.removeprefix(self._spoken).strip() if text.startswith(self._spoken) else text.strip()
        self._spoken = text
        if not news:
            return ()
        self._segment += 1
        progress = {"accumulated_text": news, "remaining_text": ""}
        output = {
            "text": news,
            "output_type": "sentence",
            "aggregated_by": "sentence",
            "segment_id": self._segment,
            "will_be_spoken": True,
            "spoken_status": "completed",
            "spoken_progress": progress,
        }
        return (_message("bot-output", output),)


def _message(kind: str, data: object = None, number: object = None) -> Json:
    message: dict[str, Any] = {"label": LABEL, "type": kind}
    if number is not None:
        message["id"] = number
    if data is not None:
        message["data"] = data
    return message


def _refused(number: object, sentence: str) -> Asked:
    return Asked(answers=(_message("error-response", {"error": sentence}, number),), trouble="refused_request")


def _user_said(text: str, kind: str, *, final: bool) -> tuple[Json, ...]:
    """In the old words too, which are all that today's client knows."""
    at = datetime.now(UTC).isoformat(timespec="milliseconds")
    said = {"text": text, "user_id": "", "timestamp": at, "final": final}
    return _message("user-transcription", said), _message("user-input", {**said, "input_type": kind})


def _metrics(latency: Json) -> Json:
    """Seconds that each stage took to its first fruit."""
    steps = {"stt": ("vad", "transcript"), "llm": ("turn", "first_text"), "tts": ("first_text", "first_audio")}
    took = {
        stage: round(latency[after] - latency[before], 4)
        for stage, (before, after) in steps.items()
        if latency.get(before) is not None and latency.get(after) is not None
    }
    return {"ttfb": [{"processor": stage, "value": seconds} for stage, seconds in took.items() if seconds >= 0]}
