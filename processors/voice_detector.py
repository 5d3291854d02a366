"""Voice detection by a model, Silero: one for the process, asked about all calls at once.

One thread owns the model and everything that it remembers of each voice. Calls reach it through a queue, so that
opening, hearing and closing keep their order and nothing needs a lock.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from pipeline.audio import FULL_SCALE
from pipeline.frames import SpeechStarted, SpeechStopped
from pipeline.mailbox import Mailbox
from processors.models import installed, session
from processors.vad import SpeechEdges, VadOptions

CHUNK_SECONDS = 0.032
Rate = Literal[8000, 16000]
Edge = SpeechStarted | SpeechStopped

_FEW = 8
"""Voices that are served one by one, as they come. More are gathered, since the model is cheaper in batches."""
_GATHER_SECONDS = 0.016
"""How long chunks wait for others, but for one that may start or stop speech: it is judged at once, with who waits."""
_RELEASE = 0.15
"""How much less sure the model may be that a voice goes on than that it began: what Silero's own tools take."""


def silero() -> Path:
    """The model's file. Raises ModelMissing."""
    return installed("pipecat", "pipecat-ai==1.14.0", "audio", "vad", "data", "silero_vad.onnx")


class Voice:
    """One call's sound on its way through the detector."""

    def __init__(self, detector: VoiceDetector, rate: Rate, options: VadOptions) -> None:
        self.rate = rate
        self.options = options
        self.edges = SpeechEdges(options.start_seconds, options.stop_seconds)  # the detector's thread's alone
        self.loop = asyncio.get_running_loop()
        self.said: Mailbox[Edge | Exception] = Mailbox(100)
        self._ask = detector.ask
        self._closed = False

    @property
    def chunk_bytes(self) -> int:
        return _chunk_samples(self.rate) * 2

    def hear(self, chunk: bytes, end: float) -> None:
        """Exactly `chunk_bytes` of PCM16 that ended at `end` on the call's clock. Never waits; nothing once closed."""
        if not self._closed:
            self._ask(self, chunk, end)

    async def edges_heard(self) -> AsyncGenerator[Edge, None]:
        """Where speech starts and stops, as it becomes sure. Raises RuntimeError if the detector failed."""
        async for said in self.said:
            if isinstance(said, Exception):
                raise RuntimeError("the voice detector failed") from said  # noqa: TRY004 - said is what was raised
            yield said

    def close(self) -> None:
        """Frees what the detector remembers. What it has still to say of this voice is dropped."""
        if not self._closed:
            self._closed = True
            self.said.close()
            self._ask(self, b"", 0.0)


