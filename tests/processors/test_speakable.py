"""Written text said as a person would say it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.numbers import ordinal, words, year
from processors.speakable import speakable


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("**Hello** _there_!", "Hello there!"),
        ("See [our site](https://x.example/a?b=1).", "See our site."),
        ("Visit https://www.lakeside.example/book?x=1.", "Visit lakeside dot example."),
        ("Write to a.b_c@x-y.co.in now", "Write to a dot b underscore c at x dash y dot co dot in now"),
        ("# Hours\n- Monday\n- Tuesday", "Hours. Monday. Tuesday"),
        ("```python\nprint\n```", "print"),
        ("Fine 😀👍 thanks", "Fine thanks"),
        ("It costs ₹2,50,000.", "It costs two lakh fifty thousand rupees."),
        ("Rs. 500/- or Rs 5 lakh", "five hundred rupees or five lakh rupees"),
        ("$12.50, £1 and €3", "twelve dollars and fifty cents, one pound and three euros"),
        ("50% off & more", "fifty percent off and more"),
        ("Call +91 98765 43210.", "Call plus nine one, nine eight seven six five, four three two one zero."),
        ("Call 9876543210", "Call nine eight seven six five, four three two one zero"),
        ("Call 555-0100", "Call five five five, zero one zero zero"),
        ("At 10:30 am or 9:05", "At ten thirty a m or nine oh five"),
        ("We open at 9 a.m. Come in.", "We open at nine a m. Come in."),
        ("At 18:00 sharp", "At eighteen hundred hours sharp"),
        ("On 2026-03-21", "On twenty first of March twenty twenty six"),
        ("On March 14 or 2 April 2006", "On fourteenth of March or second of April two thousand and six"),
        ("The 21st, 3.5 kg, -5 and 0042", "The twenty first, three point five kg, minus five and zero zero four two"),
        ("Open 9-5, Mon–Fri", "Open nine to five, Mon to Fri"),
        ("Since 1984", "Since nineteen eighty four"),
        ("Dr. Rao, room no. 5", "Doctor Rao, room number five"),
        ("A1 and x_1 stay", "A1 and x_1 stay"),
        ("***", ""),
        ("", ""),
    ],
)
def test_english(written: str, said: str) -> None:
    assert speakable(written, "en-IN") == said


def test_groups_follow_the_region() -> None:
    assert speakable("1,500,000", "en-US") == "one million five hundred thousand"
    assert speakable("15,00,000", "en-IN") == "fifteen lakh"
    assert speakable("2,00,00,000 people", "en-IN") == "two crore people"


def test_figures_are_said_in_the_texts_language_or_left_to_a_voice_that_reads_them_well() -> None:
    assert speakable("**कीमत** ₹2,50,000 है", "hi-IN") == "कीमत दो लाख पचास हज़ार रुपये है"
    assert speakable("**कीमत** ₹2,50,000 है", "hi-IN", figures=False) == "कीमत 2,50,000 रुपये है"
    assert speakable("9876543210 पर कॉल करें", "hi") == "नौ आठ सात छह पाँच, चार तीन दो एक शून्य पर कॉल करें"


def test_number_words() -> None:
    assert words(0) == "zero"
    assert (
        words(12_345_678, indian=True)
        == "one crore twenty three lakh forty five thousand six hundred and seventy eight"
    )
    assert words(-101) == "minus one hundred and one"
    assert [ordinal(n) for n in (1, 12, 20, 33)] == ["first", "twelfth", "twentieth", "thirty third"]
    assert [year(n) for n in (1900, 1905, 2000, 2026)] == [
        "nineteen hundred",
        "nineteen oh five",
        "two thousand",
        "twenty twenty six",
    ]


@given(st.text(max_size=300), st.sampled_from(["en-IN", "en-US", "hi-IN", "ta"]))
def test_any_text_is_taken(text: str, language: str) -> None:
    said = speakable(text, language)
    assert said == said.strip()
    assert "\n" not in said
    assert not said or any(sign.isalnum() for sign in said)


@pytest.mark.timeout(5)
@pytest.mark.parametrize("sign", ["[", "1", "1,", "1 ", "*", "a.", "http://", "@", "<", " \n", "+1-", "May 1 "])
def test_repeated_signs_cost_no_more_than_their_length(sign: str) -> None:
    speakable(sign * 5_000, "en-IN")
