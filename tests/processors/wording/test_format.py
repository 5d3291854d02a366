"""What each formatter does, and that one that was not asked for does nothing."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from processors.wording.format import FORMATTERS, Format
from processors.wording.options import FormatOptions, Formatter, Replacement

SAID: dict[Formatter, tuple[str, str]] = {
    "markdown": (
        "# Hello\nsee [our site](https://a.in) and `this`, a_b stays",
        "Hello\nsee our site and this, a_b stays",
    ),
    "asterisk": ("well *coughs* yes", "well  yes"),
    "quote": ('he said “no”, "never", it\'s', "he said no, never, it's"),
    "dash": ("wait — no, a co-op from 2–3", "wait, no, a co-op from 2–3"),
    "newline": ("First\nsecond.\nthird\n", "First. second. third"),
    "colon": ("The price: 10 at 10:30", "The price. 10 at 10:30"),
    "acronym": ("NASA, your KYC and OTP, by ACME", "nasa, your K Y C and O T P, by ACME"),
    "dollarAmount": (
        "$42.50, ₹1,25,000 or Rs. 1",
        "forty two dollars and fifty cents, one lakh twenty five thousand rupees or one rupee",
    ),
    "email": ("a.b_c@shop.co.in", "a dot b underscore c at shop dot co dot in"),
    "date": (
        "on 2026-03-04, 5/6/2026 or Mar 7",
        "on fourth of March twenty twenty six, fifth of June twenty twenty six or seventh of March",
    ),
    "time": ("10:05 am, 5pm or 14:00", "ten oh five A M, five P M or fourteen hundred hours"),
    "distance": ("5 km or 1m", "5 kilometres or 1 metre"),
    "unit": ("2kg in 30 mins", "2 kilograms in 30 minutes"),
    "percentage": ("12% off", "12 percent off"),
    "phoneNumber": ("call 98765 43210 or 123-456-7890", "call 9 8 7 6 5 4 3 2 1 0 or 1 2 3 4 5 6 7 8 9 0"),
    "number": ("1200, 12345, 25 and 3.5", "twelve hundred, one two three four five, twenty five and three point five"),
    "stripAsterisk": ("a * b", "a  b"),
}


@pytest.mark.parametrize("name", FORMATTERS)
def test_each_formatter_does_its_own_work_and_no_other(name: Formatter) -> None:
    text, said = SAID[name]
    assert Format(FormatOptions(formatters=(name,)), "en-IN")(text) == said
    everything_written = "12% of $5"
    if name not in ("dollarAmount", "percentage", "number"):
        assert Format(FormatOptions(formatters=(name,)), "en-IN")(everything_written) == everything_written


def test_a_number_above_the_limit_is_said_digit_by_digit_and_an_amount_is_not() -> None:
    said = Format(FormatOptions(digits_above=500), "en-IN")("Code 501, room 500, ₹9,500.")
    assert said == "Code five zero one, room five hundred, nine thousand five hundred rupees."
    assert Format(FormatOptions(digits_above=500), "hi-IN")("कोड 5012 है।") == "कोड पाँच शून्य एक दो है।"


def test_replacements_come_last_and_know_groups() -> None:
    options = FormatOptions(
        formatters=("percentage",),
        replacements=(
            Replacement(key="EMI", value="monthly part", all=False),
            Replacement(regex=r"(\d+) percent", value="$1 per hundred ($$)"),
            Replacement(regex="gmbh", value="company", ignore_case=True, whole_word=True),
        ),
    )
    said = Format(options, "en-IN")("EMI at 9%, EMI of Acme GmbH")
    assert said == "monthly part at 9 per hundred ($), EMI of Acme company"


def test_a_pattern_that_backtracks_for_ever_elsewhere_is_over_at_once() -> None:
    bomb = Format(FormatOptions(formatters=(), replacements=(Replacement(regex="(a|aa)+$", value="x"),)), "en")
    assert bomb("a" * 20_000 + "b") == "a" * 20_000 + "b"


def test_replacements_of_replacements_do_not_grow_without_end() -> None:
    ten = Format(FormatOptions(formatters=(), replacements=(Replacement(key="a", value="a" * 10),) * 20), "en")
    assert 50 < len(ten("a" * 50)) < 10_000


@pytest.mark.parametrize("wrong", [r"(a)\1", "(?=x)", "(", "a{5000}"])
def test_a_pattern_that_cannot_be_matched_is_refused(wrong: str) -> None:
    with pytest.raises(ValidationError, match="pattern"):
        Replacement(regex=wrong, value="")
