"""English speech recognition on this machine: no key, no network. See `moonshine.py` for the model."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, AsyncIterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from aiohttp import ClientSession
from onnxruntime.capi import onnxruntime_pybind11_state as runtime
from pydantic import BaseModel, Field

from pipeline.audio import FULL_SCALE
from pipeline.frames import Transcript
from pipeline.tasks import alongside
from processors.models import CACHE, ModelMissing
from processors.ports import ListenFrame, ProviderError, SpeechToText
from processors.stt.moonshine import RATE, Moonshine, Size
from processors.stt.segments import Job, Segments


class Options(BaseModel, extra="forbid"):
    model: Size = Field("base", description="base hears better in noise; tiny is three times as fast")
    partial_seconds: float = Field(
        0.5, ge=0.2, le=10, description="Seconds of speech from one partial text to the next"
    )


def create(options: Options, http: ClientSession | None) -> SpeechToText:
    return EmbeddedStt(options, _DECODERS)


def threads(workers: int) -> None:
    """How many decode, for all calls of the process. To be said before the first call; otherwise it is one."""
    _DECODERS.hire(workers)


def warm(size: Size = "base", cache: Path = CACHE) -> None:
    """Loads a model for the whole process, in a second or two; call it in a thread. Raises ModelMissing.

    A model that was not warmed is loaded when it is first needed. `cache` is where its converted files are kept.
    """
    with _LOADING:
        if size not in _MODELS:
            _MODELS[size] = Moonshine(size, cache)


class EmbeddedStt:
    rate = RATE

    def __init__(self, options: Options, decoders: Decoders) -> None:
        self._options = options
        self._decoders = decoders

    async def transcribe(self, heard: AsyncIterable[ListenFrame]) -> AsyncGenerator[Transcript, None]:
        segments = Segments(RATE, self._options.partial_seconds)
        news = asyncio.Event()
        ended = False

        async def listen() -> None:
            nonlocal ended
            try:
                async for frame in heard:
                    segments.hear(frame)
                    if segments.waiting or segments.look_due:
                        news.set()
            finally:
                ended = True
                news.set()

        settled = ""
        async with alongside(listen()):
            while True:
                job = segments.next(look=self._decoders.idle)
                if job is not None:
                    if job.text is None:
                        job.text = await self._decoders.decode(self._options.model, job)
                    text = f"{settled} {job.text}".strip()
                    if job.kind == "final":
                        settled = ""
                        yield Transcript(text, final=True, language="en")
                    elif not job.dropped and job.text:
                        settled = text if job.kind == "piece" else settled
                        yield Transcript(text, final=False, language="en")
                elif ended:
                    return
                else:
                    news.clear()
                    await news.wait()


class Decoders:
    """Threads that decode. A partial text is made only where a thread is free, and is given up for a final one."""

    def __init__(self, workers: int = 1) -> None:
        self._working: list[Job] = []
        self.hire(workers)

    def hire(self, workers: int) -> None:
        self._workers = workers
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="moonshine")

    @property
    def idle(self) -> bool:
        """A thread is free."""
        return len(self._working) < self._workers

    async def decode(self, size: Size, job: Job) -> str:
        """Raises ProviderError. If the job is dropped, or the caller cancelled, the thread is soon free again."""
        if not job.pcm:
            return ""
        if not self.idle:
            for other in self._working:
                if other.kind == "partial" and not other.dropped:
                    other.dropped = True
                    break
        self._working.append(job)
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, _decode, size, job)
        except asyncio.CancelledError:
            job.dropped = True
            raise
        except ModelMissing as missing:
            raise ProviderError("embedded", str(missing), retriable=False) from missing
        except (OSError, runtime.Fail, runtime.InvalidGraph, runtime.RuntimeException) as error:
            raise ProviderError.of("embedded", error) from error
        finally:
            self._working.remove(job)


def _decode(size: Size, job: Job) -> str:
    if job.dropped:
        return ""
    warm(size)
    samples = np.frombuffer(job.pcm, "<i2").astype(np.float32) / FULL_SCALE
    return _MODELS[size].transcribe(samples, unwanted=lambda: job.dropped)


_MODELS: dict[Size, Moonshine] = {}
_LOADING = threading.Lock()
_DECODERS = Decoders()
