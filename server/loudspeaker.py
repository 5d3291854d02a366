"""Tells the bus what is heard in a call, for as long as somebody listens along."""

from __future__ import annotations

import base64
from typing import Any

from pipeline.frames import Frame
from pipeline.mailbox import Mailbox
from pipeline.news import BothSides
from pipeline.processor import Processor
from storage.bus import EventBus

WAITING = 20
"""Pieces kept for a bus that is slow: 2 s, then the oldest go."""


def topic(call: str) -> str:
    return f"listen.{call}"


class Loudspeaker(Processor):
    """`audio` messages, each 100 ms of stereo PCM16 in base64, and `end` after the last one. The sound ends here."""

    def __init__(self, bus: EventBus, call: str) -> None:
        self._bus, self._call = bus, call
        self._pieces: Mailbox[bytes] = Mailbox(WAITING)
        self._is_used = False

    def start(self) -> None:
        self.tasks.create_task(self._publish())

    def process(self, frame: Frame) -> None:
        if isinstance(frame, BothSides):
            self._is_used = True
            self._pieces.put(frame.pcm)
        else:
            self.emit(frame)

    async def drain(self) -> None:
        """Publishes what is still waiting, once the call's tasks have ended."""
        self._pieces.close()
        await self._publish()
        if self._is_used:
            await self._tell({"type": "end"})

    async def _publish(self) -> None:
        async for pcm in self._pieces:
            await self._tell({"type": "audio", "pcm": base64.b64encode(pcm).decode()})

    async def _tell(self, message: dict[str, Any]) -> None:
        await self._bus.publish(topic(self._call), message)
