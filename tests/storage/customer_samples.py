"""Customers to write, each with just enough said."""

from __future__ import annotations

from itertools import count
from typing import Any

from storage.assets import Customer
from storage.ids import CUSTOMER, new_id
from tests.storage.samples import NOW

_numbers = count(4155550000)


def a_customer(organisation: str, **more: Any) -> Customer:
    """With a phone of its own, unless one is given."""
    about: dict[str, Any] = {
        "name": "Jordan Ellis",
        "phone": f"+1{next(_numbers)}",
        "created_at": NOW,
        "updated_at": NOW,
    }
    return Customer(new_id(CUSTOMER), organisation, **about | more)
