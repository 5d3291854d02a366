"""How often one may ask: each endpoint by its documented limit, the rest by a default that they share."""

from __future__ import annotations

import asyncio
import logging
import math
import re
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from limits import RateLimitItem, parse
from limits.aio.storage import Storage
from limits.errors import StorageError

from control_api.access.windows import Windows

if TYPE_CHECKING:
    from control_api.access.redis_windows import RedisWindows

DEFAULT = "100/minute"
SHARED_WAIT = 0.5
"""Seconds that a request waits for Redis at most."""
SHARED_AGAIN = 5.0
"""Seconds after which a Redis that could not be reached is tried again, by one request."""

_log = logging.getLogger(__name__)

_ENTRY = re.compile(r"(default|[a-z]+\s+/\S*)\s*=\s*(off|[0-9]{1,9}\s*/\s*(?:second|minute|hour|day))", re.IGNORECASE)
_PREFIX = re.compile(r"^(\S+ )(?:/api/voice|/v1)(?=/|$)")
_PLACEHOLDER = re.compile(r"\{[^}]*\}")


@lru_cache(maxsize=1024)
def _name(endpoint: str) -> str:
    """One name for an endpoint, under whatever prefix and with whatever words in its path."""
    method, _, path = " ".join(endpoint.split()).partition(" ")
    return _PLACEHOLDER.sub("{}", _PREFIX.sub(r"\1", f"{method.upper()} {path}".rstrip("/")))


@lru_cache(maxsize=1024)
def _limit(text: str) -> RateLimitItem:
    return parse(text)


@dataclass(frozen=True, slots=True)
class Rules:
    """The setting `VAANI_RATE_LIMITS`: `on`, `off`, or what to change of the documented limits."""

    on: bool = True
    default: RateLimitItem | None = field(default_factory=lambda: _limit(DEFAULT))
    changed: Mapping[str, RateLimitItem | None] = field(default_factory=dict)
    """By the endpoint's name; None is off."""

    @classmethod
    def parse(cls, setting: str) -> Rules:
        """Raises ValueError, with a sentence that names the entry which will not do."""
        if setting.strip().lower() in ("on", "off"):
            return cls(on=setting.strip().lower() == "on")
        changed: dict[str, RateLimitItem | None] = {}
        for entry in setting.split(","):
            endpoint, limit = _entry(entry)
            if endpoint in changed:
                raise ValueError(f"{_shown(entry)} names an endpoint for the second time")
            changed[endpoint] = limit
        return cls(default=changed.pop("default", _limit(DEFAULT)), changed=changed)

    def hold_against(self, endpoints: Iterable[str]) -> None:
        """Raises ValueError, with a sentence, if a limit is changed for what is none of them."""
        known = {_name(endpoint) for endpoint in endpoints}
        for endpoint in self.changed:
            if endpoint not in known:
                raise ValueError(f'there is no endpoint "{endpoint}"')

    def in_force(self, endpoint: str, documented: str | None) -> RateLimitItem | None:
        """The limit of an endpoint; None: it has none."""
        if not self.on:
            return None
        if (name := _name(endpoint)) in self.changed:
            return self.changed[name]
        return _limit(documented) if documented is not None else self.default

    def shared(self, endpoint: str, documented: str | None) -> bool:
        """Whether its limit is the default one, which is counted over all that share it."""
        return documented is None and _name(endpoint) not in self.changed


def _entry(entry: str) -> tuple[str, RateLimitItem | None]:
    matched = _ENTRY.fullmatch(entry.strip())
    if matched is None:
        raise ValueError(
            f"{_shown(entry)} is not written like POST /flows=50/minute, default=1000/hour or GET /calls=off"
        )
    endpoint = "default" if matched[1].lower() == "default" else _name(matched[1])
    text = re.sub(r"\s", "", matched[2].lower())
    if text == "off":
        return endpoint, None
    limit = _limit(text)
    if not limit.amount:
        raise ValueError(f"{_shown(entry)} would let nobody in")
    return endpoint, limit


