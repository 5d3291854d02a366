"""Placeholders filled, in linear time."""

from __future__ import annotations

import pytest

from processors.variables import render, unknown

VARIABLES = {"name": "Asha", "customer": {"city": "Pune", "due": 500, "plan": None}, "a.b": "dotted"}


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("Hello {{name}}.", "Hello Asha."),
        ("Hello {{ name | there }}.", "Hello Asha."),
        ("Hello {{nobody|there}}.", "Hello there."),
        ("Hello {{nobody}}.", "Hello ."),
        ("{{customer.city}} owes {{customer.due}}", "Pune owes 500"),
        ("{{customer.plan|basic}} {{customer.city.street|x}}", "basic x"),
        ("{{a.b}}", "dotted"),
        ("{name} {{}} {{ {{name}}", "{name} {{}} {{ Asha"),
    ],
)
def test_places_are_filled(template: str, text: str) -> None:
    assert render(template, VARIABLES) == text


def test_a_value_is_never_a_template() -> None:
    assert render("{{a}}", {"a": "{{b}}", "b": "secret"}) == "{{b}}"


def test_the_unknown_are_told_once_and_in_order() -> None:
    assert unknown("{{x}} {{name}} {{y|z}} {{ x }} {{customer.tel}}", VARIABLES) == ["x", "y", "customer.tel"]


@pytest.mark.timeout(5)
@pytest.mark.parametrize("piece", ["{", "{{", "{{a", "{{a|", "{{a}}", "{{ "])
def test_long_texts_cost_no_more_than_their_length(piece: str) -> None:
    render(piece * 50_000, {"a": "b"})
