"""Contact lists, and who is on them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, func, select

from storage.asset_tables import contact_list_members, contact_lists, customers
from storage.assets import ContactList
from storage.kept import Kept
from storage.tenancy import Tenancy


class ContactLists(Kept[ContactList]):
    """Deleting one leaves its customers."""

    def __init__(self, tenancy: Tenancy) -> None:
        super().__init__(tenancy, contact_lists, ContactList)

    async def put(self, list_id: str, customer_ids: Sequence[str]) -> int:
        """Puts customers on a list of their organisation, those not yet on it. How many that were."""
        found = (
            select(contact_lists.c.id, customers.c.number, customers.c.organisation_id)
            .join_from(contact_lists, customers, contact_lists.c.organisation_id == customers.c.organisation_id)
            .where(contact_lists.c.id == list_id, customers.c.id.in_(customer_ids), self._mine)
            # Who is being deleted is waited for and left out, where the reference to it would fail the transaction.
            .with_for_update(read=True, key_share=True)
        )
        added = self._tenancy.tolerant_insert(contact_list_members)
        added = added.from_select(["list_id", "customer", "organisation_id"], found)
        return (await self._tenancy.connection.execute(added.on_conflict_do_nothing())).rowcount

    async def take(self, list_id: str, customer_ids: Sequence[str]) -> int:
        """Takes customers off the list. How many were on it."""
        numbers = select(customers.c.number).where(customers.c.id.in_(customer_ids), self._tenancy.mine(customers))
        return await self._tenancy.change(
            delete(contact_list_members).where(
                contact_list_members.c.list_id == list_id,
                contact_list_members.c.customer.in_(numbers),
                self._tenancy.mine(contact_list_members),
            )
        )

    async def sizes(self, list_ids: Sequence[str]) -> dict[str, int]:
        """How many customers are on each; one without any is left out."""
        members = contact_list_members
        rows = await self._tenancy.rows(
            select(members.c.list_id, func.count().label("size"))
            .where(members.c.list_id.in_(list_ids), self._tenancy.mine(members))
            .group_by(members.c.list_id)
        )
        return {row["list_id"]: row["size"] for row in rows}
