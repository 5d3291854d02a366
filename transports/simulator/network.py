"""A telephone carrier that is dialled like a real one, with pretend people at the far end of real sockets."""

from __future__ import annotations

import asyncio
import logging
import re
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Self

from aiohttp import ClientError, ClientSession

from transports.carrier import CarrierError, CarrierState, CarrierStatus, Dial, Trouble
from transports.simulator.exotel_wire import CallFacts
from transports.simulator.fates import DEFAULT_MIX, Fate, Mix, dice_for, fate_of, ring_of
from transports.simulator.flow import Applets, Next, SimulatedFlow
from transports.simulator.line import SimulatedLine
from transports.simulator.memory import Memory
from transports.simulator.people import Person

ACCOUNT = "simulator"
MESSAGE_MS = 100
"""Sound in one message, as Exotel's documents have it."""

MOST_STREAMS = 10
"""Lines of one call, one after the other: a bot that hands it over again and again comes to an end."""

_E164 = re.compile(r"\+[1-9]\d{6,14}")
_log = logging.getLogger(__name__)

Casting = Callable[[Fate, str, int], Awaitable[Person]]
"""Who picks up: their fate, their number, and a seed of their own."""
Report = Callable[[str, str, CarrierStatus], Awaitable[None]]
"""Our reference of a call, its token, and what has become of it."""


@dataclass(slots=True)
class _Call:
    dial: Dial
    status: CarrierStatus
    attempt: int
    """Earlier calls to the number."""


async def no_applets(call: str) -> Applets | None:
    """Of a network whose calls end with the bot's part."""
    return None


