"""Phone numbers: the calling credentials.

A campaign picks the numbers that it calls from, so who may read campaigns may read them. They come with the account of
a carrier, so they are added, changed and deleted by who may write integrations.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Literal

from pydantic import Field, StrictBool, StringConstraints

from control_api.web.asked import Asked
from control_api.web.contract import Contract
from control_api.web.errors import conflict, not_found
from control_api.web.shapes import Body, Page, Phone, Shown, Time, changes, unset
from dialer.breaker import mostly_fail
from dialer.lines import lately
from storage.assets import PhoneNumber
from storage.database import UnitOfWork
from storage.ids import NUMBER, new_id
from storage.records import Scope

contract = Contract(
    "Phone numbers",
    "/phone-numbers",
    v1="/phone-numbers",
    read=Scope.CAMPAIGNS_READ,
    write=Scope.INTEGRATIONS_WRITE,
)

Carrier = Literal["exotel", "simulator"]
Label = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)]

TAKEN = "A phone number with this number already exists"


class NumberBody(Body):
    number: Phone
    name: Label = ""
    provider: Carrier = "exotel"
    is_active: StrictBool = True


class NumberChange(Body):
    number: Phone = unset()
    name: Label = unset()
    provider: Carrier = unset()
    is_active: StrictBool = unset()


class NumberShown(Shown):
    uuid: str
    number: str
    name: str
    provider: str
    is_active: bool
    calls_lately: int = Field(description="that were placed from it in the last ten minutes, and are over")
    failures_lately: int = Field(description="those of them that failed")
    cools_down: bool = Field(description="most of them failed: campaigns leave it alone until that is forgotten")
    created_at: Time
    updated_at: Time


class NumbersPage(Shown):
    phone_numbers: list[NumberShown]
    total: int


@contract.get("")
async def every(asked: Asked, query: Page) -> NumbersPage:
    """List phone numbers, oldest first."""
    async with asked.read() as work:
        found, total = await work.numbers.page(query.limit, query.offset)
        shown = await _shown(asked, work, found)
    return NumbersPage(phone_numbers=shown, total=total)


@contract.post("", errors=(409,))
async def create(asked: Asked, body: NumberBody) -> NumberShown:
    """Add a phone number."""
    given = body.model_dump()
    number = PhoneNumber(new_id(NUMBER), asked.organisation, created_at=asked.now, updated_at=asked.now, **given)
    async with asked.begin() as work:
        if not await work.numbers.is_free(number.number):
            raise conflict(TAKEN)
        await work.numbers.add(number)
        (shown,) = await _shown(asked, work, [number])
    return shown


@contract.get("/{number_uuid}")
async def get(asked: Asked, number_uuid: str) -> NumberShown:
    """Get a phone number."""
    async with asked.read() as work:
        number = await work.numbers.get(number_uuid)
        if number is None:
            raise not_found("Phone number")
        (shown,) = await _shown(asked, work, [number])
    return shown


@contract.patch("/{number_uuid}", errors=(409,))
async def change(asked: Asked, number_uuid: str, body: NumberChange) -> NumberShown:
    """Change a phone number. One that flows name keeps its number."""
    async with asked.begin() as work:
        number = await work.numbers.held(number_uuid)
        if number is None:
            raise not_found("Phone number")
        changed = replace(number, **changes(body), updated_at=asked.now)
        if changed.number != number.number:
            await _must_be_unused(work, number)
            if not await work.numbers.is_free(changed.number):
                raise conflict(TAKEN)
        await work.numbers.save(changed, now=asked.now)
        (shown,) = await _shown(asked, work, [changed])
    return shown


@contract.delete("/{number_uuid}", errors=(409,))
async def delete(asked: Asked, number_uuid: str) -> None:
    """Delete a phone number that no flow names."""
    async with asked.begin() as work:
        number = await work.numbers.get(number_uuid)
        if number is None:
            raise not_found("Phone number")
        await _must_be_unused(work, number)
        await work.numbers.delete(number_uuid)


async def _must_be_unused(work: UnitOfWork, number: PhoneNumber) -> None:
    used = await work.numbers.used(number)
    if used:
        raise conflict(f"Phone number is used by {used} flow{'s' if used > 1 else ''}")


async def _shown(asked: Asked, work: UnitOfWork, numbers: Sequence[PhoneNumber]) -> list[NumberShown]:
    loads = await lately(work, [number.id for number in numbers], asked.now)
    return [
        NumberShown(
            uuid=number.id,
            number=number.number,
            name=number.name,
            provider=number.provider,
            is_active=number.is_active,
            calls_lately=load.ended,
            failures_lately=load.failed,
            cools_down=mostly_fail(load.ended, load.failed),
            created_at=number.created_at,
            updated_at=number.updated_at,
        )
        for number in numbers
        for load in (loads[number.id],)
    ]
