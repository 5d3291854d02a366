"""Whether a provider is asked at all: one that failed is rested, tried by one request, and brought back."""

from __future__ import annotations

import hashlib
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from processors.ports import ProviderError

FAILURES, WINDOW = 2, 30.0
"""So many failures within so many seconds rest a provider: one may be the network's, two are not."""
FATAL = frozenset({401, 403})
"""Answers after which nothing but another key helps: one is enough."""
SHORTEST_REST, LONGEST_REST = 15.0, 300.0
"""Seconds. A rest is twice as long as the one before it, if no request succeeded between them."""
KEPT = 1000
"""Accounts that are remembered. Past that those without trouble are forgotten."""

Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Account:
    """Whose trouble is one trouble: a provider at one address, under one key."""

    stage: str
    provider: str
    address: str = ""
    key: str = ""
    """A digest of it, never the key itself."""

    @classmethod
    def of(cls, stage: str, provider: str, options: Mapping[str, Any]) -> Account:
        key = str(options.get("api_key") or "")
        digest = hashlib.sha256(key.encode()).hexdigest()[:16] if key else ""
        return cls(stage, provider, str(options.get("base_url") or ""), digest)


class Breaker:
    """Of one account. Open: it rests. After the rest one request probes it, and what comes of that decides."""

    def __init__(self, now: Clock = time.monotonic, rests: Callable[[bool], None] = lambda resting: None) -> None:
        """`rests` is told when a rest begins, and when the provider is back."""
        self._now, self._rests = now, rests
        self._failures: deque[float] = deque(maxlen=FAILURES)
        self._rest = SHORTEST_REST
        self._until: float | None = None
        self._probing = False

    @property
    def resting(self) -> bool:
        """It has not come back yet, though it may be being probed."""
        return self._until is not None

    @property
    def idle(self) -> bool:
        """There is nothing to remember of it."""
        recent = any(at > self._now() - WINDOW for at in self._failures)
        return not (self.resting or self._probing or recent)

    def admits(self) -> bool:
        """Whether the next request may go there. After a rest True is said once: whoever asked is the probe."""
        if self._until is None:
            return True
        if self._probing or self._now() < self._until:
            return False
        self._probing = True
        return True

    def succeeded(self) -> None:
        self._probing = False
        self._rest = SHORTEST_REST
        if self._until is not None:
            self._until = None
            self._failures.clear()
            self._rests(False)

    def failed(self, error: ProviderError) -> None:
        self._failures.append(self._now())
        probed, self._probing = self._probing, False
        often = len(self._failures) == FAILURES and self._failures[-1] - self._failures[0] <= WINDOW
        if probed or (self._until is None and (often or error.status in FATAL)):
            self._begin_rest()

    def let_go(self) -> None:
        """The request ended before anything could be said of the provider: another one may probe it."""
        self._probing = False

    def _begin_rest(self) -> None:
        was, self._until = self._until, self._now() + self._rest
        self._rest = min(2 * self._rest, LONGEST_REST)
        if was is None:
            self._rests(True)


class Breakers:
    """Those of a process: what one call finds out of a provider helps the next."""

    def __init__(
        self, now: Clock = time.monotonic, rests: Callable[[Account, bool], None] = lambda account, resting: None
    ) -> None:
        self._now, self._rests = now, rests
        self._breakers: dict[Account, Breaker] = {}

    def of(self, account: Account) -> Breaker:
        breaker = self._breakers.get(account)
        if breaker is None:
            if len(self._breakers) >= KEPT:
                self._breakers = {whose: one for whose, one in self._breakers.items() if not one.idle}
            breaker = self._breakers[account] = Breaker(self._now, lambda resting: self._rests(account, resting))
        return breaker
