"""A campaign with people to call, as the API's tests of campaigns need it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from dialer import moves
from dialer.enrol import enrol
from storage.assets import Customer
from storage.database import Database
from storage.dialing import Attempt, AttemptState, Contact, Run
from storage.ids import CALL, CUSTOMER, new_id
from storage.records import Flow, FlowKind, FlowStatus
from storage.seed import Seeded
from tests.storage.samples import NOW, a_flow

INDIA, AMERICA = "+9198000000{:02}", "+1415555{:04}"


@dataclass(frozen=True, slots=True)
class House:
    """Puts things where the API finds them."""

    database: Database
    seeded: Seeded

    @property
    def organisation(self) -> str:
        return self.seeded.organisation

    async def people(self, *phones: str, **more: Any) -> list[Customer]:
        customers = [
            Customer(
                new_id(CUSTOMER), self.organisation, name=phone, phone=phone, created_at=NOW, updated_at=NOW, **more
            )
            for phone in phones
        ]
        async with self.database.begin(self.organisation) as work:
            await work.customers.append(customers)
        return customers

    async def campaign(self, status: FlowStatus = FlowStatus.DRAFT, **more: Any) -> Flow:
        about = {"kind": FlowKind.OUTBOUND, "agent_id": self.seeded.agent, **more}
        flow = a_flow(self.organisation, status=status, **about)
        async with self.database.begin(self.organisation) as work:
            await work.flows.add(flow)
        return flow

    async def launched(self, **more: Any) -> Flow:
        """With everybody taken in."""
        flow = await self.campaign(**more)
        async with self.database.begin(self.organisation) as work:
            await moves.launch(work, flow, datetime.now(UTC))
        present = await self.flow(flow)
        while await enrol(self.database, present, datetime.now(UTC)):
            pass
        return present

    async def flow(self, flow: Flow) -> Flow:
        async with self.database.read(self.organisation) as work:
            present = await work.flows.get(flow.id)
        assert present is not None
        return present

    async def run(self, flow: Flow) -> Run:
        async with self.database.read(self.organisation) as work:
            run = await work.runs.get(flow.id)
        assert run is not None
        return run

    async def contacts(self, flow: Flow) -> Sequence[Contact]:
        async with self.database.read(self.organisation) as work:
            return await work.contacts.page(flow.id, 1000)

    async def attempted(self, contact: Contact, **more: Any) -> Attempt:
        """Over, a minute after it was decided upon."""
        about: dict[str, Any] = {"decided_at": NOW, "ended_at": NOW + timedelta(minutes=1), **more}
        attempt = Attempt(
            new_id(CALL),
            self.organisation,
            contact.flow_id,
            contact.customer_id,
            contact.phone,
            caller_id="+918047000001",
            line="",
            provider="simulator",
            state=AttemptState.ENDED,
            node="one",
            deadline=about["decided_at"],
            look_at=None,
            contact=contact.number,
            **about,
        )
        async with self.database.begin(self.organisation) as work:
            await work.attempts.add([attempt])
        return attempt