class VoiceDetector:
    """Loads in 0.1 s; its thread starts with the block and ends with it.

    A chunk below the least volume, of a voice that is quiet, is not shown to the model: most of a call is that.
    """

    def __init__(self, model: Path | None = None) -> None:
        """Raises ModelMissing."""
        loaded = session(model or silero())
        self._memories: dict[Rate, _Memory] = {8000: _Memory(loaded, 8000), 16000: _Memory(loaded, 16000)}
        self._asked: deque[_Question] = deque()
        self._wake = threading.Event()
        self._hurry = threading.Event()
        self._closing = False
        self._thread = threading.Thread(target=self._work, name="voice-detector", daemon=True)

    def __enter__(self) -> VoiceDetector:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Answers what was asked, then ends the thread."""
        self._closing = True
        self._wake.set()
        self._hurry.set()
        self._thread.join()

    def open(self, rate: Rate, options: VadOptions) -> Voice:
        """Belongs to the running event loop. Close it."""
        return Voice(self, rate, options)

    def ask(self, voice: Voice, chunk: bytes, end: float) -> None:
        """An empty chunk says that the voice is gone."""
        self._asked.append((voice, chunk, end))
        if not self._wake.is_set():
            self._wake.set()
        if voice.edges.deciding(end - CHUNK_SECONDS, end):
            self._hurry.set()

    def _work(self) -> None:
        closing = False
        while not closing:
            self._wake.wait()
            if sum(len(memory.slots) for memory in self._memories.values()) > _FEW:
                self._hurry.wait(_GATHER_SECONDS)
            self._hurry.clear()
            self._wake.clear()  # before the queue is read: what comes from here on wakes again
            closing = self._closing
            self._round()

    def _round(self) -> None:
        """Everything that was asked, in batches that hold each voice once: a chunk needs the state after the last."""
        waiting = [self._asked.popleft() for _ in range(len(self._asked))]
        answers: list[tuple[Voice, Edge | Exception]] = []
        while waiting:
            batches: dict[Rate, dict[Voice, _Question]] = {8000: {}, 16000: {}}
            later = []
            for question in waiting:
                voice, chunk, _ = question
                if voice in batches[voice.rate]:
                    later.append(question)
                elif chunk:
                    batches[voice.rate][voice] = question
                else:
                    self._memories[voice.rate].forget(voice)
            for rate, batch in batches.items():
                if batch:
                    answers += self._memories[rate].judge(list(batch.values()))
            waiting = later
        loops: dict[asyncio.AbstractEventLoop, list[tuple[Voice, Edge | Exception]]] = {}
        for answer in answers:
            loops.setdefault(answer[0].loop, []).append(answer)
        for loop, its in loops.items():
            with suppress(RuntimeError):  # the loop was closed, and its calls with it
                loop.call_soon_threadsafe(_deliver, its)


_Question = tuple[Voice, bytes, float]


def _deliver(answers: list[tuple[Voice, Edge | Exception]]) -> None:
    for voice, answer in answers:
        voice.said.put(answer)


class _Memory:
    """What the model remembers of every voice of one rate: its state and the last samples before the next chunk."""

    def __init__(self, model: onnxruntime.InferenceSession, rate: Rate) -> None:
        self.slots: dict[Voice, int] = {}
        self._model = model
        self._rate = np.array(rate, np.int64)
        self._chunk = _chunk_samples(rate)
        self._context = np.zeros((0, rate // 250), np.float32)
        self._state = np.zeros((2, 0, 128), np.float32)
        self._free: list[int] = []

    def judge(self, questions: list[_Question]) -> list[tuple[Voice, Edge | Exception]]:
        """One chunk of each voice → the edges found. If the model fails, each of these voices gets to know."""
        try:
            return self._edges(questions)
        except Exception as error:  # noqa: BLE001 - raised again in every call that asked
            return [(voice, error) for voice, _, _ in questions]

    def forget(self, voice: Voice) -> None:
        slot = self.slots.pop(voice, None)
        if slot is not None:
            self._free.append(slot)

    def _edges(self, questions: list[_Question]) -> list[tuple[Voice, Edge | Exception]]:
        slots = np.array([self._slot(voice) for voice, _, _ in questions])
        pcm = np.frombuffer(b"".join([chunk for _, chunk, _ in questions]), "<i2").reshape(-1, self._chunk)
        sound = np.empty((len(pcm), self._context.shape[1] + self._chunk), np.float32)
        sound[:, : -self._chunk] = self._context[slots]
        np.multiply(pcm, 1 / FULL_SCALE, out=sound[:, -self._chunk :], casting="unsafe")
        self._context[slots] = sound[:, -self._context.shape[1] :]
        chunks = sound[:, -self._chunk :]
        power = np.einsum("ij,ij->i", chunks, chunks) / self._chunk
        least = np.array([10 ** (voice.options.min_volume_dbfs / 10) for voice, _, _ in questions])
        asleep = np.array([voice.edges.quiet for voice, _, _ in questions])
        shown = np.flatnonzero(~asleep | (power >= least))
        sure = np.zeros(len(pcm), np.float32)
        if len(shown):
            sure[shown] = self._ask_model(sound[shown], slots[shown])
        edges: list[tuple[Voice, Edge | Exception]] = []
        for (voice, _, end), certainty in zip(questions, sure.tolist(), strict=True):
            wanted = voice.options.threshold - (_RELEASE if voice.edges.speaking else 0.0)
            edge = voice.edges.hear(certainty >= wanted, end - CHUNK_SECONDS, end)
            if edge is not None:
                edges.append((voice, edge))
        return edges

    def _ask_model(self, sound: NDArray[np.float32], slots: NDArray[Any]) -> NDArray[np.float32]:
        certainty, state = self._model.run(None, {"input": sound, "state": self._state[:, slots], "sr": self._rate})
        self._state[:, slots] = state
        sure: NDArray[np.float32] = certainty[:, 0]
        return sure

    def _slot(self, voice: Voice) -> int:
        slot = self.slots.get(voice)
        if slot is None:
            if not self._free:
                self._grow()
            slot = self.slots[voice] = self._free.pop()
            self._context[slot] = 0.0
            self._state[:, slot] = 0.0
        return slot

    def _grow(self) -> None:
        held = len(self._context)
        more = max(held, 16)
        self._context = np.concatenate([self._context, np.zeros((more, self._context.shape[1]), np.float32)])
        self._state = np.concatenate([self._state, np.zeros((2, more, 128), np.float32)], axis=1)
        self._free += range(held + more - 1, held - 1, -1)


def _chunk_samples(rate: Rate) -> int:
    return round(rate * CHUNK_SECONDS)
