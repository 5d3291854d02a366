"""Customers, whom the developers' API calls contacts."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import partial
from typing import Annotated, Any, Literal

from pydantic import Field

from control_api.assistant.field import each_shown, kept, readable, warnings
from control_api.people.customer_rows import RowError, read_rows
from control_api.people.customer_shapes import CustomerBody, CustomerChange, CustomerShown, CustomerWithCalls, Joined
from control_api.records.audible import audible
from control_api.records.call_names import names_of
from control_api.records.call_shapes import CallShown
from control_api.records.recording_file import forget
from control_api.web.asked import Asked
from control_api.web.contract import Contract
from control_api.web.errors import bad, conflict, not_found
from control_api.web.shapes import TOO_LARGE, Body, Page, Shown, changes, is_small
from storage.assets import Customer
from storage.customers import CustomerFilter
from storage.recordings import Recordings
from storage.records import Scope

contract = Contract("Customers", "/customers", v1="/contacts", read=Scope.CONTACTS_READ, write=Scope.CONTACTS_WRITE)

RECENT_CALLS = 20
"""That come with a customer when they are asked for."""
MOST = 1000
"""Customers in one request."""
TAKEN = "A customer with this phone already exists"

Bound = Annotated[int | None, Field(ge=0, le=2**31 - 1)]


class CustomersQuery(Page):
    search: str = Field("", max_length=200, description="pieces of name or phone")
    tags: list[Annotated[str, Joined]] = Field(
        [], max_length=50, description="all of those with different prefixes, any of the same"
    )
    contact_list_id: str | None = None
    min_inbound_calls: Bound = None
    max_inbound_calls: Bound = None
    min_outbound_calls: Bound = None
    max_outbound_calls: Bound = None


class CustomersPage(Shown):
    customers: list[CustomerShown] = Field(alias="contacts")
    total: int


class CallsToo(Body):
    include_calls: bool = False


class TagsQuery(Body):
    tags: list[Annotated[str, Joined]] = Field(
        [], max_length=50, description="any of them; without tags all are counted"
    )


class Counted(Shown):
    count: int


class Bulk(Body):
    customers: list[Any] = Field(alias="contacts", max_length=MOST, description="each as in a creation")
    mode: Literal["upsert", "append"] = Field("upsert", description="merge by phone, or always create")


class BulkDone(Shown):
    created: int
    updated: int
    errors: list[RowError]


@contract.get("")
async def every(asked: Asked, query: CustomersQuery) -> CustomersPage:
    """List customers, newest first."""
    wanted = CustomerFilter(**query.model_dump(exclude={"limit", "offset"}))
    async with asked.read() as work:
        found, total = await work.customers.page(wanted, query.limit, query.offset)
    return CustomersPage(customers=await each_shown(partial(_shown, asked), found), total=total)


@contract.post("", limit="60/minute", errors=(409,))
async def create(asked: Asked, body: CustomerBody) -> CustomerShown:
    """Create a customer."""
    customer = body.record(asked.organisation, asked.now)
    customer = replace(customer, assistant_overrides=kept(asked, customer.assistant_overrides))
    async with asked.begin() as work:
        if body.overwrite:
            done = await work.customers.upsert([customer], [body.given], now=asked.now, fits=is_small)
            if done.refused:
                raise bad(f"metadata {TOO_LARGE}")
            found = await work.customers.get(done.ids[0])
            assert found is not None
            customer = found
        elif not await work.customers.add(customer):
            raise conflict(TAKEN)
    return _shown(asked, customer)


@contract.get("/meta/tags")
async def tags(asked: Asked) -> list[str]:
    """All tags that customers have."""
    async with asked.read() as work:
        return await work.customers.tags()


@contract.get("/meta/branches")
async def branches(asked: Asked) -> list[str]:
    """Names of branches: what follows `Branch:` in tags."""
    async with asked.read() as work:
        return [tag.removeprefix("Branch:") for tag in await work.customers.tags("Branch:")]


@contract.get("/meta/count")
async def count(asked: Asked, query: TagsQuery) -> Counted:
    """Count customers with any of the tags."""
    async with asked.read() as work:
        return Counted(count=await work.customers.count_any(query.tags))


@contract.post("/bulk", status=200, limit="10/minute")
async def bulk(asked: Asked, body: Bulk) -> BulkDone:
    """Upsert up to 1000 customers by phone. A bad row fails alone."""
    numbered, keep = enumerate(body.customers, 1), partial(kept, asked)
    rows = await asyncio.to_thread(read_rows, numbered, asked.organisation, asked.now, keep)
    async with asked.begin() as work:
        if body.mode == "append":
            await work.customers.append(rows.customers)
            return BulkDone(created=len(rows.customers), updated=0, errors=rows.errors)
        done = await work.customers.upsert(rows.customers, rows.given, now=asked.now, fits=is_small)
    errors = sorted([*rows.errors, *rows.refused(done.refused)], key=lambda error: error.row)
    return BulkDone(created=done.created, updated=done.updated, errors=errors)


@contract.get("/{customer_uuid}")
async def get(asked: Asked, customer_uuid: str, query: CallsToo) -> CustomerWithCalls | CustomerShown:
    """Get a customer."""
    async with asked.read() as work:
        customer = await work.customers.get(customer_uuid)
        if customer is None:
            raise not_found("Customer")
        if not query.include_calls:
            return _shown(asked, customer)
        calls = await work.calls.of_customer(customer_uuid, RECENT_CALLS)
        heard = await audible(work, calls)
        names = await names_of(asked, work, calls)
    shown = [CallShown.of(call, asked, heard, names) for call in calls]
    told = warnings(asked, customer.assistant_overrides)
    return CustomerWithCalls.of(readable(asked, customer), told, calls=shown)


@contract.patch("/{customer_uuid}", limit="60/minute", errors=(409,))
async def change(asked: Asked, customer_uuid: str, body: CustomerChange) -> CustomerShown:
    """Change a customer. Metadata is merged."""
    new = changes(body)
    async with asked.begin() as work:
        taken = "phone" in new and await work.customers.taken(new["phone"])
        customer = await work.customers.held(customer_uuid)
        if customer is None:
            raise not_found("Customer")
        if "metadata" in new:
            new["metadata"] = {**customer.metadata, **new["metadata"]}
            if not is_small(new["metadata"]):
                raise bad(f"metadata {TOO_LARGE}")
        if "assistant_overrides" in new:
            new["assistant_overrides"] = kept(asked, new["assistant_overrides"], customer.assistant_overrides)
        if new.get("phone", customer.phone) != customer.phone:
            if taken:
                raise conflict(TAKEN)
            new["copy"] = 0
        customer = replace(customer, **new, updated_at=asked.now)
        await work.customers.save(customer, now=asked.now)
    return _shown(asked, customer)


@contract.delete("/{customer_uuid}")
async def delete(asked: Asked, customer_uuid: str) -> None:
    """Delete a customer. Its calls stay, but not the recordings of one who opted out of them."""
    async with asked.begin() as work:
        customer = await work.customers.held(customer_uuid)
        if customer is None:
            raise not_found("Customer")
        recordings = await work.keeping.forget(customer_uuid, now=asked.now) if customer.recording_opt_out else []
        await work.customers.delete(customer_uuid)
    await forget(Recordings(asked.services.data), recordings)


def _shown(asked: Asked, customer: Customer) -> CustomerShown:
    return CustomerShown.of(readable(asked, customer), warnings(asked, customer.assistant_overrides))
