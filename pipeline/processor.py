"""One stage of a pipeline."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from pipeline.frames import Frame


class Processor:
    """Takes each frame by a plain call, decides, and emits. What must wait is a task in `tasks`.

    `process` runs on the event loop between two frames of every other call: it has a millisecond. It may raise only
    if it has a bug, which ends the call.
    """

    emit: Callable[[Frame], None]
    """Hands a frame to the next stage. Set by the pipeline; in a test, any callable such as `heard.append`."""
    tasks: asyncio.TaskGroup
    """The call's tasks, cancelled when the line is down. One that raises ends the call."""

    def start(self) -> None:
        """Called once, before the first frame, when `emit` and `tasks` are set."""

    def process(self, frame: Frame) -> None:
        """Passes the frame on, unless a subclass knows better."""
        self.emit(frame)
