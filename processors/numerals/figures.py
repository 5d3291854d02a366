"""A text in an Indian language → the same text with its figures in words."""

from __future__ import annotations

import re

from processors.numerals.cardinal import LANGUAGES, LONGEST, cardinal, counting, digits, year
from processors.numerals.southern import UNDER_THOUSAND
from processors.numerals.tables import SCALES
from processors.numerals.terms import TERMS, Terms

_ENGLISH_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_ENGLISH_SCALES = ("thousand", "lakh", "crore")
_DIGITS = r"\d+(?:,\d+)*"
_APART = r"(?<![\w.,])"
_END = r"(?![A-Za-z\d])"
_ISO_DATE = re.compile(rf"{_APART}([12]\d{{3}})-(0?[1-9]|1[0-2])-(0?[1-9]|[12]\d|3[01]){_END}")
_DATE = re.compile(rf"{_APART}(0?[1-9]|[12]\d|3[01])[/.-](0?[1-9]|1[0-2])[/.-]([12]\d{{3}}){_END}")
_DAY_MONTH = re.compile(
    r"(?<![\w.,])(0?[1-9]|[12]\d|3[01])(?:st|nd|rd|th)?\s"
    r"(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?(?:,?\s([12]\d{3})\b)?",
    re.I,
)
_PHONE = re.compile(r"(?<![\w.,])(?:\+?\d{7,15}|\+?\(?\d{2,5}\)?(?:[ -]\d{2,5}){1,3})(?!\w|[.,]\d)")
_PERCENT = re.compile(r"(?<=\d)\s?%")
_RANGE = re.compile(r"(?<=\d)\s?[-–]\s?(?=\d)")


class Figures:
    """Of one language."""

    def __init__(self, language: str) -> None:
        """`language` is one of `LANGUAGES`."""
        self._language, self._terms = language, TERMS[language]
        scales = "|".join((*map(re.escape, SCALES[language]), *(f"{name}s?" for name in _ENGLISH_SCALES)))
        self._money = re.compile(
            rf"(?:₹|\bRs\.?|\bINR)\s?({_DIGITS})(?:\.(\d{{1,2}}))?(?!\d)(?:\s({scales})(?!\w))?(?:/-)?", re.I
        )
        self._scale = re.compile(rf"(?<=\d)\s({'|'.join(_ENGLISH_SCALES)})s?\b", re.I)
        own = re.escape(self._terms.own_hour)
        self._clock = re.compile(
            rf"{_APART}([01]?\d|2[0-3]):([0-5]\d)(?::[0-5]\d)?(?:\s?([ap])\.?\s?m\b\.?)?{_END}(?=(\s?{own})?)", re.I
        )
        self._hour = re.compile(rf"{_APART}(1[0-2]|[1-9])\s?([ap])\.?\s?m\b\.?(?=(\s?{own})?)", re.I)
        # Southern languages change a number to which they write something: there the figures are left to the voice.
        joined = r"(?!\w)" if language in UNDER_THOUSAND else _END
        self._number = re.compile(rf"(?<![\w.,])([-−]?)({_DIGITS})(?:\.(\d{{1,9}}))?{joined}(?![.,]\d)")

    def __call__(self, text: str) -> str:
        if not any(sign.isdecimal() for sign in text):
            return text
        text = "".join(str(int(sign)) if sign.isdecimal() else sign for sign in text)
        text = _ISO_DATE.sub(lambda found: self._date(found[3], int(found[2]), found[1]), text)
        text = _DATE.sub(lambda found: self._date(found[1], int(found[2]), found[3]), text)
        text = _DAY_MONTH.sub(lambda found: self._date(found[1], _month(found[2]), found[3]), text)
        text = self._clock.sub(lambda found: self._time(int(found[1]), int(found[2]), found[3], found[4]), text)
        text = self._hour.sub(lambda found: self._time(int(found[1]), 0, found[2], found[3]), text)
        text = self._money.sub(self._coins, text)
        text = _PHONE.sub(self._phone, text)
        text = self._scale.sub(lambda found: f" {self._scaled(found[1])}", text)
        text = _PERCENT.sub(f" {self._terms.percent}", text)
        text = _RANGE.sub(f" {self._terms.to} " if self._terms.to else " ", text)
        return self._number.sub(self._plain, text)

    def _date(self, day: str, month: int, in_year: str | None) -> str:
        said = f"{cardinal(int(day), self._language)} {self._terms.months[month - 1]}"
        return f"{said} {year(int(in_year), self._language)}" if in_year else said

    def _time(self, hour: int, minute: int, half: str | None, own: str | None) -> str:
        """Where the writer says himself that it is a time, only the figures are said."""
        if half:
            hour = hour % 12 + (12 if half in "pP" else 0)
        part = f"{_part(hour, self._terms)} " if half or hour > 12 else ""
        clock = (hour - 1) % 12 + 1 if part else hour
        h, m = (cardinal(number, self._language) for number in (clock, minute))
        if own:
            return f"{part}{h} {m}" if minute else f"{part}{h}"
        return part + (self._terms.minutes if minute else self._terms.hour).format(h=h, m=m)

    def _coins(self, found: re.Match[str]) -> str:
        amount, part, scale = found[1].replace(",", ""), found[2], found[3]
        if len(amount) > LONGEST:
            return found[0]
        terms, language = self._terms, self._language
        if scale:
            whole = f"{cardinal(int(amount), language)} {terms.point} {digits(part, language)}" if part else None
            return f"{whole or counting(int(amount), language)} {self._scaled(scale)} {terms.rupees}"
        paise = int(f"{part or 0:0<2}")
        rest = f" {counting(paise, language)} {terms.paise}" if paise else ""
        return f"{counting(int(amount), language)} {terms.rupees}{rest}"

    def _scaled(self, scale: str) -> str:
        english = scale.lower().removesuffix("s")
        return SCALES[self._language][_ENGLISH_SCALES.index(english)] if english in _ENGLISH_SCALES else scale

    def _phone(self, found: re.Match[str]) -> str:
        """In groups, so that the voice breathes."""
        count = sum(sign.isdecimal() for sign in found[0])
        if not (count >= 10 or (count >= 7 and found[0][0] in "+0")):
            return found[0]
        groups = re.findall(r"\d+", found[0])
        if len(groups) == 1:
            (whole,) = groups
            groups = [whole[:-10], whole[-10:-5], whole[-5:]] if len(whole) >= 10 else [whole]
        said = ", ".join(digits(group, self._language) for group in groups if group)
        return f"{self._terms.plus} {said}" if found[0].startswith("+") else said

    def _plain(self, found: re.Match[str]) -> str:
        plain = found[2].replace(",", "")
        is_code = len(plain) > LONGEST or (len(plain) > 1 and int(plain[0]) == 0)
        said = digits(plain, self._language) if is_code else cardinal(int(plain), self._language)
        minus = f"{self._terms.minus} " if found[1] else ""
        return minus + said + (f" {self._terms.point} {digits(found[3], self._language)}" if found[3] else "")


def _month(name: str) -> int:
    return _ENGLISH_MONTHS.index(name[:3].lower()) + 1


def _part(hour: int, terms: Terms) -> str:
    """Of the day: from 4, from 12, from 16 and from 20 o'clock."""
    return terms.parts[3 if hour < 4 or hour >= 20 else 2 if hour >= 16 else 1 if hour >= 12 else 0]


FIGURES = {language: Figures(language) for language in LANGUAGES}
