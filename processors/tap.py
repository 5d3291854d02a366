"""Both sides of a call for whoever listens along: the caller left, the bot right. Costs nothing while nobody does."""

from __future__ import annotations

from dataclasses import dataclass, field

from pipeline.bed import Bed
from pipeline.frames import AudioIn, Background, Frame, Heard, Listen
from pipeline.news import BothSides
from pipeline.processor import Processor
from processors.sides import Piece, laid
from processors.wav import stereo

CHUNK_FRAMES = 5
"""Sound is handed out in pieces of 100 ms."""
LISTENED_SECONDS = 10.0
"""Of the call, for which sound is handed out after each `Listen`."""


@dataclass(slots=True)
class _Stretch:
    """What was heard since the last piece that was handed out."""

    start: int
    """In bytes of one side, from the call's start."""
    caller: list[bytes] = field(default_factory=list)
    bot: list[Piece] = field(default_factory=list)


class Tap(Processor):
    """Emits `BothSides`: what a recording would hold, from the first sound after a `Listen` on."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._now = 0.0
        self._until = 0.0
        self._stretch: _Stretch | None = None
        self._bed: Bed | None = None

    def process(self, frame: Frame) -> None:
        match frame:
            case AudioIn():
                self._now = frame.at
                if self._until:
                    self._heard(frame)
            case Heard() if self._stretch is not None:
                self._stretch.bot.append((self._place(frame.at) - self._stretch.start, frame.pcm))
            case Listen():
                self._until = self._now + LISTENED_SECONDS
            case Background(bed):
                self._bed = bed
        self.emit(frame)

    def _heard(self, sound: AudioIn) -> None:
        """What the bot said in the time of a sound comes before the next sound: only then is a piece complete."""
        stretch = self._stretch
        if stretch is not None and len(stretch.caller) == CHUNK_FRAMES:
            caller = b"".join(stretch.caller)
            bot, late = laid(len(caller), stretch.bot)
            if self._bed is not None:
                bot = self._bed.under(bot, stretch.start // 2)
            self.emit(BothSides(stereo(caller, bot)))
            stretch = self._stretch = _Stretch(stretch.start + len(caller), bot=late)
        if sound.at >= self._until:
            self._until, self._stretch = 0.0, None
            return
        if stretch is None:
            stretch = self._stretch = _Stretch(self._place(sound.at))
        stretch.caller.append(sound.line)

    def _place(self, at: float) -> int:
        return round(at * self._rate) * 2
