"""The formatters by name, in the order in which they work, and the replacements after them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from processors.speakable import speakable
from processors.wording import amounts, marks, moments, names
from processors.wording.options import FormatOptions, Formatter, Replacement
from processors.wording.patterns import compiled
from processors.wording.tongue import Tongue, tongue

FORMATTERS: Mapping[Formatter, Callable[[str, Tongue], str]] = {
    "markdown": marks.markdown,
    "asterisk": marks.starred,
    "quote": marks.quotes,
    "dash": marks.dashes,
    "newline": marks.newlines,
    "colon": marks.colons,
    "acronym": names.acronyms,
    "dollarAmount": amounts.money,
    "email": names.emails,
    "date": moments.dates,
    "time": moments.times,
    "distance": amounts.distances,
    "unit": amounts.units,
    "percentage": amounts.percentages,
    "phoneNumber": names.phone_numbers,
    "number": amounts.numbers,
    "stripAsterisk": marks.asterisks,
}
FIGURES: tuple[Formatter, ...] = (
    "dollarAmount",
    "email",
    "date",
    "time",
    "distance",
    "unit",
    "percentage",
    "phoneNumber",
    "number",
)
"""What is done where a plan limits the numbers that are said as words, and does not choose formatters."""
LONGEST = 4_000
"""Characters by which replacements may make a piece longer."""
_GROUP = re.compile(r"\$(\$|&|\d)")


class Format:
    """A piece of text → what is spoken of it."""

    def __init__(self, options: FormatOptions, language: str) -> None:
        self._language, self._tongue = language, tongue(language, options.digits_above)
        self._is_ours = options.formatters is None
        usual = FIGURES if options.digits_above is not None else ()
        chosen = usual if options.formatters is None else options.formatters
        self._steps = [step for name, step in FORMATTERS.items() if name in chosen]
        self._replaced = [_replacing(each) for each in options.replacements]

    def __call__(self, text: str) -> str:
        if not self._is_ours:
            text = marks.angles(text, self._tongue)
        for step in self._steps:
            text = step(text, self._tongue)
        if self._is_ours:
            text = speakable(text, self._language)
        most = len(text) + LONGEST
        for replaced in self._replaced:
            if len(text) > most:  # what one has made long, the next would make long again, and again
                break
            text = replaced(text)
        return text[:most]


def _replacing(asked: Replacement) -> Callable[[str], str]:
    """Whatever the pattern, in time linear in the text."""
    if asked.key and not (asked.ignore_case or asked.whole_word):
        key, value, times = asked.key, asked.value, -1 if asked.all else 1
        return lambda text: text.replace(key, value, times)
    pattern = compiled(
        asked.regex or re.escape(asked.key),
        ignore_case=asked.ignore_case,
        whole_word=asked.whole_word,
        multi_line=asked.multi_line,
    )
    count = 0 if asked.all else 1

    def value_of(found: Any) -> str:
        def group(sign: re.Match[str]) -> str:
            if sign[1] == "$":
                return "$"
            number = 0 if sign[1] == "&" else int(sign[1])
            return (found.group(number) or "") if number <= found.re.groups else sign[0]

        return _GROUP.sub(group, asked.value) if asked.regex else asked.value

    return lambda text: str(pattern.sub(value_of, text, count))
