"""Backgrounds by their names: an office of our own making, or a sound that somebody keeps on the web."""

from __future__ import annotations

import asyncio
import logging

import numpy as np
from aiohttp import ClientError, ClientSession

from pipeline.audio import FULL_SCALE
from pipeline.bed import Bed
from processors.office import office
from server.sounds.kept import Kept
from server.sounds.sound_file import NoSoundError, decoded
from server.sounds.web_sound import fetched

KEPT = 16
"""Sounds kept for the calls to come: 2 MB of each minute at 16 kHz."""
BIGGEST = 10_000_000
"""Bytes of a file."""
PATIENCE = 20.0
"""Seconds in which a file must be there."""
LOUDEST = 10 ** (-28 / 20)
"""RMS, of full scale, of a background: a louder one is brought down to it, for a voice stands at some -20 dB."""

_log = logging.getLogger(__name__)


class Backgrounds:
    """What one call had fetched the next one has at once."""

    def __init__(self, http: ClientSession | None = None) -> None:
        """`http` leads to public addresses alone. Without it there are no sounds from the web."""
        self._http = http
        self._kept: Kept[Bed] = Kept(KEPT)

    async def bed(self, name: str, rate: int) -> Bed | None:
        """`office` or a URL; None, and a line in the log, if it cannot be had."""
        return await self._kept.get(name, rate, self._made)

    async def _made(self, name: str, rate: int) -> Bed | None:
        if name == "office":
            return Bed(await asyncio.to_thread(office, rate), rate)
        try:
            sound = await fetched(self._http, name, seconds=PATIENCE, biggest=BIGGEST)
            return await asyncio.to_thread(_bed, sound, rate)
        except (ClientError, TimeoutError, NoSoundError, ValueError) as error:
            _log.warning("a background sound could not be had", extra={"reason": type(error).__name__})
            return None


def _bed(sound: bytes, rate: int) -> Bed:
    samples = np.frombuffer(decoded(sound, rate), np.int16).astype(np.float32)
    level = float(np.sqrt(np.mean(np.square(samples)))) / FULL_SCALE if samples.size else 0.0
    if level > LOUDEST:
        samples *= LOUDEST / level
    return Bed(samples.astype("<i2").tobytes(), rate)
