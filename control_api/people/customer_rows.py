"""Customers by the thousand: each row a record, or one sentence on what is wrong with it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from pydantic import Field, ValidationError

from control_api.people.customer_shapes import CustomerFields
from control_api.people.phone_spelling import spelt_out
from control_api.web.errors import RefusedError, sentence
from control_api.web.shapes import TOO_LARGE, Shown
from storage.assets import Customer

MOST = 200_000
"""Rows of one file."""
AT_ONCE = 8
"""Rows that take less than a millisecond."""

INVALID_PHONE = "invalid phone format"


class RowError(Shown):
    row: int = Field(description="counted from 1")
    phone: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class Unread:
    """In place of a row that could not be made out."""

    reason: str | None
    """None: it is blank, which is no error."""
    phone: str | None = None


@dataclass(frozen=True, slots=True)
class Rows:
    """What a batch comes to."""

    count: int
    """Of rows, good, bad and blank."""
    customers: list[Customer]
    numbers: list[int]
    """The row of each of them."""
    given: list[frozenset[str]]
    """The fields that each of them came with."""
    errors: list[RowError]

    def refused(self, places: Iterable[int]) -> list[RowError]:
        """Of the customers who stand there, whose metadata grew too large when it was merged."""
        return [
            RowError(row=self.numbers[place], phone=self.customers[place].phone, reason=f"metadata {TOO_LARGE}")
            for place in places
        ]


def counted(rows: Iterable[object]) -> int:
    """How many there are: reads them to their end. Raises RefusedError if there are more than `MOST`."""
    count = 0
    for count, _ in enumerate(rows, 1):
        if count % AT_ONCE == 0:  # as in `read_rows`
            time.sleep(0)
        if count > MOST:
            raise RefusedError(413, f"The file has more than {MOST} rows")
    return count


def read_rows(
    rows: Iterable[tuple[int, Any]],
    organisation: str,
    now: datetime,
    kept: Callable[[dict[str, Any]], dict[str, Any]],
    country: str | None = None,
) -> Rows:
    """Numbered rows, whatever is in them; `kept` seals overrides. A thousand take a tenth of a second: for a thread.

    With a `country`, as `IN`, phones may be spelt as people do; otherwise they are E.164.
    It gives way every so many, or whatever the event loop has to do would wait for Python's 5 ms to be over.
    """
    customers: list[Customer] = []
    numbers: list[int] = []
    given: list[frozenset[str]] = []
    errors: list[RowError] = []
    count = 0
    for count, (number, row) in enumerate(rows, 1):
        if count % AT_ONCE == 0:
            time.sleep(0)
        if isinstance(row, Unread):
            if row.reason is not None:
                errors.append(RowError(row=number, phone=row.phone, reason=row.reason))
            continue
        try:
            fields = CustomerFields.model_validate(row if country is None else _spelt_out(row, country))
            customer = fields.record(organisation, now)
            if customer.assistant_overrides:
                customer = replace(customer, assistant_overrides=kept(fields.assistant_overrides))
        except ValidationError as error:
            errors.append(_wrong(number, row, error))
        except RefusedError as refused:
            errors.append(RowError(row=number, phone=fields.phone, reason=refused.detail))
        else:
            customers.append(customer)
            numbers.append(number)
            given.append(fields.given)
    return Rows(count, customers, numbers, given, errors)


def _spelt_out(row: Any, country: str) -> Any:
    phone = row.get("phone") if isinstance(row, dict) else None
    if not isinstance(phone, str):
        return row
    spelt = {"phone": spelt_out(phone, country)}
    if row.get("name") == phone:  # made up for want of one
        spelt["name"] = spelt["phone"]
    return {**row, **spelt}


def _wrong(number: int, row: Any, error: ValidationError) -> RowError:
    if not isinstance(row, dict):
        return RowError(row=number, phone=None, reason="the row must be an object")
    phone = row.get("phone")
    if phone is not None and any(one["loc"] == ("phone",) for one in error.errors(include_input=False)):
        reason = INVALID_PHONE
    else:
        reason = sentence(error, "the row")
    return RowError(row=number, phone=phone if isinstance(phone, str) else None, reason=reason)
