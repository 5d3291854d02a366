"""One call: a line joined to a pipeline until the line is down."""

from __future__ import annotations

import asyncio

from pipeline.frames import Frame
from pipeline.pipeline import Pipeline
from pipeline.transport import Transport


class _LineDown(Exception):  # noqa: N818 - not an error: how a task group is ended
    """Ends the call's task group; never leaves this file."""


class CallSession:
    """Runs one call. A stage that crashes ends this call and no other."""

    def __init__(self, transport: Transport, pipeline: Pipeline) -> None:
        self._transport = transport
        self._pipeline = pipeline
        self._over = False

    async def run(self) -> None:
        """Returns when the line is down. Raises ExceptionGroup if a stage crashed.

        Whoever made the line closes it.
        """
        try:
            async with asyncio.TaskGroup() as tasks:
                self._pipeline.start(self._transport.send, tasks)
                await asyncio.sleep(0)  # what waits may be the whole call: a task that never began would end nothing
                push = self._pipeline.push
                try:
                    async for frame in self._transport.receive():
                        push(frame)
                finally:
                    self._over = True
                raise _LineDown
        except* _LineDown:
            pass

    def command(self, frame: Frame) -> None:
        """From outside the call: say, hang up, transfer. Enters at the head like anything else that happens to it.

        Ignored once the call is ending.
        """
        if not self._over:
            self._pipeline.push(frame)
