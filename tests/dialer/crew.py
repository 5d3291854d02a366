"""Workers that are killed and stopped, the exchange that outlives them, and the campaign that they dial for."""

from __future__ import annotations

import multiprocessing
import os
import signal
import socket
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, Self

from multidict import MultiMapping

from dialer import moves
from dialer.timing import Prices
from storage.assets import Customer
from storage.database import Database
from storage.ids import CUSTOMER, new_id
from storage.records import Flow, FlowKind, FlowStatus
from storage.seed import Seeded
from tests.dialer.campaign import phones
from tests.dialer.worker import Hours, Work, dial_for_ever
from tests.storage.samples import a_flow
from tests.transports.exotel_exchange import ExotelExchange
from tests.transports.exotel_subscribers import Manner, PlacedCall

NOON = 12


class Exchange(ExotelExchange):
    """By the clock of the workers."""

    def __init__(self, manner: Manner, hours: Hours, *, log: Path) -> None:
        super().__init__(manner, log=log)
        self._hours = hours

    def place(self, form: MultiMapping[str], *, created: datetime | None = None) -> PlacedCall:
        return super().place(form, created=created or self._hours())


@dataclass(slots=True)
class Crew:
    """Ends with its block, whatever happens in it."""

    database: str
    exchange: str
    """URLs."""
    folder: Path
    hours: Hours = field(default_factory=Hours)
    prices: Prices = field(default_factory=Prices)
    _at_work: dict[str, BaseProcess] = field(default_factory=dict)
    _ports: dict[str, int] = field(default_factory=dict)

    def start(self, node: str = "one") -> None:
        """In the place of the one of this name that was killed, if there was one."""
        work = Work(
            self.database,
            self.exchange,
            node,
            self._ports.setdefault(node, _free_port()),
            self.log,
            hours=self.hours,
            prices=self.prices,
        )
        processes = multiprocessing.get_context("forkserver")
        processes.set_forkserver_preload(["tests.dialer.worker"])
        worker = processes.Process(target=dial_for_ever, args=(work,), daemon=True)
        worker.start()
        self._at_work[node] = worker

    def kill(self, node: str = "one") -> None:
        worker = self._at_work.pop(node)
        assert worker.is_alive(), "it died of itself"
        worker.kill()
        worker.join()

    def stop(self, node: str) -> None:
        """Until `goes_on`, like a machine whose owner moves it."""
        self._signal(node, signal.SIGSTOP)

    def goes_on(self, node: str) -> None:
        self._signal(node, signal.SIGCONT)

    def _signal(self, node: str, number: signal.Signals) -> None:
        pid = self._at_work[node].pid
        assert pid is not None
        os.kill(pid, number)

    @property
    def log(self) -> Path:
        return self.folder / "workers.log"

    @property
    def errors(self) -> str:
        """What must never happen, and did."""
        return self.log.read_text() if self.log.exists() else ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        for worker in self._at_work.values():
            worker.kill()  # also one that is stopped
            worker.join()


async def launched(database: Database, seeded: Seeded, count: int, hours: Hours, **about: Any) -> Flow:
    """A campaign for so many people, where it is noon."""
    now, organisation = hours(), seeded.organisation
    people = [
        Customer(
            new_id(CUSTOMER), organisation, phone, phone, created_at=now, updated_at=now, timezone=zone_of_noon(now)
        )
        for phone in phones(count, start=10_000)
    ]
    given: dict[str, Any] = {
        "kind": FlowKind.OUTBOUND,
        "agent_id": seeded.agent,
        "status": FlowStatus.DRAFT,
        "rate_limit_per_number": 100_000,
        "retry_attempts": 0,
        **about,
    }
    flow = a_flow(organisation, **given)
    async with database.begin(organisation) as work:
        for part in _parts(people):
            await work.customers.append(part)
        await work.flows.add(flow)
    async with database.begin(organisation) as work:
        await moves.launch(work, flow, now)
    return flow


def zone_of_noon(now: datetime) -> str:
    """One in which it is between 12:00 and 13:00: the law has nothing against calling there."""
    east = NOON - now.astimezone(UTC).hour
    return f"Etc/GMT{-east:+d}" if east else "Etc/GMT"


def _parts(people: Sequence[Customer]) -> list[Sequence[Customer]]:
    return [people[start : start + 500] for start in range(0, len(people), 500)]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
