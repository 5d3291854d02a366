"""Sound waiting to be heard, and how much of it was: the one reckoning behind every line.

The far end plays what it was sent, in order, from the moment it arrives on an idle line: that is the model. The
caller's audio is the clock (`tick`), so a sound that was sent is heard as the ticks pass over it, never beyond what
was sent. The network's delay is not in the model; the carrier's echo of a mark is: an echo that comes before the
ticks got there moves what was heard forward, and a reply is complete once its end was echoed, or `echo_wait` seconds
after its end was reckoned heard on a line that lost the echo.

Replies are heard one after the other: a reply waits until the one before it has had its `AudioDone`.
"""

from __future__ import annotations

from collections import deque

from pipeline.audio import SAMPLE_BYTES
from pipeline.bed import Bed
from pipeline.frames import FRAME_SECONDS, AudioDone, AudioOut, Frame, Heard, Played
from transports.bedding import Bedding
from transports.heard_words import HeardWords
from transports.replies import Chunk, Reply

ALIGNMENT = 320
"""Carriers want whole multiples of this many bytes."""
LEAD = 0.2
"""Seconds of sent but unheard sound: enough to ride out a late tick, little enough to cut."""
ECHO_WAIT = 1.0


class Playout:
    """A first-in, first-out line of replies: pure, no sockets, no clock but the ticks and the times given."""

    def __init__(
        self, rate: int, *, chunk: int, lead: float = LEAD, alignment: int = ALIGNMENT, echo_wait: float = ECHO_WAIT
    ) -> None:
        """`chunk` bytes go out at a time, a multiple of `alignment`; `echo_wait` is 0 on a line that has no marks."""
        if chunk <= 0 or chunk % alignment:
            raise ValueError(f"a chunk of {chunk} bytes is not a multiple of {alignment}")
        self._rate, self._chunk, self._alignment = rate, chunk, alignment
        self._lead = round(lead * rate)
        self._echo_wait = echo_wait
        self._bedding = Bedding(rate, alignment)
        self._replies: deque[Reply] = deque()
        self._line: deque[Chunk] = deque()
        self._news: list[Frame] = []
        self._ticked = 0
        self._line_end = 0
        self._cut_at = 0
        self._generation = 0
        self._paused = False
        self._over: set[int] = set()

    @property
    def idle(self) -> bool:
        """Nothing is waiting, on its way, or without its end mark."""
        return not self._replies

    @property
    def silent(self) -> bool:
        """And nothing goes on under it."""
        return not self._replies and self._bedding.bed is None

    @property
    def paused(self) -> bool:
        return self._paused

    def lay(self, bed: Bed) -> None:
        """It is sent from the next `due` on, paused or not. No `Heard` tells of it."""
        self._bedding.bed = bed

    def add(self, frame: AudioOut) -> None:
        """Sound of a reply that is done, was heard whole or was cleared is ignored: its end is settled."""
        if frame.reply in self._over:
            return
        reply = self._reply(frame.reply)
        if reply.done:
            return
        if frame.text:
            reply.words.add(frame.text, reply.made)
        reply.unsent += frame.pcm
        reply.made += len(frame.pcm)

    def done(self, frame: AudioDone) -> None:
        if frame.reply not in self._over:
            self._reply(frame.reply).done = True

    def due(self, now: float) -> list[bytes | str]:
        """What is to be sent now: sound, and names of marks, in order.

        Fills the far end up to the lead by whole chunks. While the far end holds less than one chunk, a smaller
        aligned piece goes too: the first sound of a reply does not wait for a chunk to fill.
        """
        actions: list[bytes | str] = []
        sample = self._sample(now)
        for reply in () if self._paused else self._replies:
            if reply.mark:
                continue
            while piece := self._next_piece(reply, max(self._line_end - sample, 0)):
                actions.append(self._put_on_line(reply, piece, sample))
            if reply.unsent or not reply.done:
                break
            reply.mark = f"{reply.number}.{self._generation}"
            actions.append(reply.mark)
        for bed, end in self._bedding.fill(self._line_end, sample):
            actions.append(bed)
            self._line_end = end
        return actions

    def tick(self, at: float, seconds: float = FRAME_SECONDS) -> list[Frame]:
        """`seconds` went by from `at`: what was heard in them, and what that completed."""
        self._ticked = end = round((at + seconds) * self._rate)
        frames: list[Frame] = []
        if not (self._replies or self._line):
            return frames
        line = self._line
        while line and line[0].start < end:
            frames.append(self._hear(line[0], end))
            if line[0].taken == len(line[0].pcm):
                line.popleft()
        self._tell(frames, end / self._rate)
        return frames

    def mark(self, name: str) -> list[Frame]:
        """The far end echoed a mark. One that is not ours, or from before the last pause or clear, is ignored."""
        names = [reply.mark for reply in self._replies]
        frames: list[Frame] = []
        if name and name in names:
            for reply in list(self._replies)[: names.index(name) + 1]:
                reply.confirmed = True
                reply.heard = reply.made
            self._tell(frames, self._ticked / self._rate)
        return frames

    def pause(self, now: float) -> bool:
        """Takes back what was sent but not heard. True if the far end may still hold some of it."""
        back, stale = self._cut(now)
        for chunk in reversed(back):
            chunk.reply.unsent[:0] = chunk.pcm[chunk.taken : chunk.sound]
        for reply in self._replies:
            if reply.heard_whole:
                reply.confirmed = stale = True  # its echo may be dropped with the rest: nobody must wait for it
            else:
                reply.mark = ""
                if not reply.heard:
                    reply.began = None
        self._paused = True
        return stale

    def resume(self) -> None:
        """What was taken back goes out with the next `due`."""
        self._paused = False

    def clear(self, now: float) -> bool:
        """Drops everything; `news` says how much of each reply was heard. True if the far end may still hold some."""
        _, stale = self._cut(now)
        stale = stale or any(reply.heard_whole for reply in self._replies)
        for reply in self._replies:
            if reply.heard == 0:
                reply.began = now
            self._news.append(self._played(reply, complete=reply.heard_whole, over=True))
        self._over.update(reply.number for reply in self._replies)
        self._replies.clear()
        self._paused = False
        return stale

    def news(self) -> list[Frame]:
        """What has become of replies since it was asked last. To be told before the sound that comes next."""
        news, self._news = self._news, []
        return news

    def end(self, now: float) -> list[Frame]:
        """The line is down: what was still heard until `now`, and how much of each reply that makes."""
        self.clear(now)
        last = self._line[-1].end if self._line else self._ticked
        return self.news() + self.tick(self._ticked / self._rate, (last - self._ticked) / self._rate)

    def _reply(self, number: int) -> Reply:
        for reply in self._replies:
            if reply.number == number:
                return reply
        fresh = Reply(number, HeardWords(self._rate * SAMPLE_BYTES))
        self._replies.append(fresh)
        return fresh

    def _sample(self, now: float) -> int:
        """Time does not go back behind a tick or a cut: what was reckoned heard stays heard."""
        return max(round(now * self._rate), self._ticked, self._cut_at)

    def _next_piece(self, reply: Reply, unheard: int) -> int:
        """Bytes of the reply to send next; 0 if it must wait. `unheard` is in samples."""
        waiting = len(reply.unsent)
        if unheard >= self._lead:
            return 0
        if waiting >= self._chunk or reply.done:
            return min(waiting, self._chunk)
        if unheard * SAMPLE_BYTES >= self._chunk:
            return 0
        return waiting - waiting % self._alignment

    def _put_on_line(self, reply: Reply, size: int, sample: int) -> bytes:
        pcm = bytes(reply.unsent[:size])
        del reply.unsent[:size]
        pcm += bytes(-size % self._alignment)
        chunk = Chunk(reply, pcm, size, max(sample, self._line_end))
        if reply.began is None:
            reply.began = chunk.start / self._rate
        self._line.append(chunk)
        self._line_end = chunk.end
        return self._bedding.under(pcm, chunk.start)

    def _hear(self, chunk: Chunk, end: int) -> Heard:
        """Moves over the chunk up to sample `end`."""
        taken = min(chunk.taken + (end - chunk.start) * SAMPLE_BYTES, len(chunk.pcm))
        heard = Heard(chunk.pcm[chunk.taken : taken], chunk.start / self._rate, chunk.reply.number)
        self._count(chunk, taken)
        chunk.start += (taken - chunk.taken) // SAMPLE_BYTES
        chunk.taken = taken
        return heard

    def _count(self, chunk: Chunk, taken: int) -> None:
        reply = chunk.reply
        reply.heard = min(reply.heard + max(min(taken, chunk.sound) - chunk.taken, 0), reply.made)

    def _cut(self, now: float) -> tuple[list[Chunk], bool]:
        """Ends the line at `now`: what comes before it counts as heard and keeps its ticks; the rest is returned.

        And whether anything has to be dropped by the far end.
        """
        self._generation += 1
        self._cut_at = sample = self._sample(now)
        kept: deque[Chunk] = deque()
        back: list[Chunk] = []
        for chunk in self._line:
            if chunk.reply.confirmed or chunk.end <= sample:
                keep = len(chunk.pcm)
            else:
                keep = chunk.taken + max(sample - chunk.start, 0) * SAMPLE_BYTES
                back.append(Chunk(chunk.reply, chunk.pcm, chunk.sound, max(chunk.start, sample), keep))
            if keep > chunk.taken:
                self._count(chunk, keep)
                kept.append(Chunk(chunk.reply, chunk.pcm[:keep], chunk.taken, chunk.start, chunk.taken))
        stale = bool(back) or (self._bedding.bed is not None and self._line_end > sample)
        self._line = kept
        self._line_end = kept[-1].end if kept else sample
        return back, stale

    def _tell(self, frames: list[Frame], now: float) -> None:
        """Says what has become whole: phrases, then replies."""
        while self._replies:
            reply = self._replies[0]
            news = reply.words.news(reply.heard, reply.made, done=reply.done)
            if reply.heard_whole and reply.ended is None:
                reply.ended = now
            if reply.ended is not None and (reply.confirmed or now - reply.ended >= self._echo_wait):
                frames.append(self._played(reply, complete=True, over=True))
                self._over.add(reply.number)
                self._replies.popleft()
                continue
            if news:
                frames.append(self._played(reply))
            return

    def _played(self, reply: Reply, *, complete: bool = False, over: bool = False) -> Played:
        began = self._ticked / self._rate if reply.began is None else reply.began
        text = reply.words.words(reply.heard, reply.made, done=reply.done)
        return Played(reply.number, began, reply.heard / (SAMPLE_BYTES * self._rate), text, complete, over)