def _shown(entry: str) -> str:
    text = "".join(sign if sign.isprintable() else "?" for sign in entry.strip()[:60])
    return f'the entry "{text}"'


@dataclass(frozen=True, slots=True)
class Verdict:
    """On one request, by the counter that leaves the least."""

    allowed: bool
    limit: int
    remaining: int
    reset: int
    """When the window ends, in Unix seconds."""
    text: str
    """The limit in words: `10/minute`."""
    retry_after: int
    """Seconds until the window ends, at least 1."""


def _redis(url: str) -> RedisWindows:
    from control_api.access.redis_windows import RedisWindows  # a quarter of a second that most servers need not spend

    return RedisWindows(url, wait=SHARED_WAIT)


class Limits:
    """Counts in this process's memory or, with a URL, in Redis for all processes; while that is away, in memory."""

    def __init__(self, storage_url: str | None, rules: Rules, *, clock: Callable[[], float] = time.monotonic) -> None:
        """`storage_url` is `redis://…`, or None for memory alone."""
        self._rules, self._clock = rules, clock
        self._memory = Windows(clock=clock)
        self._redis = _redis(storage_url) if storage_url is not None else None
        self.away = False
        """Redis could not be reached when it was last tried."""
        self._again = 0.0

    async def close(self) -> None:
        if self._redis is not None:
            await self._redis.close()

    async def hit(self, endpoint: str, documented: str | None, *, key: str | None, address: str) -> Verdict | None:
        """Counts a request. `endpoint` is `POST /flows`, `documented` is `20/minute` or None for the default.

        A limit of the endpoint's own is counted for the key and for the address; a request that one of them refuses
        is not counted by the other. The default is counted for the key or, without one, for the address. None: the
        endpoint has no limit.
        """
        limit = self._rules.in_force(endpoint, documented)
        if limit is None:
            return None
        by_key = [f"key/{key}"] if key is not None else []
        by_address = [f"address/{address}"]
        if self._rules.shared(endpoint, documented):
            what, who = "default", by_key or by_address
        else:
            what, who = _name(endpoint), by_key + by_address
        counters = [limit.key_for(one, what) for one in who]
        if self._redis is not None and self._worth_trying():
            try:
                async with asyncio.timeout(SHARED_WAIT):
                    verdict = await _count(self._redis, limit, counters)
            except (StorageError, OSError, TimeoutError) as error:
                self._gone(error)
            else:
                self._back()
                return verdict
        return await _count(self._memory, limit, counters)

    def _worth_trying(self) -> bool:
        if self.away and self._clock() < self._again:
            return False
        self._again = self._clock() + SHARED_AGAIN
        return True

    def _gone(self, error: Exception) -> None:
        if not self.away:
            self.away = True
            _log.warning(
                "Redis cannot be reached: rate limits are counted in this process alone",
                extra={"error": type(error.__cause__ or error).__name__},
            )

    def _back(self) -> None:
        if self.away:
            self.away = False
            _log.info("Redis can be reached again: rate limits are counted there")


async def _count(storage: Storage, limit: RateLimitItem, counters: list[str]) -> Verdict:
    length = limit.get_expiry()
    counts: list[tuple[int, str]] = []
    for counter in counters:
        count = await storage.incr(counter, length)
        if count > limit.amount:
            for _, taken in counts:
                await storage.incr(taken, length, amount=-1)
            counts = [(count, counter)]
            break
        counts.append((count, counter))
    most, tightest = max(counts, key=lambda counted: counted[0])
    ends = await storage.get_expiry(tightest)
    return Verdict(
        allowed=most <= limit.amount,
        limit=limit.amount,
        remaining=max(0, limit.amount - most),
        reset=math.ceil(ends),
        text=f"{limit.amount}/{limit.GRANULARITY.name}",
        retry_after=max(1, math.ceil(ends - time.time())),
    )
