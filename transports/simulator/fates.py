"""What happens when a simulated number is dialled: told by its last four digits, or drawn from a mix with a seed.

Pure: the same seed, number and count of earlier calls give the same fate, in every process.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Fate(StrEnum):
    """The values are the words of a mix."""

    ANSWERS = "answer"
    """Picks up and talks."""
    RINGS_OUT = "no-answer"
    BUSY = "busy"
    VOICEMAIL = "voicemail"
    FAILS = "failed"
    SILENT = "silent"
    """Picks up, says nothing and hangs up after a few seconds."""


_FATES = {fate.value: fate for fate in Fate}

FIXED: Mapping[str, Fate] = {
    "0001": Fate.ANSWERS,
    "0002": Fate.RINGS_OUT,
    "0003": Fate.BUSY,
    "0004": Fate.VOICEMAIL,
    "0005": Fate.FAILS,
    "0006": Fate.SILENT,
}
"""By a number's last four digits: what whoever dials it can rely on."""

FIXED_RING = 2.0
"""Seconds: whoever dials such a number wants to see what comes of it."""

RING: Mapping[Fate, tuple[float, float]] = {
    Fate.ANSWERS: (3.0, 15.0),
    Fate.RINGS_OUT: (math.inf, math.inf),
    Fate.BUSY: (0.5, 2.5),
    Fate.VOICEMAIL: (12.0, 20.0),
    Fate.FAILS: (0.5, 3.0),
    Fate.SILENT: (3.0, 15.0),
}
"""Seconds, least and most, from the first ring to what happens then. Voicemail is what people let it ring for."""


@dataclass(frozen=True, slots=True)
class Mix:
    """How large a part of the people each fate has. Shares need not add up to 1 or 100."""

    shares: Mapping[Fate, float]

    def __post_init__(self) -> None:
        for fate, share in self.shares.items():
            if not 0 <= share < math.inf:
                raise ValueError(f"the share of {fate} must be a number from 0 up")
        if not sum(self.shares.values()):
            raise ValueError("at least one share must be above 0")

    @classmethod
    def parse(cls, text: str) -> Mix:
        """Reads `answer=55, busy=10`: what is not named has no share. Raises ValueError, with what is wrong."""
        shares: dict[Fate, float] = {}
        for part in text.split(","):
            name, sign, share = (piece.strip() for piece in part.partition("="))
            if not sign:
                raise ValueError("it is written like answer=55,no-answer=20,busy=10")
            if name not in _FATES:
                raise ValueError(f"{name or 'an empty name'} is none of {', '.join(_FATES)}")
            if _FATES[name] in shares:
                raise ValueError(f"{name} is there twice")
            try:
                shares[_FATES[name]] = float(share)
            except ValueError:
                raise ValueError(f"the share of {name} must be a number from 0 up") from None
        return cls(shares)

    def __str__(self) -> str:
        return ",".join(f"{fate}={share:g}" for fate, share in self.shares.items())


DEFAULT_MIX = Mix.parse("answer=55,no-answer=20,busy=10,voicemail=10,failed=3,silent=2")


def dice_for(what: str, number: str, seed: int, attempt: int) -> random.Random:
    """Dice of their own for one thing that is drawn for one call."""
    return random.Random(f"{seed}/{attempt}/{what}/{number}")  # noqa: S311 - pretend people, no secret


def fate_of(number: str, mix: Mix, seed: int, attempt: int) -> Fate:
    """`attempt` counts the earlier calls to the number: who was busy once need not be so again."""
    if (fixed := FIXED.get(number[-4:])) is not None:
        return fixed
    dice = dice_for("fate", number, seed, attempt)
    return dice.choices(list(mix.shares), list(mix.shares.values()))[0]


def ring_of(fate: Fate, number: str, seed: int, attempt: int) -> float:
    """Seconds that it rings unless the caller gives up before; infinite where nobody ever picks up."""
    least, most = RING[fate]
    if math.isinf(least) or number[-4:] not in FIXED:
        return least if least == most else dice_for("ring", number, seed, attempt).uniform(least, most)
    return FIXED_RING
