from __future__ import annotations

import pytest

from processors.guardrails.prices import TellsPrices
from processors.guardrails.stock import TellsStock


@pytest.mark.parametrize(
    ("sentence", "founded"),
    [
        ("A visit costs 500 rupees.", True),
        ("A visit costs five hundred.", True),
        ("विज़िट की फीस पाँच सौ रुपये है।", True),
        ("The kit is ₹1,499.", True),
        ("The kit is 1,499 dollars, ", True),  # a tool's bare number says nothing of its currency
        ("A visit costs 500 dollars.", False),
        ("The kit is ₹1,999.", False),
        ("Both together are 1,999 rupees.", False),  # a sum is not what it was told
        ("You get 10 percent off.", True),
        ("You get 15 percent off.", False),
        ("The fee is 700.", False),
        ("फीस सात सौ है।", False),
        ("I am a hundred percent sure.", True),
        ("The price list has 40 pages.", True),
        ("It takes 45 minutes.", True),
        ("Did you say 300 rupees?", True),
        ("Fine, 300 rupees.", False),
        ("Would 350 rupees do?", False),
    ],
)
def test_a_price_must_have_been_told(sentence: str, founded: bool) -> None:
    prices = TellsPrices()
    prices.learn(["A visit is Rs. 500. On Sundays 10% off. Say two sentences.", '{"kit": {"price": 1499}}'])
    prices.asked(["Can I have it for 300 rupees?"])
    assert prices.founded(sentence) is founded


@pytest.mark.parametrize(
    ("sentence", "founded"),
    [
        ("The red sofa is in stock.", True),
        ("The blue sofa is in stock.", False),
        ("The blue sofa is out of stock.", True),
        ("The lamp is available.", False),
        ("We have 3 chairs in stock.", True),
        ("We have only 2 chairs left.", False),
        ("The oak table is not available right now.", True),
        ("The oak table is available.", False),
        ("लाल सोफा उपलब्ध है।", True),  # other words for it: only whether there is any is compared
        ("Delivery in Pune takes 5 days.", True),
        ("Delivery in Pune takes 2 days.", False),
        ("It will be delivered tomorrow.", False),
        ("Shall I see whether it is in stock?", True),
        ("Let me check if it is available.", True),
        ("I am always available to help.", True),
        ("It is a fine sofa.", True),
    ],
)
def test_what_is_said_of_stock_must_have_been_told(sentence: str, founded: bool) -> None:
    stock = TellsStock()
    stock.learn(["Red sofa: in stock. Blue sofa: sold out. Delivery in Pune takes 5 days."])
    stock.learn(['[{"name": "chair", "quantity": 3}, {"name": "oak table", "in_stock": false}]'])
    assert stock.founded(sentence) is founded


def test_who_was_told_nothing_may_say_nothing_of_it() -> None:
    assert not TellsStock().founded("It is in stock.")
    assert not TellsPrices().founded("It is 500 rupees.")
