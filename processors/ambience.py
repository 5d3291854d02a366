"""Lays a background under the call, as soon as its sound is there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from pipeline.bed import Bed
from pipeline.frames import Background, Frame
from pipeline.processor import Processor


class Ambience(Processor):
    def __init__(self, made: Callable[[], Awaitable[Bed | None]]) -> None:
        """None is made where the sound cannot be had: the call goes on without."""
        self._made = made

    def start(self) -> None:
        self.tasks.create_task(self._lay())

    def process(self, frame: Frame) -> None:
        self.emit(frame)

    async def _lay(self) -> None:
        bed = await self._made()
        if bed is not None:
            self.emit(Background(bed))
