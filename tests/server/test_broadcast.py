from __future__ import annotations

from typing import Any

import pytest

from pipeline.frames import (
    AudioIn,
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
    Transcript,
)
from pipeline.news import Answered, DeadAir, Said
from server.broadcast import Broadcaster, topic
from storage.bus import MemoryBus, Message
from tests.fakes import started

MESSAGES: list[tuple[Frame, dict[str, Any]]] = [
    (
        Said("customer", "Hello?", 1.004, 0.5),
        {"type": "transcript", "speaker": "customer", "text": "Hello?", "timestamp": 1.0},
    ),
    (
        Said("agent", "We are", 2, 0.5, interrupted=True, reply=2),
        {"type": "transcript", "speaker": "agent", "text": "We are", "timestamp": 2, "interrupted": True},
    ),
    (Transcript("Hel", final=False), {"type": "partial", "speaker": "customer", "text": "Hel"}),
    (Played(1, 0.1, 0.5, "We", complete=False), {"type": "partial", "speaker": "agent", "text": "We"}),
    (SpeechStarted(1.234), {"type": "speech", "timestamp": 1.23}),
    (Pause(1.5), {"type": "held", "timestamp": 1.5}),
    (Resume(1.5), {"type": "resumed", "timestamp": 1.5}),
    (Interrupt(1.5), {"type": "interrupted", "timestamp": 1.5}),
    (Mute(True), {"type": "status", "status": "muted"}),
    (Mute(False), {"type": "status", "status": "unmuted"}),
    (Say("Bye.", "wrong_number"), {"type": "status", "status": "ending", "reason": "wrong_number"}),
    (Digit("5", 1.234), {"type": "keys", "speaker": "customer", "keys": "5", "timestamp": 1.23}),
    (SendDigits("12#"), {"type": "keys", "speaker": "agent", "keys": "12#"}),
    (DeadAir(9.0, 2.001), {"type": "dead_air", "timestamp": 9.0, "seconds": 2.0}),
    (
        Answered(2, 3.0, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7),
        {
            "type": "latency",
            "reply": 2,
            "timestamp": 3.0,
            "vad": 0.2,
            "transcript": 0.3,
            "turn": 0.4,
            "first_text": 0.5,
            "first_audio": 0.6,
            "on_line": 0.7,
        },
    ),
]


async def told(*frames: Frame) -> list[Message]:
    bus, messages = MemoryBus(), []
    async with bus.subscribe(topic("cal_1")) as news:
        caster = Broadcaster(bus, "cal_1")
        async with started(caster) as passed:
            for frame in frames:
                caster.process(frame)
        assert passed == list(frames)
        await caster.drain()
        await bus.publish(topic("cal_1"), {"type": "end"})
        async for message in news:
            if message["type"] == "end":
                break
            messages.append(message)
    return messages


@pytest.mark.parametrize(("frame", "message"), MESSAGES, ids=lambda each: type(each).__name__)
async def test_what_happens_in_a_call_is_told(frame: Frame, message: dict[str, Any]) -> None:
    assert await told(frame) == [message]


@pytest.mark.parametrize(
    "frame",
    [AudioIn(bytes(320), 0.0), Transcript("Hello", final=True), Played(1, 0, 1, "We", complete=True, over=True)],
)
async def test_what_another_message_tells_is_not_told_twice(frame: Frame) -> None:
    assert await told(frame) == []


async def test_what_our_side_cuts_no_caller_has_interrupted() -> None:
    assert await told(Interrupt(1.5, ours=True)) == []


async def test_messages_come_in_order() -> None:
    assert await told(*(frame for frame, _ in MESSAGES)) == [message for _, message in MESSAGES]
