"""Stages in a row."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from pipeline.frames import Frame
from pipeline.processor import Processor


class Pipeline:
    """Frames pushed at the head walk through every stage and fall out at the sink, all within one call."""

    def __init__(self, processors: Sequence[Processor]) -> None:
        self._processors = tuple(processors)
        self.push: Callable[[Frame], None] = _not_started

    def start(self, sink: Callable[[Frame], None], tasks: asyncio.TaskGroup) -> None:
        """Joins the stages and starts them, last one first, so that nobody speaks to a stage that is not ready."""
        following = sink
        for processor in reversed(self._processors):
            processor.emit = following
            processor.tasks = tasks
            processor.start()
            following = processor.process
        self.push = following


def _not_started(frame: Frame) -> None:
    raise RuntimeError(f"{type(frame).__name__} pushed into a pipeline that was not started")
