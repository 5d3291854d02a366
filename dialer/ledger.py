"""A campaign's run while it is held: its counters move with its contacts, and each event gets its number."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime
from typing import Any

from dialer.zones import Place
from storage.database import UnitOfWork
from storage.dialing import Contact, ContactState, ProgressEvent, ProgressKind, Run


class Ledger:
    """Write it before the end of the transaction in which the run was held."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._changes: Counter[str] = Counter()
        """What its numbers have grown by since: a run is rarely read while hundreds of contacts move."""
        self._events: list[ProgressEvent] = []
        self._contacts: dict[int, Contact] = {}

    @property
    def run(self) -> Run:
        """As it is by now."""
        if self._changes:
            grown: dict[str, Any] = {name: getattr(self._run, name) + more for name, more in self._changes.items()}
            self._run = replace(self._run, **grown)
            self._changes.clear()
        return self._run

    @run.setter
    def run(self, run: Run) -> None:
        self._run = run

    def counted(self, moved: Counter[ContactState], to: ContactState | None = None) -> None:
        """`moved`: how many came from which state. None: they are out of the campaign."""
        self._changes.subtract({state.value: number for state, number in moved.items()})
        if to is not None:
            self._changes[to.value] += moved.total()

    def joined(self, fresh: Counter[ContactState]) -> None:
        self._changes.update({state.value: number for state, number in fresh.items()})

    def moved(self, contact: Contact, to: ContactState, at: datetime, **more: Any) -> Contact:
        """The contact as it is written in the end."""
        new = replace(contact, state=to, updated_at=at, **more)
        if to is not contact.state:
            self.counted(Counter({contact.state: 1}), to)
        self._contacts[contact.number] = new
        return new

    def note(self, at: datetime, kind: ProgressKind, **body: Any) -> None:
        """What a watcher of the campaign is told, in this order."""
        self._changes["sequence"] += 1
        number = self._run.sequence + self._changes["sequence"]
        event = ProgressEvent(self._run.flow_id, number, self._run.organisation_id, kind, body, at)
        self._events.append(event)

    def place(self, place: Place) -> int:
        """Its number in the run."""
        if place.key not in self._run.places:
            self._run = replace(self._run, places=[*self._run.places, place.key])
        return self._run.places.index(place.key)

    async def write(self, work: UnitOfWork) -> None:
        await work.contacts.save(list(self._contacts.values()))
        await work.runs.tell(self._events)
        await work.runs.save(self.run)
