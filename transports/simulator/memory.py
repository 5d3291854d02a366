"""What a simulated network knows of the calls that it was asked for, in bounded room."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta

from transports.carrier import CarrierStatus

KEPT = timedelta(hours=1)
"""How long a call that ended is remembered."""
MOST_ENDED = 50_000
"""Ended calls that are remembered at most, some 25 MB: the oldest are forgotten first."""
MOST_NUMBERS = 100_000
"""Numbers whose calls are counted, some 10 MB: those not dialled for longest are forgotten, and begin anew."""


class Memory:
    def __init__(self, now: Callable[[], datetime], *, ended: int = MOST_ENDED, numbers: int = MOST_NUMBERS) -> None:
        self._now, self._most_ended, self._most_numbers = now, ended, numbers
        self._statuses: dict[str, CarrierStatus] = {}
        """By the network's own id."""
        self._newest: dict[str, str] = {}
        """The customer's reference → the network's id of its newest call."""
        self._ended: deque[tuple[datetime, str, str]] = deque()
        self._dialled: dict[str, int] = {}
        """Calls to each number; the one that was dialled last stands last."""

    def __len__(self) -> int:
        """Calls that are known."""
        return len(self._statuses)

    def earlier_calls(self, number: str) -> int:
        """How often it was dialled before, this time counted from now on."""
        before = self._dialled.pop(number, 0)
        self._dialled[number] = before + 1
        if len(self._dialled) > self._most_numbers:
            del self._dialled[next(iter(self._dialled))]
        return before

    def begin(self, reference: str, status: CarrierStatus) -> None:
        self._forget()
        self._newest[reference] = status.carrier_call
        self._statuses[status.carrier_call] = status

    def change(self, status: CarrierStatus) -> None:
        self._statuses[status.carrier_call] = status

    def end(self, reference: str, status: CarrierStatus) -> None:
        self.change(status)
        self._ended.append((self._now(), reference, status.carrier_call))
        self._forget()

    def find(self, carrier_call: str, reference: str) -> CarrierStatus | None:
        """By the network's id where it is given, else the newest call of the reference."""
        return self._statuses.get(carrier_call or self._newest.get(reference, ""))

    def _forget(self) -> None:
        before = self._now() - KEPT
        while self._ended and (self._ended[0][0] < before or len(self._ended) > self._most_ended):
            _, reference, carrier_call = self._ended.popleft()
            del self._statuses[carrier_call]
            if self._newest.get(reference) == carrier_call:
                del self._newest[reference]
