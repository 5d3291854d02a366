"""Those whom a campaign brings with it: made customers, or merged into those with their numbers, and put on lists."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from pydantic import TypeAdapter, ValidationError

from control_api.assistant.field import kept, warnings
from control_api.vapi.shapes import CustomerGiven, UncheckedCustomer
from control_api.web.asked import Asked
from control_api.web.errors import bad, not_found, sentence
from control_api.web.shapes import Phone
from storage.assets import ContactList, Customer
from storage.database import UnitOfWork
from storage.ids import CUSTOMER, LIST, new_id
from storage.records import Flow, FlowStatus

CHUNK = 1000
"""Customers in one transaction."""
DIAL_PLAN = "dial_plan"
"""In a flow's `config`: its numbers, each with the contact list of those that were given for it."""
TAKEN = ("name", "email", "external_id", "extension")
"""Fields that a customer has under the same words."""

SIP = "customers.sipUri is neither obeyed nor kept"
OF_THE_CUSTOMER = "customers.assistantOverrides is kept with the customer, and holds in each of their calls"
_PHONE: TypeAdapter[str] = TypeAdapter(Phone)


@dataclass(slots=True)
class People:
    """Who is to be called: records, and which of their fields were given."""

    customers: list[Customer] = field(default_factory=list)
    given: list[frozenset[str]] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    """What will not become of them as it was said."""


async def read_people(asked: Asked, rows: Sequence[Any], where: str) -> People:
    """Raises RefusedError at the first that is wrong; `where` is the field that they came in."""
    return await asyncio.to_thread(_read, asked, rows, where)


async def put_on_list(asked: Asked, people: People, name: str, flow_id: str) -> str:
    """A new contact list of the campaign's own with all of them on it, once they are customers. Its id.

    Raises RefusedError if somebody deletes it meanwhile.
    """
    made = ContactList(
        new_id(LIST), asked.organisation, name, created_at=asked.now, updated_at=asked.now, description=_own(flow_id)
    )
    async with asked.begin() as work:
        await work.lists.add(made)
    for start in range(0, len(people.customers), CHUNK):
        part = slice(start, start + CHUNK)
        async with asked.begin() as work:
            if await work.lists.get(made.id) is None:
                raise not_found("Contact list")
            done = await work.customers.upsert(people.customers[part], people.given[part], now=asked.now)
            await work.lists.put(made.id, done.ids)
    return made.id


async def forget_lists(work: UnitOfWork, flow: Flow) -> None:
    """Deletes the lists that were made for a campaign which has let go of them. The customers stay.

    Nothing happens while a copy of the campaign calls the same.
    """
    if flow.contact_list_id is None or await work.flows.with_list(flow.contact_list_id, FlowStatus):
        return
    for list_id in {flow.contact_list_id, *_planned(flow).values()}:
        made = await work.lists.get(list_id)
        if made is not None and made.description == _own(flow.id):
            await work.lists.delete(list_id)


def lists_of(flow: Flow) -> list[str]:
    """Contact lists that it names, each once."""
    own = [] if flow.contact_list_id is None else [flow.contact_list_id]
    return list(dict.fromkeys([*own, *dial_plan(flow).values()]))


def dial_plan(flow: Flow) -> Mapping[str, str]:
    """Number's id → list's id, as it was given. Empty where the flow has been given other numbers since."""
    plan = _planned(flow)
    return plan if plan.keys() == set(flow.phone_numbers) else {}


def is_e164(number: str) -> bool:
    try:
        _PHONE.validate_python(number)
    except ValidationError:
        return False
    return True


def _planned(flow: Flow) -> Mapping[str, str]:
    plan = flow.config.get(DIAL_PLAN)
    if isinstance(plan, dict) and all(isinstance(list_id, str) for list_id in plan.values()):
        return plan
    return {}


def _own(flow_id: str) -> str:
    return f"Of campaign {flow_id}"


def _read(asked: Asked, rows: Sequence[Any], where: str) -> People:
    """It gives way after each row, or the event loop would wait for Python's 5 ms to be over."""
    people, overrides, has_sip = People(), dict[bytes, dict[str, Any]](), False
    for place, row in enumerate(rows):
        time.sleep(0)
        one = _given(row, f"{where}.{place}")
        said = one.said
        record: dict[str, Any] = {name: said[name] for name in TAKEN if name in said}
        if one.assistant_overrides is not None:
            field_ = f"{where}.{place}.assistantOverrides"
            record["assistant_overrides"] = kept(asked, one.assistant_overrides, field=field_)
            overrides.setdefault(_alike(record["assistant_overrides"]), record["assistant_overrides"])
        has_sip = has_sip or one.sip_uri is not None
        people.given.append(frozenset(record))
        whole = {"name": one.number, **record}
        new = Customer(
            new_id(CUSTOMER), asked.organisation, phone=one.number, created_at=asked.now, updated_at=asked.now, **whole
        )
        people.customers.append(new)
    people.told += [SIP] if has_sip else []
    people.told += [OF_THE_CUSTOMER] if overrides else []
    people.told += dict.fromkeys(_unobeyed(asked, overrides.values()))
    return people


def _given(row: Any, where: str) -> CustomerGiven:
    if not isinstance(row, dict):
        raise bad(f"{where} must be an object")
    model = UncheckedCustomer if row.get("numberE164CheckEnabled") is False else CustomerGiven
    try:
        return model.model_validate(row)
    except ValidationError as error:
        raise bad(f"{where}.{sentence(error, 'it')}") from None


def _alike(overrides: Mapping[str, Any]) -> bytes:
    """The same of all that differ in the values of their variables alone."""
    return orjson.dumps({**overrides, "variableValues": {}}, option=orjson.OPT_SORT_KEYS)


def _unobeyed(asked: Asked, overrides: Any) -> Iterator[str]:
    for one in overrides:
        time.sleep(0)
        for told in warnings(asked, one):
            yield f"customers.{told}" if told.startswith("assistantOverrides") else told
