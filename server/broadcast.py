"""Tells the bus, live, what is said in a call."""

from __future__ import annotations

from typing import Any

from pipeline.frames import (
    Digit,
    Frame,
    Interrupt,
    Mute,
    Pause,
    Played,
    Resume,
    Say,
    SendDigits,
    SpeechStarted,
    ToolUsed,
    Transcript,
)
from pipeline.mailbox import Mailbox
from pipeline.news import Answered, DeadAir, Disclosure, Guarded, RecordingConsent, Said
from pipeline.processor import Processor
from server.wellformed import wellformed
from storage.bus import EventBus

WAITING = 500
"""Messages kept for a bus that is slow; the oldest go first, and the transcript itself is in the database."""


def topic(call: str) -> str:
    return f"call.{call}"


class Broadcaster(Processor):
    """Messages as /ws/live shows them, and between them `partial`, `speech`, `held`, `resumed` and `interrupted`."""

    def __init__(self, bus: EventBus, call: str) -> None:
        self._bus, self._call = bus, call
        self._messages: Mailbox[dict[str, Any]] = Mailbox(WAITING)

    def start(self) -> None:
        self.tasks.create_task(self._publish())

    def process(self, frame: Frame) -> None:
        message = _message(frame)
        if message is not None:
            self._messages.put(message)
        self.emit(frame)

    async def drain(self) -> None:
        """Publishes what is still waiting, once the call's tasks have ended."""
        self._messages.close()
        await self._publish()

    async def _publish(self) -> None:
        async for message in self._messages:
            await self._bus.publish(topic(self._call), message)


def _message(frame: Frame) -> dict[str, Any] | None:
    match frame:
        case Said():
            at = round(frame.at, 2)
            message = {"type": "transcript", "speaker": frame.speaker, "text": wellformed(frame.text), "timestamp": at}
            return message | {"interrupted": True} if frame.interrupted else message
        case Transcript(final=False):
            return {"type": "partial", "speaker": "customer", "text": wellformed(frame.text)}
        case Played(over=False):
            return {"type": "partial", "speaker": "agent", "text": wellformed(frame.text)}
        case SpeechStarted():
            return {"type": "speech", "timestamp": round(frame.at, 2)}
        case Pause():
            return {"type": "held", "timestamp": round(frame.at, 2)}
        case Resume():
            return {"type": "resumed", "timestamp": round(frame.at, 2)}
        case Interrupt(ours=False):
            return {"type": "interrupted", "timestamp": round(frame.at, 2)}
        case Mute(on):
            return {"type": "status", "status": "muted" if on else "unmuted"}
        case Say(transfer_to=target) if target:
            return {"type": "status", "status": "transfer_initiated", "target": target}
        case Say(hangup=reason) if reason:
            return {"type": "status", "status": "ending", "reason": reason}
        case Digit():
            return {"type": "keys", "speaker": "customer", "keys": frame.key, "timestamp": round(frame.at, 2)}
        case SendDigits():
            return {"type": "keys", "speaker": "agent", "keys": frame.keys}
        case Guarded(held=True):
            return {"type": "guardrail", "guardrail": frame.guardrail}
        case ToolUsed():
            return {"type": "tool", "name": frame.name, "ok": frame.ok, "seconds": round(frame.seconds, 2)}
        case Disclosure(at, heard):
            return {"type": "disclosure", "heard": heard, "timestamp": round(at, 2)}
        case RecordingConsent(at, bool(given)):
            return {"type": "recording_consent", "given": given, "timestamp": round(at, 2)}
        case DeadAir():
            return {"type": "dead_air", "timestamp": round(frame.at, 2), "seconds": round(frame.seconds, 2)}
        case Answered():
            return {
                "type": "latency",
                "reply": frame.reply,
                "timestamp": round(frame.at, 2),
                "vad": frame.vad,
                "transcript": frame.transcript,
                "turn": frame.turn,
                "first_text": frame.first_text,
                "first_audio": frame.first_audio,
                "on_line": frame.on_line,
            }
    return None
