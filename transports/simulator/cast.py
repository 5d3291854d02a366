"""Who picks up on the simulated network: a talker, a machine, or somebody who says nothing."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from pipeline.audio import silence
from transports.simulator.casting import Voice, from_script
from transports.simulator.fates import FIXED, Fate
from transports.simulator.people import PATIENCE, Person, Say, Silence, WaitForBot

DEMO = Path(__file__).with_name("demo_caller.json")
CAMPAIGN = Path(__file__).with_name("campaign_caller.json")

PATIENCE_IN_STEP = 3 * PATIENCE
"""Where nothing is waited for: half a second or so of the clock."""
SAYS_NOTHING = 5.0
"""Seconds until somebody who picked up and says nothing hangs up."""
GREETING = "The person you are calling cannot come to the phone. Please leave a message after the tone."
BEEP_HERTZ, BEEP_SECONDS, BEEP_LEVEL = 1000, 0.4, 8000
MESSAGE_OVER = 4.0
"""Seconds of silence after which a machine stops to record, and the line is put down."""


class Cast:
    """The numbers that are known to answer play the demo script, all others a shorter one."""

    def __init__(self, voice: Voice, *, rate: int = 8000, speed: float = 1.0) -> None:
        """Reads the scripts; each of their sentences is spoken once, for all calls. `speed` is the network's."""
        self._voice, self._rate, self._patience = remembered(voice), rate, patience_at(speed)
        self._demo, self._campaign = _script(DEMO), _script(CAMPAIGN)

    async def __call__(self, fate: Fate, number: str, seed: int) -> Person:
        """Raises what the voice raises."""
        match fate:
            case Fate.VOICEMAIL:
                greeting = silence(0.5, self._rate) + await self._voice(GREETING) + silence(0.3, self._rate)
                return Person([Say(greeting + beep(self._rate)), WaitForBot(quiet=MESSAGE_OVER)], rate=self._rate)
            case Fate.SILENT:
                return Person([Silence(SAYS_NOTHING)], rate=self._rate)
            case _:
                script = self._demo if number[-4:] in FIXED else self._campaign
                return await from_script(script, self._voice, rate=self._rate, seed=seed, patience=self._patience)


def patience_at(speed: float) -> float:
    """Seconds of the call: the bot thinks in real time, however fast the call goes by."""
    return PATIENCE * max(speed, 1.0) if speed else PATIENCE_IN_STEP


def remembered(voice: Voice) -> Voice:
    """The same voice, which says each text but once: for a few texts that are said by thousands of people."""
    sounds: dict[str, bytes] = {}
    one_at_a_time = asyncio.Lock()

    async def say(text: str) -> bytes:
        if text not in sounds:
            async with one_at_a_time:
                if text not in sounds:
                    sounds[text] = await voice(text)
        return sounds[text]

    return say


def beep(rate: int) -> bytes:
    """What a machine says last."""
    moments = np.arange(round(BEEP_SECONDS * rate)) / rate
    return np.round(BEEP_LEVEL * np.sin(2 * np.pi * BEEP_HERTZ * moments)).astype("<i2").tobytes()


def _script(path: Path) -> Sequence[object]:
    lines: Sequence[object] = json.loads(path.read_text())
    return lines
