"""What is asked of the control API, each time with other values."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import orjson
from yarl import URL

from benchmarks.office import FAMILY, GIVEN, TAGS, Office, details, phone

BATCH = 1000
"""Customers in one bulk upsert."""
LISTED, TWO_TAGS = "customers, first 50", "customers, two tags"
BULK = f"customers, {BATCH} new ones", f"customers, {BATCH} merged"
SHOWN = (
    LISTED,
    TWO_TAGS,
    "customers, a name",
    "customers, 6 digits of a phone",
    "calls, first 50",
    "calls, a deep page",
    "calls of an outcome",
    "statistics of all calls",
    "flows with metrics",
    "write: a new customer",
    *BULK,
)
"""In the picture."""

Request = tuple[str, str, bytes | None]
"""Method, path below /api/voice, body."""


@dataclass(frozen=True, slots=True)
class Question:
    name: str
    request: Callable[[], Request]
    changes: bool = False
    """It writes."""
    times: int = 200

    @property
    def is_usual(self) -> bool:
        """As a person at a screen asks it; the others come from programs, now and then."""
        return self.name not in BULK


@dataclass(frozen=True, slots=True)
class Answers:
    """To one question, in milliseconds, asked by one client."""

    database: str
    calls: int
    question: str
    p50: float
    p95: float
    p99: float
    cpu: float
    """Of the server's process, the database's own not counted in."""


def questions(office: Office) -> list[Question]:
    """About the office as it is now."""
    chance = random.Random(2)

    def asking(path: str, **query: Any) -> Callable[[], Request]:
        """A value may be a function, which is asked each time."""

        def request() -> Request:
            given = {name: value() if callable(value) else value for name, value in query.items()}
            return "GET", str(URL(path).with_query(given)), None

        return request

    def one_of(path: str, ids: list[str], **query: Any) -> Callable[[], Request]:
        return lambda: ("GET", str(URL(f"{path}/{chance.choice(ids)}").with_query(query)), None)

    def deep(count: int) -> Callable[[], int]:
        return lambda: int(count * chance.uniform(0.4, 0.9))

    def two_tags() -> list[str]:
        return [f"{kind}:{chance.choice(TAGS[kind])}" for kind in ("Region", "Segment")]

    def day() -> str:
        return str((office.now - timedelta(days=chance.randrange(1, 180))).date())

    def person(number: int) -> dict[str, Any]:
        name = f"{chance.choice(GIVEN)} {chance.choice(FAMILY)}"
        return {"name": name, "phone": phone(number), "tags": two_tags(), "metadata": details(number)}

    def new_batch() -> Request:
        people = [person(next(office.strangers)) for _ in range(BATCH)]
        return _sent("/customers/bulk", {"customers": people})

    def known_batch() -> Request:
        start = chance.randrange(len(office.customers))
        people = [person((start + place) % len(office.customers)) for place in range(BATCH)]
        return _sent("/customers/bulk", {"customers": people})

    def told() -> Request:
        return _sent(f"/calls/{chance.choice(office.calls)}/metadata", {"key_details": {"score": chance.random()}})

    def change() -> Request:
        body = orjson.dumps({"metadata": {"score": chance.random()}})
        return "PATCH", f"/customers/{chance.choice(office.customers)}", body

    return [
        Question(LISTED, asking("/customers")),
        Question("customers, a deep page", asking("/customers", offset=deep(len(office.customers)))),
        Question(TWO_TAGS, asking("/customers", tags=two_tags)),
        Question("customers, a name", asking("/customers", search=lambda: chance.choice(GIVEN))),
        Question(
            "customers, both names",
            asking("/customers", search=lambda: f"{chance.choice(GIVEN)} {chance.choice(FAMILY)}"),
        ),
        Question(
            "customers, 6 digits of a phone",
            asking("/customers", search=lambda: phone(chance.randrange(len(office.customers)))[-7:-1]),
        ),
        Question("customers, by inbound calls", asking("/customers", min_inbound_calls=lambda: chance.randrange(1, 4))),
        Question(
            "customers, by inbound calls, a range", asking("/customers", min_inbound_calls=1, max_inbound_calls=2)
        ),
        Question("a customer", one_of("/customers", office.customers)),
        Question("a customer with its calls", one_of("/customers", office.customers, include_calls="true")),
        Question("calls, first 50", asking("/calls")),
        Question("calls, a deep page", asking("/calls", offset=deep(len(office.calls)))),
        Question("calls of a flow", asking("/calls", flow_uuid=lambda: chance.choice(office.flows))),
        Question("calls of an outcome", asking("/calls", outcome="voicemail")),
        Question(
            "calls of an outcome, a deep page", asking("/calls", outcome="busy", offset=deep(len(office.calls) // 40))
        ),
        Question("calls of a customer", asking("/calls", customer_uuid=lambda: chance.choice(office.customers))),
        Question("calls up to a day", asking("/calls", date_to=day)),
        Question("calls that are going on", asking("/calls/live")),
        Question("a call with its transcript", one_of("/calls", office.told)),
        Question("statistics of all calls", asking("/calls/statistics")),
        Question("statistics of a flow", asking("/calls/statistics", flow_uuid=lambda: chance.choice(office.flows))),
        Question("flows with metrics", asking("/flows", include_metrics="true")),
        Question("write: a new customer", lambda: _sent("/customers", person(next(office.strangers))), changes=True),
        Question("write: a customer's metadata", change, changes=True),
        Question("write: a call's details", told, changes=True),
        Question(BULK[0], new_batch, changes=True, times=30),
        Question(BULK[1], known_batch, changes=True, times=30),
    ]


def _sent(path: str, body: Mapping[str, Any]) -> Request:
    return "POST", path, orjson.dumps(body)
