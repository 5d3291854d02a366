"""S5: what 20 ms of sound cost on their way through every stage of a call, without sockets and models' threads.

The stages are those that the server assembles, with providers that answer at once; the voice detector's model runs in
its own thread as it does in the server, and what the loop's thread spends is measured. The bot speaks half of the
time, so that its sound (`Heard`) goes by too.
"""

from __future__ import annotations

import asyncio
import gc
import tempfile
import time
from pathlib import Path

import numpy as np
from aiohttp import ClientSession
from prometheus_client import CollectorRegistry

from benchmarks.report import Bar, percentile, print_bars
from pipeline.audio import frame_bytes
from pipeline.frames import FRAME_SECONDS, AudioIn, Frame, Heard
from pipeline.pipeline import Pipeline
from processors.meter import Metrics
from processors.recorder import RecordingThread
from processors.voice_detector import VoiceDetector
from server.assembly import Workshop
from server.call_plan import CallPlan, Choice

RATE = 8000
FRAMES = 30_000
PLAN = CallPlan(
    stt=Choice(provider="scripted", options={"lines": ["Hello."]}),
    llm=Choice(provider="scripted", options={"replies": ["Hello."]}),
    tts=Choice(provider="scripted"),
)


def noise(frames: int) -> list[bytes]:
    """A quiet line: nobody speaks, yet every stage has real sound to look at."""
    samples = np.random.default_rng(1).normal(0, 30, (frames, frame_bytes(RATE) // 2)).astype("<i2")
    return [row.tobytes() for row in samples]


async def measure(folder: Path) -> list[float]:
    """Seconds that each frame took."""
    thread = RecordingThread()
    sink: list[Frame] = []
    sound = noise(500)
    took = []
    async with ClientSession() as http, asyncio.TaskGroup() as tasks:
        with VoiceDetector() as detector:
            workshop = Workshop(http, detector, None, thread, Metrics(CollectorRegistry()), 1e9)
            stages = await workshop.stages(PLAN, rate=RATE, transport="none", recording=folder / "a.wav", last=())
            pipeline = Pipeline(stages)
            pipeline.start(lambda frame: None if isinstance(frame, AudioIn) else sink.append(frame), tasks)
            gc.freeze()
            for n in range(FRAMES):
                frame = AudioIn(sound[n % 500], n * FRAME_SECONDS)
                begin = time.perf_counter()
                pipeline.push(frame)
                if n // 100 % 2:
                    pipeline.push(Heard(sound[n % 500], frame.at, 1))
                took.append(time.perf_counter() - begin)
                if n % 10 == 0:
                    await asyncio.sleep(0)
            for task in asyncio.all_tasks() - {asyncio.current_task()}:
                task.cancel()
    thread.close()
    return took


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        took = asyncio.run(measure(Path(folder)))
    micro = [seconds * 1e6 for seconds in took[1000:]]
    print_bars(
        Bar("S5 a frame through every stage, p50", percentile(micro, 0.50), 10, "µs"),
        Bar("S5 a frame through every stage, p99", percentile(micro, 0.99), 50, "µs"),
    )


if __name__ == "__main__":
    main()
