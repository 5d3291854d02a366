"""One service of Pipecat's in a pipeline of its own. Importing this imports Pipecat: for a thread, see `warm`."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Sequence
from typing import Any

from pipecat.frames.frames import (
    CancelFrame,
    ControlFrame,
    EndFrame,
    ErrorFrame,
    Frame,
    FunctionCallFromLLM,
    FunctionCallsStartedFrame,
    InterruptionFrame,
    StartFrame,
)
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineParams, PipelineWorker
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
from pipecat.services.ai_service import AIService
from pipecat.services.llm_service import LLMService
from pipecat.utils.asyncio.task_manager import TaskManager
from pipecat.workers.base_worker import WorkerParams

from processors.pipecat_service import PROVIDER
from processors.ports import ProviderError

_END_SECONDS = 0.5
"""For a service to leave when it is told to; then its tasks are cancelled."""
_FENCE_SECONDS = 1.0
"""For an interruption to go through the pipeline."""


class Host:
    """Frames in by `send`, frames out by `next`, in order. For one reader at a time."""

    def __init__(self, service: AIService, rate: int) -> None:
        self._service = service
        self.made = type(service)
        self.name = self.made.__name__
        self.error: ProviderError | None = None
        """Set once the service has failed; it is of no more use."""
        self._came: asyncio.Queue[Frame | None] = asyncio.Queue()
        self._started = asyncio.Event()
        self._fence = asyncio.Event()
        self._source = _Edge(self._upstream)
        if isinstance(service, LLMService):
            service.run_function_calls = self._calls  # type: ignore[method-assign]
        self._worker = PipelineWorker(
            Pipeline([self._source, service, _Edge(self._downstream)]),
            cancel_timeout_secs=_END_SECONDS,
            check_dangling_tasks=False,
            enable_rtvi=False,
            enable_turn_tracking=False,
            idle_timeout_secs=None,
            params=PipelineParams(audio_in_sample_rate=rate, audio_out_sample_rate=rate),
        )
        self._client: Any = getattr(service, "_client", object())
        if hasattr(self._client, "max_retries"):
            self._client.max_retries = 0  # an SDK that tries again keeps the caller waiting

    async def start(self, seconds: float) -> None:
        """Raises ProviderError."""
        self._running = asyncio.create_task(self._run())
        try:
            async with asyncio.timeout(seconds):
                await self._started.wait()
            if self.error is not None:
                raise self.error
        except TimeoutError as error:
            await self.end()
            raise ProviderError.of(PROVIDER, error) from None
        except BaseException:
            await self.end()
            raise

    async def send(self, frame: Frame) -> None:
        await self._source.push_frame(frame)

    async def next(self, seconds: float | None = None) -> Frame | None:
        """What came out; None after `wake`. Raises ProviderError, and TimeoutError after so many seconds."""
        if self.error is None:
            async with asyncio.timeout(seconds):
                frame = await self._came.get()
            if not isinstance(frame, ErrorFrame):
                return frame
        assert self.error is not None
        raise self.error

    def wake(self) -> None:
        """Lets the reader look around."""
        self._came.put_nowait(None)

    async def interrupt(self) -> bool:
        """Nothing of what was asked before comes out any more. False if the service does not obey."""
        self._fence.clear()
        await self.send(InterruptionFrame())
        try:
            async with asyncio.timeout(_FENCE_SECONDS):
                await self._fence.wait()
        except TimeoutError:
            return False
        while not self._came.empty():
            self._came.get_nowait()
        return self.error is None

    async def end(self) -> None:
        """Leaves no task and no connection, also where the caller is cancelled meanwhile."""
        self._running.cancel()
        await asyncio.wait({self._running})

    async def _run(self) -> None:
        """Until `end`. A worker that is cancelled waits for tasks that may be gone, so it is told to end first."""
        tasks = TaskManager()
        work = asyncio.create_task(self._worker.run(WorkerParams(task_manager=tasks)))
        try:
            await asyncio.wait({work})
        finally:
            self._fail(ProviderError(PROVIDER, f"{self.name} has ended"))
            socket: Any = getattr(self._service, "_websocket", object())
            if not work.done():
                await self._worker.cancel()
                await asyncio.wait({work}, timeout=_END_SECONDS)
            left = (work, *tasks.current_tasks())
            for task in left:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)
            if hasattr(self._client, "max_retries"):
                await self._client.close()
            if hasattr(socket, "transport"):
                socket.transport.abort()  # some services wait longer than we do for the other side to close

    async def _calls(self, function_calls: Sequence[FunctionCallFromLLM]) -> None:
        """In place of the service's own: whoever asked runs the tools, and Pipecat does not."""
        self._came.put_nowait(FunctionCallsStartedFrame(function_calls))

    def _upstream(self, frame: Frame, direction: FrameDirection) -> None:
        if direction is FrameDirection.UPSTREAM and isinstance(frame, ErrorFrame):
            self._fail(_trouble(self.name, frame))

    def _downstream(self, frame: Frame, direction: FrameDirection) -> None:
        if direction is FrameDirection.UPSTREAM:
            return
        if isinstance(frame, StartFrame):
            self._started.set()
        elif isinstance(frame, InterruptionFrame):
            self._fence.set()
        else:
            self._came.put_nowait(frame)

    def _fail(self, error: ProviderError) -> None:
        self.error = self.error or error
        self._started.set()
        self._came.put_nowait(ErrorFrame(""))


class _Edge(FrameProcessor):
    """Where our frames go in and Pipecat's come out."""

    def __init__(self, told: Callable[[Frame, FrameDirection], None]) -> None:
        super().__init__(enable_direct_mode=True)
        self._told = told

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        self._told(frame, direction)
        if isinstance(frame, StartFrame | EndFrame | CancelFrame | ControlFrame | ErrorFrame):
            await self.push_frame(frame, direction)


def _trouble(name: str, frame: ErrorFrame) -> ProviderError:
    """Neither Pipecat's sentence nor the cause's: both quote what the provider has answered."""
    told = _STATUS.search(frame.error)
    status = getattr(frame.exception, "status_code", None) or (int(told[1]) if told else 0)
    if status:
        retriable = status in (408, 409, 425, 429) or status >= 500
        return ProviderError(PROVIDER, f"{name} answered {status}", status=status, retriable=retriable)
    kind = frame.category.value if frame.category is not None else "unknown"
    retriable = frame.category is None or not frame.category.is_permanent
    return ProviderError(PROVIDER, f"{name} failed: {kind.replace('_', ' ')} error", retriable=retriable)


_STATUS = re.compile(r"(?:code|status|HTTP)\W{0,4}([45]\d\d)\b", re.IGNORECASE)
"""Many services put the HTTP status into their sentence, and nowhere else."""
