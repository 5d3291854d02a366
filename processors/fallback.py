"""One request to several providers, one after the other, until one of them does it. The same for every stage."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from types import TracebackType
from typing import Generic, Self, TypeVar

from pipeline.mailbox import Mailbox
from processors.breaker import Breaker
from processors.ports import ProviderError, StaysConnected

FIRST = 1.4
"""Seconds to the first piece. Three times what a good provider needs on a bad day, and the next one still speaks
within 2 s of the request. Where two hang, the apology is over within 6 s."""
BETWEEN = 1.5
"""Seconds to the next piece: what was made before it is still being heard."""
WHOLE = 4.5
"""Seconds without any piece, of whomever, after which nobody else is asked: the apology must begin within 6 s."""
PIECES = 10_000
"""Kept between a provider and whoever reads it; a reply has a few hundred."""

P = TypeVar("P")
T = TypeVar("T")


class AllFailedError(ProviderError):
    """Nobody is left to be asked. Names the last trouble. Not worth another try if one of them had hung."""

    def __init__(self, stage: str, errors: Sequence[ProviderError]) -> None:
        retriable = any(error.retriable for error in errors) and not any(
            isinstance(error, HungError) for error in errors
        )
        what = f"all providers failed, the last one: {errors[-1]}"
        super().__init__(stage, what, status=errors[-1].status, retriable=retriable)


class HungError(ProviderError):
    """It said nothing for too long."""

    def __init__(self, provider: str) -> None:
        super().__init__(provider, "took too long")


@dataclass(frozen=True, slots=True)
class Member(Generic[P]):
    """A provider in a chain."""

    name: str
    port: P
    breaker: Breaker


@dataclass(frozen=True, slots=True)
class Move:
    """A stage of a call is served by another provider from now on."""

    stage: str
    provider: str
    to: str
    error: ProviderError | None
    """None: the one before was not asked, for it rests."""


class Chain(Generic[P]):
    """The providers of one stage of one call, the plan's first one first.

    Who failed goes to the end, so that a call stays with whom it moved to: nobody is to hear two voices take turns.
    """

    def __init__(self, stage: str, members: Sequence[Member[P]], moved: Callable[[Move], None]) -> None:
        self.stage = stage
        self._members = list(members)
        self._asked = members[0]
        self._moved = moved
        self._moves = asyncio.Event()

    @property
    def members(self) -> Sequence[Member[P]]:
        return self._members

    async def stay_connected(self) -> None:
        """As `StaysConnected`, for whoever is asked; those that were asked before too, for they may be asked again."""
        async with asyncio.TaskGroup() as tasks:
            kept: list[Member[P]] = []
            while True:
                self._moves.clear()
                if self._asked not in kept and isinstance(self._asked.port, StaysConnected):
                    tasks.create_task(self._asked.port.stay_connected())
                kept.append(self._asked)
                await self._moves.wait()

    def begins(self, member: Member[P], error: ProviderError | None) -> None:
        before, self._asked = self._asked, member
        if before is not member:
            self._moves.set()
            self._moved(Move(self.stage, before.name, member.name, error))

    def failed(self, member: Member[P]) -> None:
        self._members.remove(member)
        self._members.append(member)


class Attempt(Generic[T]):
    """One provider at work, in a task of its own: to leave it takes no time, however long it takes to go.

    Read by one `async for`, which raises its ProviderError after all that it gave.
    """

    def __init__(self, provider: str, source: AsyncGenerator[T, None]) -> None:
        self._provider = provider
        self._results: Mailbox[T] = Mailbox(PIECES)
        self._error: ProviderError | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._task = asyncio.ensure_future(self._work(source))

    def expect(self, seconds: float | None) -> None:
        """It hangs if nothing comes within so many seconds from now; None: it may be silent."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None if seconds is None else asyncio.get_running_loop().call_later(seconds, self.hung)

    @property
    def expected(self) -> bool:
        return self._timer is not None

    def hung(self) -> None:
        if not self._results.closed:
            self._error = HungError(self._provider)
            self._results.close()
            self._task.cancel()

    async def close(self) -> None:
        """Waits for it to have freed all that it had. Raises what is no ProviderError."""
        self.expect(None)
        self._task.cancel()
        (outcome,) = await asyncio.gather(self._task, return_exceptions=True)
        if isinstance(outcome, Exception):
            raise outcome

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> T:
        try:
            return await anext(self._results)
        except StopAsyncIteration:
            self.expect(None)
            if self._error is not None:
                raise self._error from None
            await self._task
            raise

    async def _work(self, source: AsyncGenerator[T, None]) -> None:
        try:
            async with aclosing(source) as results:
                async for result in results:
                    self._results.put(result)
        except ProviderError as error:
            self._error = self._error or error
        finally:
            self._results.close()


class Request(Generic[P, T]):
    """What is asked of a chain once. As a context: at its end nobody is at work on it any more."""

    def __init__(self, chain: Chain[P]) -> None:
        self._chain = chain
        self._attempts: list[Attempt[T]] = []
        self._serving: Member[P] | None = None
        self._gave = False
        self._errors: list[ProviderError] = []
        self._until: float | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._serving is not None and self._gave:
            self._serving.breaker.succeeded()
        elif self._serving is not None:
            self._serving.breaker.let_go()
        for attempt in self._attempts:
            await attempt.close()

    def members(self) -> Iterator[Member[P]]:
        """Whom to ask next. Those that rest come last: better a sick one than none.

        Raises AllFailedError after the last one, or when it took too long.
        """
        resting = []
        for member in tuple(self._chain.members):
            if not member.breaker.admits():
                resting.append(member)
            elif self._has_time:
                yield member
            else:
                member.breaker.let_go()
        for member in resting:
            if self._has_time:
                yield member
        raise AllFailedError(self._chain.stage, self._errors)

    def ask(self, member: Member[P], source: AsyncGenerator[T, None]) -> Attempt[T]:
        self._chain.begins(member, self._errors[-1] if self._errors else None)
        self._serving, self._gave = member, False
        attempt = Attempt(member.name, source)
        self._attempts.append(attempt)
        return attempt

    def patience(self, seconds: float) -> float:
        """So many seconds, or what is left of the whole time, which begins to count when this is asked first."""
        now = asyncio.get_running_loop().time()
        if self._until is None:
            self._until = now + WHOLE
        return max(min(seconds, self._until - now), 0.0)

    def gave(self) -> None:
        """A piece came: the whole time counts anew."""
        self._gave = True
        self._until = None

    def failed(self, member: Member[P], error: ProviderError) -> None:
        self._serving = None
        self._errors.append(error)
        member.breaker.failed(error)
        self._chain.failed(member)

    @property
    def _has_time(self) -> bool:
        return self._until is None or asyncio.get_running_loop().time() < self._until
