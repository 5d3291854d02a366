from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import text

from storage.customers import CustomerFilter
from storage.database import Database
from storage.seed import Seeded
from tests.storage.customer_samples import a_customer
from tests.storage.samples import LATER

PEOPLE = {
    "Jordan Ellis": "+14155550192",
    "Ananya Rao": "+919876543210",
    "100% Cotton_Shop": "+442071838750",
    'Anna "Nan" O\'Neil': "+33123456789",
    "रवि कुमार": "+918888888888",
    "Élodie Ørsted": "+4551234567",
    "Bo Xu": "+8613912345678",
    "Shop 24-7": "+15550010000",
}


@pytest.mark.parametrize(
    ("search", "names"),
    [
        ("Jordan", {"Jordan Ellis"}),
        ("jORDAN ELLIS", {"Jordan Ellis"}),
        ("ellis jor", {"Jordan Ellis"}),
        ("llis", {"Jordan Ellis"}),
        ("Jordan Rao", set()),
        ("Jordan 0192", {"Jordan Ellis"}),
        ("+14155550192", {"Jordan Ellis"}),
        ("4155550192", {"Jordan Ellis"}),
        ("(415) 555-0192", {"Jordan Ellis"}),
        ("+1 (415) 555.0192", {"Jordan Ellis"}),
        ("555-0192 Ellis", {"Jordan Ellis"}),
        ("415 0192", set()),
        ("0192", {"Jordan Ellis"}),
        ("92", {"Jordan Ellis"}),
        ("an", {"Jordan Ellis", "Ananya Rao", 'Anna "Nan" O\'Neil'}),
        ("x", {"Bo Xu"}),
        ("X", {"Bo Xu"}),
        ("ann", {'Anna "Nan" O\'Neil'}),
        ("%", {"100% Cotton_Shop"}),
        ("_", {"100% Cotton_Shop"}),
        ("0%", {"100% Cotton_Shop"}),
        ("00%", {"100% Cotton_Shop"}),
        ("n_s", {"100% Cotton_Shop"}),
        ("a_b", set()),
        ('"', {'Anna "Nan" O\'Neil'}),
        ('"Nan"', {'Anna "Nan" O\'Neil'}),
        ("o'neil", {'Anna "Nan" O\'Neil'}),
        ("'", {'Anna "Nan" O\'Neil'}),
        ("\\", set()),
        ("shop OR jordan", set()),
        ("name:Jordan", set()),
        ("Jord*", set()),
        ("NOT", set()),
        ("रवि", {"रवि कुमार"}),
        ("कु", {"रवि कुमार"}),
        ("ÉLODIE", {"Élodie Ørsted"}),
        ("él", {"Élodie Ørsted"}),
        ("24-7", {"Shop 24-7"}),
        ("-7", {"Shop 24-7"} | {name for name, phone in PEOPLE.items() if "7" in phone}),
        ("+", set(PEOPLE)),
        ("-", {"Shop 24-7"}),
        ("().", set()),
    ],
)
async def test_customers_are_found_by_pieces_of_name_and_phone(
    database: Database, seeded: Seeded, search: str, names: set[str]
) -> None:
    async with database.begin(seeded.organisation) as work:
        for name, phone in PEOPLE.items():
            await work.customers.add(a_customer(seeded.organisation, name=name, phone=phone))
        found, total = await work.customers.page(CustomerFilter(search=search), 50)
    assert {one.name for one in found} == names
    assert total == len(names)


async def test_what_changed_is_found_by_its_new_words_alone(database: Database, seeded: Seeded) -> None:
    customer = a_customer(seeded.organisation, name="Jordan", phone="+14155550192")

    async def hits(search: str) -> int:
        async with database.read(seeded.organisation) as work:
            return await work.customers.count(CustomerFilter(search=search))

    async with database.begin(seeded.organisation) as work:
        await work.customers.add(customer)
    assert (await hits("Jordan"), await hits("5550192")) == (1, 1)
    async with database.begin(seeded.organisation) as work:
        await work.customers.save(replace(customer, name="Asha", phone="+919876543210"), now=LATER)
    assert (await hits("Jordan"), await hits("5550192")) == (0, 0)
    assert (await hits("Asha"), await hits("98765")) == (1, 1)
    async with database.begin(seeded.organisation) as work:
        again = a_customer(seeded.organisation, name="Meera", phone="+919876543210")
        await work.customers.upsert([again], [frozenset({"name", "phone"})], now=LATER)
    assert (await hits("Asha"), await hits("Meera")) == (0, 1)
    async with database.begin(seeded.organisation) as work:
        await work.customers.delete(customer.id)
    assert (await hits("Meera"), await hits("98765")) == (0, 0)


async def test_sqlites_index_holds_exactly_what_the_customers_say(
    database: Database, seeded: Seeded, file: object
) -> None:
    customers = [a_customer(seeded.organisation, name=f"Person {number}") for number in range(20)]
    async with database.begin(seeded.organisation) as work:
        for customer in customers:
            await work.customers.add(customer)
        for customer in customers[::2]:
            await work.customers.save(replace(customer, name="Somebody else"), now=LATER)
        for customer in customers[::3]:
            await work.customers.delete(customer.id)
    async with database.connect() as connection:
        check = "INSERT INTO customer_search(customer_search, rank) VALUES ('integrity-check', 1)"
        await connection.execute(text(check))  # raises DatabaseError if index and rows differ