class SimulatedNetwork:
    """Calls live while the network is entered; on leaving it they are cut, without a report.

    What ended is known for an hour, and the newest 50,000 calls at most. A new network knows nothing of an older one's
    calls, and says so truthfully: they ended with it.
    """

    def __init__(
        self,
        *,
        url: Callable[[], str],
        http: ClientSession,
        person: Casting,
        report: Report,
        mix: Mix = DEFAULT_MIX,
        seed: int = 0,
        speed: float = 1.0,
        credentials: tuple[str, str] | None = None,
        applets: Callable[[str], Awaitable[Applets | None]] = no_applets,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """`url` is where answered calls are connected: `ws://…/ws/exotel`; `credentials` are shown there.

        `applets` says where the flow of a call asks what follows the bot's part; None: nothing does.
        The limit of the session's connector is also one for calls that are answered at the same time. Pretend time,
        of ringing and talking, goes by `speed` times as fast as the clock, and without any waiting at 0.
        """
        self._url, self._http, self._person, self._report = url, http, person, report
        self._applets = applets
        self._mix, self._seed, self._speed, self._credentials, self._now = mix, seed, speed, credentials, now
        self._memory = Memory(now)
        self._tasks = asyncio.TaskGroup()
        self._living: set[asyncio.Task[None]] = set()
        self._open = False

    async def __aenter__(self) -> Self:
        await self._tasks.__aenter__()
        self._open = True
        return self

    async def __aexit__(self, *error: object) -> None:
        self._open = False
        for life in self._living:
            life.cancel()
        await self._tasks.__aexit__(None, None, None)

    def __len__(self) -> int:
        """Calls that ring or talk."""
        return len(self._living)

    async def dial(self, call: Dial) -> str:
        """The network's own id of a call that is on its way from now on. Raises CarrierError."""
        if not self._open:
            raise CarrierError(Trouble.UNREACHABLE, "The simulated network is not running.")
        if self._now() >= call.deadline:
            raise CarrierError(Trouble.UNREACHABLE, "The time for this request had passed.")
        if not _E164.fullmatch(call.to_number):
            raise CarrierError(Trouble.INVALID_NUMBER, "The number to be dialled is none.")
        queued = CarrierStatus(f"sim_{secrets.token_hex(8)}", CarrierState.QUEUED)
        self._memory.begin(call.call, queued)
        life = self._tasks.create_task(self._live(_Call(call, queued, self._memory.earlier_calls(call.to_number))))
        self._living.add(life)
        life.add_done_callback(self._living.discard)
        return queued.carrier_call

    async def find(self, call: Dial) -> CarrierStatus | None:
        """None: no such call rings or talks, and none has ended lately."""
        return self._memory.find(call.carrier_call, call.call)

    async def _live(self, call: _Call) -> None:
        try:
            last = await self._life(call)
        except Exception:  # noqa: BLE001 - one call's bug ends that call, never the network
            _log.exception("a simulated call crashed", extra={"call": call.dial.call})
            last = replace(call.status, state=CarrierState.FAILED, reason="error")
        self._memory.end(call.dial.call, last)
        await self._tell(call, last)

    async def _life(self, call: _Call) -> CarrierStatus:
        """From the first ring to the end, which is returned."""
        number, attempt = call.dial.to_number, call.attempt
        fate = fate_of(number, self._mix, self._seed, attempt)
        rings = ring_of(fate, number, self._seed, attempt)
        await self._change(call, replace(call.status, state=CarrierState.RINGING))
        await self._pass(min(rings, call.dial.ring_seconds))
        if rings > call.dial.ring_seconds:
            return replace(call.status, state=CarrierState.NO_ANSWER)
        match fate:
            case Fate.BUSY:
                return replace(call.status, state=CarrierState.BUSY)
            case Fate.FAILS:
                return replace(call.status, state=CarrierState.FAILED, reason="unreachable")
            case _:
                return await self._talk(call, fate)

    async def _talk(self, call: _Call, fate: Fate) -> CarrierStatus:
        """Answered: in progress once the server took the socket, and over when either side puts the phone down."""
        number = call.dial.to_number
        person = await self._person(fate, number, dice_for("person", number, self._seed, call.attempt).getrandbits(32))
        answered = replace(call.status, state=CarrierState.IN_PROGRESS, machine=fate is Fate.VOICEMAIL)
        facts, seconds = self._facts(call), 0.0
        async with asyncio.TaskGroup() as reports:
            for stream in range(1, MOST_STREAMS + 1):
                line = SimulatedLine(
                    self._url(),
                    person,
                    facts,
                    credentials=self._credentials,
                    message_ms=MESSAGE_MS,
                    speed=self._speed,
                    time_limit=call.dial.max_seconds,
                    recorded=False,
                    answered=lambda _: reports.create_task(self._change(call, answered)),
                )
                try:
                    talk = await line.run(self._http)
                except (ClientError, OSError):
                    if stream == 1:
                        return replace(call.status, state=CarrierState.FAILED, reason="refused")
                    break
                seconds += talk.seconds
                if not talk.bot_left or await self._after_the_bot(call, facts) is not Next.VOICEBOT:
                    break
                facts = replace(facts, stream_sid=f"{facts.stream_sid}.{stream}", custom={})
        return replace(answered, state=CarrierState.COMPLETED, talk_seconds=seconds)

    async def _after_the_bot(self, call: _Call, facts: CallFacts) -> Next:
        applets = await self._applets(call.dial.call)
        if applets is None:
            return Next.HANG_UP
        try:
            return await SimulatedFlow(applets, facts, self._http, speed=self._speed).after_the_bot()
        except (ClientError, OSError):
            return Next.HANG_UP

    def _facts(self, call: _Call) -> CallFacts:
        """As Exotel has it, the customer is `from` in outbound calls too."""
        return CallFacts(
            stream_sid=f"MZ{call.status.carrier_call}",
            call_sid=call.status.carrier_call,
            account_sid=ACCOUNT,
            from_number=call.dial.to_number,
            to_number=call.dial.from_number,
            custom={"call": call.dial.call, "token": call.dial.token},
        )

    async def _pass(self, seconds: float) -> None:
        await asyncio.sleep(seconds / self._speed if self._speed else 0)

    async def _change(self, call: _Call, status: CarrierStatus) -> None:
        call.status = status
        self._memory.change(status)
        await self._tell(call, status)

    async def _tell(self, call: _Call, status: CarrierStatus) -> None:
        try:
            await self._report(call.dial.call, call.dial.token, status)
        except Exception:  # noqa: BLE001 - whoever is told may be in trouble; the phone rings on
            _log.exception("a simulated call's status was not taken", extra={"call": call.dial.call})
