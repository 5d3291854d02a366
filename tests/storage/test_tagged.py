from __future__ import annotations

import pytest

from storage.customers import CustomerFilter
from storage.database import Database
from storage.seed import Seeded
from storage.tagged import groups
from storage.tenancy import WrongOrganisationError
from tests.storage.customer_samples import a_customer

PEOPLE = {
    "west lapsed": ["Region:West", "Segment:Lapsed"],
    "west new": ["Region:West", "Segment:New"],
    "east lapsed": ["Region:East", "Segment:Lapsed", "vip"],
    "north": ["Region:North", "vip", "Note:50% off"],
    "both": ["Region:West", "Region:East", "Segment:Lapsed"],
    "none": [],
}


def test_tags_of_one_prefix_are_choices_and_those_without_stand_alone() -> None:
    assert groups(["vip", "Region:West", "new", "Segment:Lapsed", "Region:East", "Region:West"]) == [
        ["Region:West", "Region:East"],
        ["Segment:Lapsed"],
        ["new"],
        ["vip"],
    ]
    assert groups(["Region", "Region:West", "Region:"]) == [["Region"], ["Region:West", "Region:"]]


@pytest.mark.parametrize(
    ("tags", "names"),
    [
        (["Region:West"], ["both", "west new", "west lapsed"]),
        (["Region:West", "Region:West"], ["both", "west new", "west lapsed"]),
        (["Region:West", "Segment:Lapsed"], ["both", "west lapsed"]),
        (["Region:West", "Region:East"], ["both", "east lapsed", "west new", "west lapsed"]),
        (["Region:West", "Region:East", "Segment:Lapsed"], ["both", "east lapsed", "west lapsed"]),
        (["Region:East", "Region:North", "Segment:Lapsed", "Segment:New", "vip"], ["east lapsed"]),
        (["Region:West", "Region:Nowhere"], ["both", "west new", "west lapsed"]),
        (["Region:West", "Segment:Nowhere"], []),
        (["Nowhere"], []),
        (["region:west"], []),
        (["Region:%"], []),
        (["Note:50% off"], ["north"]),
        (["' OR 1=1 --"], []),
    ],
)
async def test_who_has_a_tag_of_every_prefix_is_found_once(
    database: Database, seeded: Seeded, tags: list[str], names: list[str]
) -> None:
    async with database.begin(seeded.organisation) as work:
        for name, its in PEOPLE.items():
            await work.customers.add(a_customer(seeded.organisation, name=name, tags=its))
        found, total = await work.customers.page(CustomerFilter(tags=tags), 50)
        assert [one.name for one in found] == names
        assert total == len(names)
        first, _ = await work.customers.page(CustomerFilter(tags=tags), 1, 1)
        assert [one.name for one in first] == names[1:2]
        both, total = await work.customers.page(CustomerFilter(tags=tags, search="west"), 50)
        assert [one.name for one in both] == [name for name in names if "west" in name]
        assert total == len(both)


async def test_counting_takes_any_of_the_tags(database: Database, seeded: Seeded) -> None:
    async with database.begin(seeded.organisation) as work:
        for name, its in PEOPLE.items():
            await work.customers.add(a_customer(seeded.organisation, name=name, tags=its))
        assert await work.customers.count_any(["Region:West"]) == 3
        assert await work.customers.count_any(["Region:West", "Segment:Lapsed", "vip"]) == 5
        assert await work.customers.count_any(["Nowhere"]) == 0
        assert await work.customers.count_any([]) == 6


async def test_tags_are_those_that_somebody_has(database: Database, seeded: Seeded) -> None:
    async with database.begin(seeded.organisation) as work:
        people = [a_customer(seeded.organisation, tags=tags) for tags in (["Branch:A", "b"], ["branch:C", "b", "b"])]
        for one in people:
            await work.customers.add(one)
        assert await work.customers.tags() == ["Branch:A", "b", "branch:C"]
        assert await work.customers.tags("Branch:") == ["Branch:A"]
        await work.customers.delete(people[0].id)
        assert await work.customers.tags() == ["b", "branch:C"]
        assert await work.customers.tags("Branch:") == []


async def test_tags_of_nobody_in_particular_are_refused(database: Database) -> None:
    async with database.read() as work:
        with pytest.raises(WrongOrganisationError):
            await work.customers.page(CustomerFilter(tags=["Region:West"]), 50)
