"""A campaign's run while it is held: its counters move with its contacts, and each event gets its number."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from dialer.zones import Place
from storage.database import UnitOfWork
from storage.dialing import COUNTED, Contact, ContactState, ProgressEvent, ProgressKind, Run


class Ledger:
    """Write it before the end of the transaction in which the run was held."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self._events: list[ProgressEvent] = []
        self._contacts: dict[int, Contact] = {}

    def counted(self, moved: Counter[ContactState], to: ContactState | None = None) -> None:
        """`moved`: how many came from which state. None: they are out of the campaign."""
        counts: Counter[str] = Counter({name: getattr(self.run, name) for name in COUNTED})
        counts.subtract({state.value: number for state, number in moved.items()})
        if to is not None:
            counts[to.value] += moved.total()
        self._count(counts)

    def joined(self, fresh: Counter[ContactState]) -> None:
        self._count({name: getattr(self.run, name) + fresh[ContactState(name)] for name in COUNTED})

    def moved(self, contact: Contact, to: ContactState, at: datetime, **more: Any) -> Contact:
        """The contact as it is written in the end."""
        new = replace(contact, state=to, updated_at=at, **more)
        if to is not contact.state:
            self.counted(Counter({contact.state: 1}), to)
        self._contacts[contact.number] = new
        return new

    def note(self, at: datetime, kind: ProgressKind, **body: Any) -> None:
        """What a watcher of the campaign is told, in this order."""
        number = self.run.sequence + 1
        self.run = replace(self.run, sequence=number)
        event = ProgressEvent(self.run.flow_id, number, self.run.organisation_id, kind, body, at)
        self._events.append(event)

    def place(self, place: Place) -> int:
        """Its number in the run."""
        if place.key not in self.run.places:
            self.run = replace(self.run, places=[*self.run.places, place.key])
        return list(self.run.places).index(place.key)

    def _count(self, counts: Mapping[str, int]) -> None:
        changed: dict[str, Any] = dict(counts)
        self.run = replace(self.run, **changed)

    async def write(self, work: UnitOfWork) -> None:
        await work.contacts.save(list(self._contacts.values()))
        await work.runs.tell(self._events)
        await work.runs.save(self.run)
