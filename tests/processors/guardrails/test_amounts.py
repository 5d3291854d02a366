from __future__ import annotations

import pytest

from processors.guardrails.amounts import Amount, Kind, amounts

RUPEES = {
    "It costs ₹1,499 only.": 1499,
    "Rs. 500, all in": 500,
    "499/- for a month": 499,
    "five hundred and twenty rupees": 520,
    "twelve fifty rupees": 1250,
    "two lakh fifty thousand rupees": 250_000,
    "2.5 lakh rupees": 250_000,
    "₹5k": 5000,
    "paanch sau rupaye": 500,
    "do hazar rupaye": 2000,
    "१,४९९ रुपये": 1499,
    "पाँच सौ बीस रुपये": 520,
    "डेढ़ लाख रुपये": 150_000,
    "साढ़े पाँच सौ रुपये": 550,
    "पाचशे रुपये": 500,
    "পাঁচশো টাকা": 500,
    "પાંચસો રૂપિયા": 500,
    "ਪੰਜ ਸੌ ਰੁਪਏ": 500,
    "ஐநூறு ரூபாய்க்கு": 500,
    "ఐదు వందల రూపాయలు": 500,
    "ಐನೂರು ರೂಪಾಯಿಗಳು": 500,
    "അഞ്ഞൂറ് രൂപയാണ്": 500,
    "೫೦೦ ರೂಪಾಯಿ": 500,
}


@pytest.mark.parametrize("text", RUPEES)
def test_money_is_read_however_it_is_said(text: str) -> None:
    assert amounts(text) == [Amount(RUPEES[text], Kind.RUPEES)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("500 to 700 rupees", [(500, Kind.RUPEES), (700, Kind.RUPEES)]),
        ("20% off, or twenty per cent", [(20, Kind.PERCENT), (20, Kind.PERCENT)]),
        ("$40 or 30 euros", [(40, Kind.DOLLARS), (30, Kind.EUROS)]),
        ("30 minutes at 10 am", [(30, Kind.OTHER), (10, Kind.OTHER)]),
        ('{"price": 1499}', [(1499, Kind.BARE)]),
        ("call 98450 12345 on 2026-05-01 at 10:30", []),
        ("Rupees 1499 or rupees fifteen hundred", [(1499, Kind.RUPEES), (1500, Kind.RUPEES)]),
        ("500 rupees 20", [(500, Kind.RUPEES), (20, Kind.BARE)]),
        ("500 Indian rupees 20", [(500, Kind.RUPEES), (20, Kind.BARE)]),
        ("፩ or 𐩀 rupees", []),
        ("Nobody knows.", []),
    ],
)
def test_what_a_number_counts_is_told(text: str, expected: list[tuple[float, Kind]]) -> None:
    assert amounts(text) == [Amount(value, kind) for value, kind in expected]
