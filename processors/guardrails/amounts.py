"""Which amounts a text names: of money, per cent, or of nothing in particular."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from processors.guardrails.number_words import NUMBERS, SCALES
from processors.tokens import tokens


class Kind(StrEnum):
    RUPEES = "INR"
    DOLLARS = "USD"
    EUROS = "EUR"
    POUNDS = "GBP"
    PERCENT = "%"
    BARE = ""
    """Nothing is said of what it counts."""
    OTHER = "other"
    """Hours, days, pieces: no price."""


@dataclass(frozen=True, slots=True)
class Amount:
    value: float
    kind: Kind


@dataclass(frozen=True, slots=True)
class _Number:
    value: float
    begin: int
    end: int
    """Behind its last token."""


def _named(text: str) -> tuple[str, ...]:
    return tuple(unicodedata.normalize("NFKC", text).split())


_SIGNS = {"₹": Kind.RUPEES, "$": Kind.DOLLARS, "€": Kind.EUROS, "£": Kind.POUNDS, "%": Kind.PERCENT, "/-": Kind.RUPEES}
_BEFORE = {"rs": Kind.RUPEES, "inr": Kind.RUPEES, "usd": Kind.DOLLARS, "eur": Kind.EUROS, "gbp": Kind.POUNDS}
_STEMS = {
    stem: kind
    for kind, names in {
        Kind.RUPEES: "rupee rupay rupaiy rupiy paise paisa taka inr रुपय रुपए रुपये रुपै रूपय रूपए रूपये टका টাকা টাকায় রুপি "
        "રૂપિય રુપિય ਰੁਪ ரூபா రూపా ರೂಪಾ രൂപ ଟଙ୍କା पैसे",
        Kind.DOLLARS: "dollar usd buck डॉलर ডলার ડૉલર ਡਾਲਰ டாலர் డాలర్ ಡಾಲರ್ ഡോളർ",
        Kind.EUROS: "euro यूरो",
        Kind.POUNDS: "pound पाउंड",
        Kind.PERCENT: "percent pct प्रतिशत फीसदी फ़ीसदी टक्के শতাংশ ટકા ਫ਼ੀਸਦੀ ਫੀਸਦੀ ਪ੍ਰਤੀਸ਼ਤ சதவீத சதவிகித விழுக்காடு శాతం ಪ್ರತಿಶತ "
        "ശതമാന ପ୍ରତିଶତ",
    }.items()
    for stem in _named(names)
}
"""A word that begins so names what the number before it counts: endings are many."""
_STEM_LETTERS = frozenset(stem[0] for stem in _STEMS)
_WHOLE = {"rs": Kind.RUPEES, "રૂ": Kind.RUPEES, "रु": Kind.RUPEES, "रू": Kind.RUPEES, "ரூ": Kind.RUPEES}
_BEFORE |= {**_WHOLE, "ಶೇಕಡಾ": Kind.PERCENT, "ಶೇ": Kind.PERCENT}
_UNITS = frozenset(
    _named(
        "am pm a.m p.m o'clock second seconds minute minutes min mins hour hours hr hrs day days night nights week "
        "weeks month months year years km kms metre metres kg gm grams ml litre litres bhk sqft gb mb people "
        "person persons piece pieces unit units item items time times sentence sentences word words star stars option "
        "options step steps st nd rd th बजे मिनट घंटे घंटा दिन दिनों सप्ताह हफ्ते हफ़्ते महीने महीना साल वर्ष "
        "लोग लोगों बार मिनिटे तास दिवस महिने वाजता "
        "মিনিট ঘণ্টা দিন মাস বছর টায় জন મિનિટ કલાક દિવસ મહિના વર્ષ વાગ્યે ਮਿੰਟ ਘੰਟੇ ਦਿਨ ਮਹੀਨੇ ਸਾਲ ਵਜੇ "
        "நிமிடம் நிமிடங்கள் மணி மணிக்கு நாள் நாட்கள் மாதம் மாதங்கள் வருடம் నిమిషాలు గంటలు గంటలకు రోజులు రోజుల నెలలు సంవత్సరాలు "
        "ನಿಮಿಷ ನಿಮಿಷಗಳು ಗಂಟೆ ಗಂಟೆಗೆ ದಿನ ದಿನಗಳು ತಿಂಗಳು ವರ್ಷ മിനിറ്റ് മണിക്കൂർ മണിക്ക് ദിവസം മാസം വർഷം"
    )
)
_TO = frozenset(_named("to or and से ते या থেকে થી ਤੋਂ முதல் నుండి నుంచి ರಿಂದ മുതൽ"))
_JOINS = frozenset(("and",))
_BREAKS = frozenset("?.!;:,\n")
_APART = _BREAKS | _TO | {""}
_HALVES = {
    "साढ़े": 0.5,
    "साडे": 0.5,
    "সাড়ে": 0.5,
    "સાડા": 0.5,
    "ਸਾਢੇ": 0.5,
    "सवा": 0.25,
    "ਸਵਾ": 0.25,
    "પોણા": -0.25,
    "पौने": -0.25,
}
_HALVES = {unicodedata.normalize("NFKC", name): value for name, value in _HALVES.items()}
_LETTERS = frozenset(("k", "l", "cr"))
"""Behind figures alone: "5k"."""
_BEGINS = frozenset((*NUMBERS, *SCALES, *_HALVES, "do"))


def amounts(text: str) -> list[Amount]:
    """In order. Telephone numbers, dates and times of the day are none."""
    return amounts_of(tokens(text))


def amounts_of(given: Sequence[str]) -> list[Amount]:
    return [amount for amount, _ in placed(given)]


def placed(given: Sequence[str]) -> list[tuple[Amount, int]]:
    """And the place of each one's first token."""
    numbers = list(_numbers(given))
    kinds = [_kind(given, number) for number in numbers]
    for place, number in enumerate(numbers):  # "rupees 500", but not the second of "500 rupees 20"
        between = given[numbers[place - 1].end : number.begin] if place else ("", *given[: number.begin])
        if kinds[place] is Kind.BARE and len(between) > 1 and (len(between) > 2 or between[0] in _APART):
            kinds[place] = _currency(between[-1]) or Kind.BARE
    for place in range(len(numbers) - 2, -1, -1):  # "500 to 700 rupees": both are money
        between = given[numbers[place].end : numbers[place + 1].begin]
        if kinds[place] is Kind.BARE and len(between) <= 1 and _TO.issuperset(between):
            kinds[place] = kinds[place + 1]
    return [(Amount(round(number.value, 2), kind), number.begin) for number, kind in zip(numbers, kinds, strict=True)]


