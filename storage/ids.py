"""Ids: a prefix that tells the record, a time that sorts them, and enough chance that nobody guesses one."""

from __future__ import annotations

import secrets
import threading
import time
from datetime import datetime

DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"
"""Base 32 without the letters that are misread (i, l, o, u), in the order in which text sorts."""
TIME_DIGITS = 11
"""55 bits of microseconds since 1970: enough until the year 3111."""
CHANCE_DIGITS = 15
"""75 bits from the system's generator."""

ORGANISATION, KEY, AGENT, FLOW, CALL, EVENT = "org_", "key_", "agt_", "flw_", "cal_", "evt_"
CUSTOMER, LIST, SCRIPT, NUMBER, WEBHOOK, LOG = "cst_", "lst_", "scr_", "num_", "wbh_", "wbl_"
VOICE, SAMPLE, TRAINING, CREDIT = "vs_", "smp_", "trn_", "crd_"
QUEUE, MEMBER, TRANSFER = "que_", "mbr_", "trf_"


class _Clock:
    """Microseconds since 1970, never the same number twice in one process."""

    def __init__(self) -> None:
        self._last = 0
        self._lock = threading.Lock()

    def tick(self) -> int:
        with self._lock:
            self._last = max(self._last + 1, time.time_ns() // 1000)
            return self._last


_clock = _Clock()


def new_id(prefix: str) -> str:
    """`prefix` and 26 letters and digits. Ids made by one process sort in the order in which they were made."""
    return prefix + _digits(_clock.tick(), TIME_DIGITS) + _digits(secrets.randbits(5 * CHANCE_DIGITS), CHANCE_DIGITS)


def first_id(prefix: str, at: datetime) -> str:
    """No id of that kind that is made at this time or later sorts before it."""
    return prefix + _digits(int(at.timestamp() * 1_000_000), TIME_DIGITS)


def _digits(number: int, length: int) -> str:
    return "".join(DIGITS[number >> 5 * place & 31] for place in reversed(range(length)))
