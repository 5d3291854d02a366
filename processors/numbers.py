"""Numbers as English words, in Western or Indian groups."""

from __future__ import annotations

_SMALL = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_WESTERN = ((10**12, "trillion"), (10**9, "billion"), (10**6, "million"), (1000, "thousand"), (100, "hundred"))
_INDIAN = ((10**7, "crore"), (10**5, "lakh"), (1000, "thousand"), (100, "hundred"))
_ORDINALS = {
    "one": "first",
    "two": "second",
    "three": "third",
    "five": "fifth",
    "eight": "eighth",
    "nine": "ninth",
    "twelve": "twelfth",
}


def words(number: int, *, indian: bool = False) -> str:
    """`number` must be under 10**15 either way; in Indian groups 2,50,000 is "two lakh fifty thousand"."""
    if number < 0:
        return f"minus {words(-number, indian=indian)}"
    if number < 20:
        return _SMALL[number]
    if number < 100:
        tens, ones = divmod(number, 10)
        return f"{_TENS[tens]} {_SMALL[ones]}" if ones else _TENS[tens]
    for size, name in _INDIAN if indian else _WESTERN:
        if number >= size:
            count, rest = divmod(number, size)
            joint = " and " if 0 < rest < 100 else " "
            said = f"{words(count, indian=indian)} {name}"
            return f"{said}{joint}{words(rest, indian=indian)}" if rest else said
    raise AssertionError("every number has a size")


def ordinal(number: int) -> str:
    """21 → "twenty first"."""
    *before, last = words(number).split(" ")
    last = _ORDINALS[last] if last in _ORDINALS else last.removesuffix("y") + ("ieth" if last.endswith("y") else "th")
    return " ".join([*before, last])


def digits(text: str) -> str:
    """Every digit of `text` by name: "98" → "nine eight"."""
    return " ".join(_SMALL[int(digit)] for digit in text if digit.isdecimal())


def year(number: int) -> str:
    """1000 to 2999 as years are said: "nineteen eighty four", "two thousand and six", "twenty twenty six"."""
    century, rest = divmod(number, 100)
    if number % 1000 < 10:
        return words(number)
    if not rest:
        return f"{words(century)} hundred"
    return f"{words(century)} {words(rest) if rest > 9 else 'oh ' + words(rest)}"
