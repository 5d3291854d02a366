"""A first message, or one for a machine, that was recorded: a sound on the web in place of words."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping

from aiohttp import ClientError, ClientSession

from pipeline.audio import SAMPLE_BYTES
from processors.speech_out import Stored
from server.call_plan import CallPlan
from server.sounds.kept import Kept
from server.sounds.sound_file import NoSoundError, decoded
from server.sounds.web_sound import fetched

KEPT = 64
"""Sounds kept for the calls to come."""
FRESH = 600.0
"""Seconds for which a sound is not fetched again."""
BIGGEST = 5_000_000
"""Bytes of a file."""
LONGEST = 60.0
"""Seconds of it that are said."""
PATIENCE = 4.0
"""Seconds in which it must be there: somebody has picked up, and hears nothing."""
SHOWN = "[audio]"
"""What the transcript has in its place, and the chat."""

_log = logging.getLogger(__name__)


def address(text: str) -> str:
    """The URL that a text begins with, or nothing."""
    first = text.partition(" ")[0]
    return first if first.lower().startswith(("http://", "https://")) else ""


class RecordedLines:
    """What one call had fetched the next one has at once."""

    def __init__(self, http: ClientSession | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        """`http` leads to public addresses alone. Without it there is no such sound."""
        self._http = http
        self._kept: Kept[Stored] = Kept(KEPT, fresh=FRESH, clock=clock)

    async def of(self, plan: CallPlan, rate: int) -> tuple[CallPlan, Mapping[str, Stored]]:
        """The sounds of a call by their URL, and its plan without those that cannot be had.

        The language model then greets in its own words, and a machine is hung up on.
        """
        greeting, message = address(plan.greeting), address(plan.voicemail.message)
        wanted = tuple(filter(None, {greeting, message}))
        if not wanted:
            return plan, {}
        sounds = await asyncio.gather(*(self._kept.get(url, rate, self._made) for url in wanted))
        had = {url: sound for url, sound in zip(wanted, sounds, strict=True) if sound is not None}
        changes: dict[str, object] = {}
        if greeting and greeting not in had:
            changes["greeting"] = plan.greeting.removeprefix(greeting).strip()
            changes["opening"] = plan.opening.model_copy(update={"generated": not changes["greeting"]})
        if message and message not in had:
            changes["voicemail"] = plan.voicemail.model_copy(update={"message": ""})
        return plan.model_copy(update=changes), had

    async def _made(self, url: str, rate: int) -> Stored | None:
        try:
            file = await fetched(self._http, url, seconds=PATIENCE, biggest=BIGGEST)
            pcm = await asyncio.to_thread(decoded, file, rate)
        except (ClientError, TimeoutError, NoSoundError, ValueError) as error:
            _log.warning("a recorded message could not be had", extra={"reason": type(error).__name__})
            return None
        return Stored(SHOWN, pcm[: round(LONGEST * rate) * SAMPLE_BYTES])
