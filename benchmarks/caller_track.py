"""What every caller of a load says: real speech, with the places where it starts and stops as the detector finds them.

The detector's own wait is known then, and taken out: what is left is the server's.
"""

from __future__ import annotations

import asyncio
from functools import cache
from itertools import cycle, islice

from pipeline.audio import SAMPLE_BYTES, frame_bytes, silence
from pipeline.frames import FRAME_SECONDS, AudioIn, Frame, SpeechStarted, SpeechStopped
from processors.neural_vad import NeuralVad
from processors.vad import VadOptions
from processors.voice_detector import VoiceDetector
from tests.speech import RATE, prompts
from transports.simulator.crowd import Track

VAD = VadOptions(stop_seconds=0.2)
"""Of every server that is measured."""


@cache
def sentences() -> tuple[bytes, ...]:
    """Prompts of 1.5 to 3.5 s that are spoken in one breath, padded to whole frames."""
    spoken = (p.pcm() for p in prompts(80, words=5, seconds=3.5))
    whole = (pcm + bytes(-len(pcm) % frame_bytes(RATE)) for pcm in spoken if len(pcm) >= 1.5 * RATE * SAMPLE_BYTES)
    return tuple(pcm for pcm in whole if len(speeches(silence(0.5, RATE) + pcm + silence(0.5, RATE))) == 1)


def conversation(turns: int, listen: float) -> Track:
    """Turns of one sentence, each followed by `listen` seconds of silence."""
    pcm = silence(1.0, RATE)
    for sentence in islice(cycle(sentences()), turns):
        pcm += sentence + silence(listen, RATE)
    return Track(pcm, speeches(pcm))


def speeches(pcm: bytes) -> list[tuple[float, float]]:
    edges = asyncio.run(_edges(pcm))
    starts = [edge.at for edge in edges if isinstance(edge, SpeechStarted)]
    stops = [edge.at for edge in edges if isinstance(edge, SpeechStopped)]
    return list(zip(starts, stops, strict=True))


async def _edges(pcm: bytes) -> list[Frame]:
    found: list[Frame] = []
    with VoiceDetector() as detector:
        stage = NeuralVad(detector, RATE, VAD)
        stage.emit = lambda frame: None if isinstance(frame, AudioIn) else found.append(frame)
        async with asyncio.TaskGroup() as stage.tasks:
            stage.start()
            size = frame_bytes(RATE)
            for n, start in enumerate(range(0, len(pcm), size)):
                stage.process(AudioIn(pcm[start : start + size], n * FRAME_SECONDS))
            await asyncio.to_thread(detector.close)  # it answers what it was asked first
            for _ in range(len(pcm) // size):
                await asyncio.sleep(0)
            for task in asyncio.all_tasks() - {asyncio.current_task()}:
                task.cancel()
    return found
