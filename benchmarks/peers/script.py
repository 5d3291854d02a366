"""What both peers say and take on the command line: the same words, the same sound, no provider behind them."""

from __future__ import annotations

import argparse
import math
from array import array

RATE = 8000
"""Samples a second on the line."""

REPLY_SECONDS = 3.0
HEARD = "I would like to know when my order will arrive."
SAID = "Your order is on its way to you and it will arrive on Thursday."


def reply_sound(seconds: float = REPLY_SECONDS) -> bytes:
    """A soft 440 Hz tone: mono PCM16 at `RATE`, about -20 dBFS, so that its start and end are plain to hear."""
    turn = 2 * math.pi * 440 / RATE
    return array("h", (int(4600 * math.sin(turn * n)) for n in range(round(seconds * RATE)))).tobytes()


def arguments(about: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument(
        "--stop-seconds", type=float, default=0.2, help="silence after which the voice detector calls speech ended"
    )
    return parser
