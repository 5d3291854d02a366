"""What Exotel says on a Voicebot socket: the carrier's side of the messages, in the documented shape."""

from __future__ import annotations

import binascii
import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from pipeline.audio import Codec, encode

ENCODINGS: Mapping[Codec, str] = {"pcm16": "audio/x-raw", "mulaw": "audio/x-mulaw", "alaw": "audio/x-alaw"}


@dataclass(frozen=True, slots=True)
class CallFacts:
    """What the carrier knows of a call."""

    stream_sid: str = "MZsimulated"
    call_sid: str = "simulated"
    account_sid: str = "simulator"
    from_number: str = field(default="", repr=False)
    to_number: str = field(default="", repr=False)
    custom: Mapping[str, str] = field(default_factory=dict, repr=False)
    rate: int = 8000
    codec: Codec = "pcm16"


class CarrierWriter:
    """One stream's messages, numbered as they are made."""

    def __init__(self, facts: CallFacts) -> None:
        self._facts = facts
        self._sequence = itertools.count(1)
        self._chunk = itertools.count(1)

    def connected(self) -> bytes:
        return orjson.dumps({"event": "connected"})

    def start(self) -> bytes:
        facts = self._facts
        return self._message(
            "start",
            {
                "stream_sid": facts.stream_sid,
                "call_sid": facts.call_sid,
                "account_sid": facts.account_sid,
                "from": facts.from_number,
                "to": facts.to_number,
                "custom_parameters": dict(facts.custom),
                "media_format": {
                    "encoding": ENCODINGS[facts.codec],
                    "sample_rate": str(facts.rate),
                    "bit_rate": "16" if facts.codec == "pcm16" else "8",
                },
            },
        )

    def media(self, pcm: bytes, at: float) -> bytes:
        """`at` is seconds from the stream's start."""
        payload = binascii.b2a_base64(encode(pcm, self._facts.codec), newline=False).decode()
        chunk = str(next(self._chunk))
        return self._message("media", {"chunk": chunk, "timestamp": str(round(at * 1000)), "payload": payload})

    def dtmf(self, digit: str) -> bytes:
        return self._message("dtmf", {"digit": digit, "duration": "100"})

    def mark(self, name: str) -> bytes:
        return self._message("mark", {"name": name})

    def stop(self, reason: str = "callended") -> bytes:
        facts = self._facts
        return self._message("stop", {"call_sid": facts.call_sid, "account_sid": facts.account_sid, "reason": reason})

    def _message(self, event: str, body: dict[str, Any]) -> bytes:
        head = {"event": event, "sequence_number": str(next(self._sequence)), "stream_sid": self._facts.stream_sid}
        return orjson.dumps({**head, event: body})