def _kind(given: Sequence[str], number: _Number) -> Kind:
    before = given[number.begin - 1] if number.begin else ""
    if before == "." and number.begin > 1:  # "Rs. 500"
        before = given[number.begin - 2] if given[number.begin - 2] in _BEFORE else before
    if before in _SIGNS and before not in ("%", "/-"):
        return _SIGNS[before]
    if before in _BEFORE:
        return _BEFORE[before]
    behind = given[number.end : number.end + 3]
    if not behind:
        return Kind.BARE
    if behind[0] in _SIGNS:
        return _SIGNS[behind[0]]
    if behind[:2] == ["per", "cent"]:
        return Kind.PERCENT
    if behind[0] in _UNITS:
        return Kind.OTHER
    for word in behind[:2]:  # "500 Indian rupees"
        if word in _BREAKS or word in NUMBERS or word[0].isdecimal():
            break
        if (kind := _currency(word)) is not None:
            return kind
    return Kind.BARE


def _currency(word: str) -> Kind | None:
    if word in _WHOLE:
        return _WHOLE[word]
    if word[0] in _STEM_LETTERS:
        return next((kind for stem, kind in _STEMS.items() if word.startswith(stem)), None)
    return None


def _numbers(given: Sequence[str]) -> Iterator[_Number]:
    end = 0
    for at, word in enumerate(given):
        if at >= end and (word[0].isdecimal() or word in _BEGINS) and (number := _read(given, at)) is not None:
            yield number
            end = number.end


def _read(given: Sequence[str], begin: int) -> _Number | None:
    """The number whose first token stands there."""
    total, current, half = 0.0, None, 0.0
    at, end = begin, begin
    literal = False
    while at < len(given):
        word = given[at]
        value = _literal(word)
        if value is not None:
            if current is not None or half:
                break
            current, literal = value, True
        elif word in _LETTERS and not (literal and at == end):
            break
        elif word in SCALES and not (word == "k" and not literal):
            scale = SCALES[word]
            if scale == 100:
                current = ((current if current is not None else 1) + half) * 100
            else:
                total += ((current if current is not None else 1) + half) * scale
                current, literal = None, False
            half = 0.0
        elif word in _HALVES and at + 1 < len(given) and given[at + 1] in NUMBERS and current is None:
            half = _HALVES[word]
            at += 1
            continue
        elif word == "do" and at + 1 < len(given) and given[at + 1] in SCALES:
            if current is not None:
                break
            current = 2.0
        elif word in NUMBERS:
            joined = _joined(current, NUMBERS[word], literal)
            if joined is None:
                break
            current = joined
        elif word in _JOINS and end > begin and at + 1 < len(given) and _goes_on(given[at + 1], total, current):
            at += 1
            continue
        else:
            break
        at += 1
        end = at
    if end == begin:
        return None
    return _Number(total + (current or 0.0) + half, begin, end)


def _literal(word: str) -> float | None:
    plain = word.replace(",", "")
    return float(plain) if plain[:1].isdecimal() and plain.replace(".", "", 1).isdecimal() else None


def _joined(current: float | None, value: float, literal: bool) -> float | None:
    """Number words one after the other: "twenty" "five"; "twelve" "fifty". None: the second is a number of its own."""
    if current is None:
        return value
    if literal and current < 100:
        return None
    if current >= 100:
        rest = current % 100
        fits = value < (100 if current % 1000 else 1000) if rest == 0 else rest >= 20 and rest % 10 == 0 and value < 10
        return current + value if fits else None
    if current >= 20 and current % 10 == 0 and value < 10:
        return current + value
    return current * 100 + value if current >= 10 and 10 <= value < 100 else None


def _goes_on(word: str, total: float, current: float | None) -> bool:
    """As in "five hundred and twenty", but not in "five and twenty"."""
    return word in NUMBERS and (total > 0 if current is None else current >= 100)
