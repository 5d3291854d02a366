"""Contact lists: customers that a campaign can be pointed at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated

from aiohttp import web
from pydantic import Field, StringConstraints

from control_api.people.customer_import import FIELD_BYTES, FILE_BYTES, ImportDone, ImportForm, answered
from control_api.people.event_stream import MEDIA
from control_api.web.asked import Asked
from control_api.web.bodies import parts
from control_api.web.contract import Contract
from control_api.web.errors import bad, conflict, not_found
from control_api.web.shapes import Body, Name, Page, Shown, Text, Time, changes, unset
from storage.assets import ContactList
from storage.database import UnitOfWork
from storage.ids import LIST, new_id
from storage.records import FlowStatus, Scope

contract = Contract(
    "Contact lists", "/contact-lists", v1="/contact-lists", read=Scope.CONTACTS_READ, write=Scope.CONTACTS_WRITE
)

MOST = 1000
"""Customers in one request."""
IN_USE = (FlowStatus.ACTIVE, FlowStatus.SCHEDULED)
"""States of a campaign whose list is not taken away from under it."""

CustomerId = Annotated[str, StringConstraints(min_length=1, max_length=40)]


class ListBody(Body):
    name: Name
    description: Text = ""


class ListChange(Body):
    name: Name = unset()
    description: Text = unset()


class Members(Body):
    customer_ids: list[CustomerId] = Field(alias="contact_ids", min_length=1, max_length=MOST)


class ListShown(Shown):
    uuid: str
    name: str
    description: str
    size: int = Field(description="customers on it")
    created_at: Time
    updated_at: Time


class ListsPage(Shown):
    contact_lists: list[ListShown]
    total: int


class Added(Shown):
    added: int = Field(description="those that were not on it yet")
    size: int


class Removed(Shown):
    removed: int
    size: int


@contract.get("")
async def every(asked: Asked, query: Page) -> ListsPage:
    """List contact lists, oldest first."""
    async with asked.read() as work:
        found, total = await work.lists.page(query.limit, query.offset)
        return ListsPage(contact_lists=await _shown(work, found), total=total)


@contract.post("")
async def create(asked: Asked, body: ListBody) -> ListShown:
    """Create a contact list with nobody on it."""
    given = body.model_dump()
    made = ContactList(new_id(LIST), asked.organisation, created_at=asked.now, updated_at=asked.now, **given)
    async with asked.begin() as work:
        await work.lists.add(made)
        return (await _shown(work, [made]))[0]


@contract.get("/{list_uuid}")
async def get(asked: Asked, list_uuid: str) -> ListShown:
    """Get a contact list. Who is on it is told by the list of customers."""
    async with asked.read() as work:
        return (await _shown(work, [await _found(work, list_uuid)]))[0]


@contract.patch("/{list_uuid}")
async def change(asked: Asked, list_uuid: str, body: ListChange) -> ListShown:
    """Change a contact list's name or description."""
    async with asked.begin() as work:
        found = await work.lists.held(list_uuid)
        if found is None:
            raise not_found("Contact list")
        changed = replace(found, **changes(body), updated_at=asked.now)
        await work.lists.save(changed, now=asked.now)
        return (await _shown(work, [changed]))[0]


@contract.delete("/{list_uuid}", errors=(409,))
async def delete(asked: Asked, list_uuid: str) -> None:
    """Delete a contact list that no active or scheduled campaign uses. Its customers stay."""
    async with asked.begin() as work:
        await _found(work, list_uuid)
        if await work.flows.with_list(list_uuid, IN_USE):
            raise conflict("A contact list that an active or scheduled campaign uses cannot be deleted")
        await work.lists.delete(list_uuid)


@contract.post("/{list_uuid}/contacts", status=200)
async def add(asked: Asked, list_uuid: str, body: Members) -> Added:
    """Put customers on a contact list."""
    async with asked.begin() as work:
        await _found(work, list_uuid)
        await _must_be_customers(work, body.customer_ids, asked.vocabulary.word(Members, "customer_ids"))
        added = await work.lists.put(list_uuid, body.customer_ids)
        return Added(added=added, size=await _size(work, list_uuid))


@contract.delete("/{list_uuid}/contacts")
async def remove(asked: Asked, list_uuid: str, body: Members) -> Removed:
    """Take customers off a contact list. Those who are not on it are passed over."""
    async with asked.begin() as work:
        await _found(work, list_uuid)
        removed = await work.lists.take(list_uuid, body.customer_ids)
        return Removed(removed=removed, size=await _size(work, list_uuid))


@contract.post("/{list_uuid}/import", status=200, limit="5/minute", uploads=ImportForm, media=(MEDIA,))
async def import_file(asked: Asked, list_uuid: str) -> ImportDone | web.StreamResponse:
    """Upsert customers by phone from a CSV or JSON file, and put them on a contact list. A bad row fails alone."""
    async with asked.read() as work:
        await _found(work, list_uuid)
    async with parts(asked.request, file_limit=FILE_BYTES, field_limit=FIELD_BYTES) as form:
        return await answered(asked, form, list_id=list_uuid)


async def _found(work: UnitOfWork, list_uuid: str) -> ContactList:
    found = await work.lists.get(list_uuid)
    if found is None:
        raise not_found("Contact list")
    return found


async def _must_be_customers(work: UnitOfWork, ids: Sequence[str], field: str) -> None:
    known = {customer.id for customer in await work.customers.by_ids(ids)}
    for customer_id in ids:
        if customer_id not in known:
            raise bad(f"{field} holds {customer_id}, which is not a customer of this organisation")


async def _size(work: UnitOfWork, list_uuid: str) -> int:
    return (await work.lists.sizes([list_uuid])).get(list_uuid, 0)


async def _shown(work: UnitOfWork, lists: Sequence[ContactList]) -> list[ListShown]:
    sizes = await work.lists.sizes([one.id for one in lists])
    return [
        ListShown(
            uuid=one.id,
            name=one.name,
            description=one.description,
            size=sizes.get(one.id, 0),
            created_at=one.created_at,
            updated_at=one.updated_at,
        )
        for one in lists
    ]
