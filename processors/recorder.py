"""Both sides of a call to a stereo file: the caller left, the bot right, aligned to the sample with the line."""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.bed import Bed
from pipeline.frames import AudioIn, Background, Frame, Heard
from pipeline.news import RecordingConsent
from pipeline.processor import Processor
from processors.sides import laid
from processors.wav import WavWriter, stereo

log = logging.getLogger(__name__)

FLUSH_FRAMES = 25
"""Every half second goes to disk: a kill loses no more."""


@dataclass(slots=True)
class Track:
    """One recording as its thread sees it. Only that thread touches it, but for the bed, which is laid once."""

    path: Path
    rate: int
    since: float = 0.0
    """Seconds of the call before its first sound here: what is in the file of them stays."""
    writer: WavWriter | None = None
    late: list[tuple[int, bytes]] = field(default_factory=list)
    """Bot's sound that belongs to a later stretch: (offset in bytes from that stretch's start, PCM16)."""
    failed: bool = False
    bed: tuple[Bed, int] | None = None
    """What is heard under the bot, and from which byte on."""
    length: int = 0
    """Bytes of one side that went by: what was not to be recorded of them is silence."""

    def write(self, caller: bytes, bot: list[tuple[int, bytes]]) -> None:
        """`bot`: (offset in bytes from the start of `caller`, PCM16), in any order."""
        if not caller:  # of a call that ended before its first sound there is no file
            self.late += bot
            return
        if self.writer is None:
            self.writer = WavWriter(self.path, self.rate, round(self.since * self.rate) + self.length // 2)
        right, self.late = laid(len(caller), self.late + bot)
        self.writer.append(stereo(caller, right if self.bed is None else self._bedded(right, *self.bed)))
        self.length += len(caller)

    def _bedded(self, right: bytes, bed: Bed, since: int) -> bytes:
        bare = min(max(since - self.length, 0), len(right))
        return right[:bare] + bed.under(right[bare:], (self.length + bare) // 2)

    def close(self) -> None:
        if self.writer is not None:
            self.writer.close()


class RecordingThread:
    """Writes every recording of the process, one after the other, off the event loop."""

    def __init__(self) -> None:
        self._jobs: queue.SimpleQueue[
            tuple[Track, bytes, list[tuple[int, bytes]], asyncio.Future[bool] | None] | None
        ] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="recordings", daemon=True)
        self._thread.start()

    def write(self, track: Track, caller: bytes, bot: list[tuple[int, bytes]]) -> None:
        self._jobs.put((track, caller, bot, None))

    def finish(self, track: Track, caller: bytes, bot: list[tuple[int, bytes]]) -> asyncio.Future[bool]:
        """Done when all of the track is on disk: True, or False if a part could not be written."""
        done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._jobs.put((track, caller, bot, done))
        return done

    def close(self) -> None:
        """Writes what is waiting, then ends the thread. Blocks until then."""
        self._jobs.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            track, caller, bot, done = job
            try:
                try:
                    if not track.failed:
                        track.write(caller, bot)
                finally:
                    if done is not None:
                        track.close()
            except Exception:  # a bug in one may not cost the others theirs
                log.exception("a recording could not be written", extra={"file": track.path.name})
                track.failed = True
            if done is not None:
                with suppress(RuntimeError):  # its loop is closed: nobody waits any more
                    done.get_loop().call_soon_threadsafe(_settle, done, not track.failed)


def _settle(done: asyncio.Future[bool], written: bool) -> None:
    if not done.done():
        done.set_result(written)


class Recorder(Processor):
    """Collects; a thread writes. Silence, pauses and cuts are in the file as they were on the line."""

    def __init__(
        self, path: Path, rate: int, thread: RecordingThread, *, since: float = 0.0, waits: bool = False
    ) -> None:
        """A call that goes on after a break of the line began `since` seconds ago: its file goes on too.

        One that `waits` keeps nothing before the caller's consent: there is silence in its place.
        """
        self._rate, self._waits = rate, waits
        self._track = Track(path, rate, since)
        self._thread = thread
        self._caller: list[bytes] = []
        self._bot: list[tuple[int, bytes]] = []
        self._start = 0

    def start(self) -> None:
        self.tasks.create_task(self._until_the_end())

    def process(self, frame: Frame) -> None:
        match frame:
            case AudioIn() if self._waits:
                self._start += len(frame.line)
            case Heard() if self._waits:
                pass
            case RecordingConsent(given=True) if self._waits:
                self._waits, self._track.length = False, self._start
            case AudioIn():
                if len(self._caller) == FLUSH_FRAMES:
                    self._thread.write(self._track, *self._take())
                self._caller.append(frame.line)
            case Heard():
                self._bot.append((round(frame.at * self._rate) * 2 - self._start, frame.pcm))
            case Background():
                self._track.bed = frame.bed, self._start + sum(map(len, self._caller))
        self.emit(frame)

    def _take(self) -> tuple[bytes, list[tuple[int, bytes]]]:
        caller, bot = b"".join(self._caller), self._bot
        self._start += len(caller)
        self._caller, self._bot = [], []
        return caller, bot

    async def _until_the_end(self) -> None:
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            await asyncio.shield(self._thread.finish(self._track, *self._take()))
