"""The law's hours stand as they were published."""

from __future__ import annotations

import pytest

from dialer.law import CAUTIOUS, LAW, legal_hours, minute_of_day


def spans(country: str | None, weekday: int) -> list[str]:
    clocks = [tuple(f"{minute // 60:02}:{minute % 60:02}" for minute in span) for span in legal_hours(country, weekday)]
    return ["-".join(span) for span in clocks]


@pytest.mark.parametrize(
    ("country", "weekday", "expected"),
    [
        ("IN", 6, ["09:00-21:00"]),
        ("US", 0, ["08:00-21:00"]),
        ("CA", 4, ["09:00-21:30"]),
        ("CA", 5, ["10:00-18:00"]),
        ("AU", 4, ["09:00-20:00"]),
        ("AU", 5, ["09:00-17:00"]),
        ("AU", 6, []),
        ("FR", 0, ["10:00-13:00", "14:00-20:00"]),
        ("FR", 5, []),
        ("ES", 6, []),
        ("ZA", 5, ["09:00-13:00"]),
        ("GB", 6, ["09:00-21:00"]),
        (None, 2, ["09:00-21:00"]),
        ("XX", 2, ["09:00-21:00"]),
    ],
)
def test_hours_of_a_country(country: str | None, weekday: int, expected: list[str]) -> None:
    assert spans(country, weekday) == expected


@pytest.mark.parametrize("week", [CAUTIOUS, *LAW.values()])
def test_every_day_has_ordered_spans_and_a_night(week: tuple[tuple[tuple[int, int], ...], ...]) -> None:
    assert len(week) == 7
    for day in week:
        edges = [edge for span in day for edge in span]
        assert edges == sorted(set(edges))
        assert all(minute_of_day("08:00") <= edge <= minute_of_day("21:30") for edge in edges)
