"""Text made to be read → text made to be said."""

from __future__ import annotations

import re
from collections.abc import Callable

from processors.numbers import digits, ordinal, words, year
from processors.numerals.figures import FIGURES
from processors.sentences import Worded

RUPEES = {
    "en": "rupees",
    "hi": "रुपये",
    "mr": "रुपये",
    "bn": "টাকা",
    "gu": "રૂપિયા",
    "pa": "ਰੁਪਏ",
    "ta": "ரூபாய்",
    "te": "రూపాయలు",
    "kn": "ರೂಪಾಯಿ",
    "ml": "രൂപ",
}
_COINS = {"$": ("dollar", "cent"), "£": ("pound", "penny"), "€": ("euro", "cent")}
_MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
_SYMBOLS = {
    "&": " and ",
    "+": " plus ",
    "=": " equals ",
    "@": " at ",
    "°C": " degrees",
    "°F": " degrees",
    "°": " degrees",
}
_SHORT = {
    r"\bDr\.": "Doctor",
    r"\bMr\.": "Mister",
    r"\bMrs\.": "Missis",
    r"\be\.g\.": "for example",
    r"\bi\.e\.": "that is",
    r"\betc\.": "et cetera",
    r"\bapprox\.": "about",
    r"\b[Nn]o\.(?=\s*\d)": "number",
}

_LINK = re.compile(r"!?\[([^\[\]\n]{1,300})\]\((?:[^()\s]{1,500})\)")
_URL = re.compile(r"\bhttps?://(?:www\.)?([^\s/<>()]{1,200})[^\s<>()]{0,500}?(?=[.,;:!?]?(?:[\s<>()]|$))")
_EMAIL = re.compile(r"\b([\w.+-]{1,64})@([\w-]{1,63}(?:\.[\w-]{1,63}){1,4})\b")
_LINE_START = re.compile(
    r"^[ \t]*(?:#{1,6}[ \t]+|[-*+•‣▪◦·][ \t]+|>[ \t]+|```\w*[ \t]*$|(?:-{3,}|\*{3,}|={3,})[ \t]*$)", re.M
)
_MARKUP = re.compile(r"[*`~|<>\\^{}\[\]#]+|(?<!\w)_+|_+(?!\w)")
_EMOJI = re.compile(
    "[\u2190-\u21ff\u2300-\u23ff\u2500-\u27bf\u2900-\u297f\u2b00-\u2bff\ufe00-\ufe0f\U0001f000-\U0001faff]+"
)
_RUPEE_SIGN = re.compile(
    r"(?:₹|\bRs\.?|\bINR)\s?(\d+(?:,\d+)*(?:\.\d+)?)(\s(?:lakhs?|crores?|thousand)\b)?(?:/-)?", re.I
)
_COIN = re.compile(r"([$£€])\s?(\d+(?:,\d+)*)(?:\.(\d\d))?(\s(?:thousand|million|billion)\b)?")
_PHONE = re.compile(r"(?<![\w.,])(?:\+?\d{7,15}|\+?\(?\d{2,5}\)?(?:[ -]\d{2,5}){1,3})(?!\w|[.,]\d)")
_CLOCK = re.compile(r"\b([01]?\d|2[0-3])[:.]([0-5]\d)\s?([ap])\.?\s?m\b\.?|\b([01]?\d|2[0-3]):([0-5]\d)\b", re.I)
_HOUR = re.compile(r"\b(1[0-2]|[1-9])\s?([ap])\.?\s?m\b", re.I)
_ISO_DATE = re.compile(r"\b([12]\d{3})-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])\b")
_DATE = re.compile(r"\b(0?[1-9]|[12]\d|3[01])/(0?[1-9]|1[0-2])/([12]\d{3})\b")
_MONTH = "|".join(f"{month[:3]}(?:{month[3:]})?" if month != "May" else "May" for month in _MONTHS)
_DAY_MONTH = re.compile(rf"\b([12]?\d|3[01])\s({_MONTH})\b\.?(?:,?\s([12]\d{{3}})\b)?")
_MONTH_DAY = re.compile(rf"\b({_MONTH})\b\.?\s([12]?\d|3[01])\b(?!:)(?:st|nd|rd|th)?(?:,?\s([12]\d{{3}})\b)?")
_ORDINAL = re.compile(r"\b(\d{1,4})(?:st|nd|rd|th)\b")
_PERCENT = re.compile(r"(?<=\d)\s?%")
_RANGE = re.compile(r"(?<=\d)-(?=\d)|(?<=\w)–(?=\w)|(?<=\d)\s–\s(?=\d)")
_YEAR = re.compile(r"\b(in|since|until|year|from|by)\s([12]\d{3})(?=[\s.,;:!?]|$)(?![.,]\d)", re.I)
_NUMBER = re.compile(r"(?<![\w.])(-?)(\d+(?:,\d+)*)(\.\d{1,9})?(?![\w])")
_SPACES = re.compile(r"[ \t\r\f\v]+")
_BREAKS = re.compile(r"\s*\n\s*")
_DOUBLED = re.compile(r"\s+(?=[,.;:!?।])")


def speakable(text: str, language: str = "en-IN", *, figures: bool = True) -> str:
    """`language` is a BCP 47 tag. Empty if there is nothing to say.

    English is written out, and so are the figures of the languages that `numerals` knows. Of others, and with `figures`
    False, for a voice that reads figures well, only what any voice stumbles over is changed.
    """
    if isinstance(text, Worded):
        return text
    tongue, _, region = language.lower().partition("-")
    english, indian = tongue == "en", tongue != "en" or region in ("in", "")
    text = _LINE_START.sub("", _LINK.sub(r"\1", text))
    text = _EMAIL.sub(_email, _URL.sub(lambda url: _dotted(url[1]), text)) if english else text
    text = _EMOJI.sub(" ", text)
    text = FIGURES[tongue](text) if figures and tongue in FIGURES else text
    text = _RUPEE_SIGN.sub(rf"\1\2 {RUPEES.get(tongue, 'rupees')}", text)
    text = _english(text, indian) if english else _PHONE.sub(_apart, text)
    text = _MARKUP.sub("", text)
    text = _BREAKS.sub(_stop, text.strip())
    text = _DOUBLED.sub("", _SPACES.sub(" ", text)).strip()
    return text if any(sign.isalnum() for sign in text) else ""


def _english(text: str, indian: bool) -> str:
    def number(found: re.Match[str]) -> str:
        return _number(found, indian)

    steps: tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = (
        (_ISO_DATE, lambda date: _date(int(date[3]), int(date[2]), date[1])),
        (_DATE, lambda date: _date(int(date[1]), int(date[2]), date[3])),
        (_DAY_MONTH, lambda date: _date(int(date[1]), _month(date[2]), date[3])),
        (_MONTH_DAY, lambda date: _date(int(date[2]), _month(date[1]), date[3])),
        (_CLOCK, _clock),
        (_HOUR, lambda hour: f"{words(int(hour[1]))} {hour[2].lower()} m"),
        (_COIN, _coin),
        (_PHONE, _phone),
        (_ORDINAL, lambda found: ordinal(int(found[1]))),
        (_YEAR, lambda found: f"{found[1]} {year(int(found[2]))}"),
        (_PERCENT, " percent"),
        (_RANGE, " to "),
        (_NUMBER, number),
    )
    for short, long in _SHORT.items():
        text = re.sub(short, long, text)
    for pattern, said in steps:
        text = pattern.sub(said, text)
    for symbol, said in _SYMBOLS.items():
        text = text.replace(symbol, said)
    return text


def _dotted(name: str) -> str:
    return name.replace(".", " dot ").replace("-", " dash ")


def _email(found: re.Match[str]) -> str:
    return f"{_dotted(found[1]).replace('_', ' underscore ')} at {_dotted(found[2])}"


def _apart(found: re.Match[str]) -> str:
    return " ".join(sign for sign in found[0] if sign.isdecimal()) if _is_phone(found[0]) else found[0]


def _phone(found: re.Match[str]) -> str:
    """In groups, as a person would say it, so that the voice breathes."""
    if not _is_phone(found[0]):
        return found[0]
    groups = re.findall(r"\d+", found[0])
    if len(groups) == 1:
        (whole,) = groups
        groups = [whole[:-10], whole[-10:-5], whole[-5:]] if len(whole) >= 10 else [whole]
    return ("plus " if found[0].startswith("+") else "") + ", ".join(digits(group) for group in groups if group)


def _is_phone(text: str) -> bool:
    count = sum(sign.isdecimal() for sign in text)
    return count >= 10 or (count >= 7 and text[0] in "+0") or re.fullmatch(r"\d{3}-\d{4}", text) is not None


def _month(name: str) -> int:
    return next(index for index, month in enumerate(_MONTHS, 1) if month.startswith(name[:3]))


def _date(day: int, month: int, in_year: str | None) -> str:
    said = f"{ordinal(day)} of {_MONTHS[month - 1]}" if day else _MONTHS[month - 1]
    return f"{said} {year(int(in_year))}" if in_year else said


def _clock(found: re.Match[str]) -> str:
    hour, minute = int(found[1] or found[4]), int(found[2] or found[5])
    half = f" {found[3].lower()} m" if found[3] else ""
    if not minute:
        return words(hour) + (half or " o'clock" if 0 < hour < 13 else " hundred hours")
    return f"{words(hour)} {'oh ' if minute < 10 else ''}{words(minute)}{half}"


def _coin(found: re.Match[str]) -> str:
    coin, part = _COINS[found[1]]
    amount = found[2].replace(",", "")
    said = f"{amount}{found[4] or ''} {coin}{'' if amount == '1' and not found[4] else 's'}"
    if found[3] and int(found[3]):
        plural = "pence" if part == "penny" else f"{part}s"
        said += f" and {int(found[3])} {part if int(found[3]) == 1 else plural}"
    return said


def _number(found: re.Match[str], indian: bool) -> str:
    plain = found[2].replace(",", "")
    by_digit = len(plain) > 12 or (len(plain) > 1 and plain.startswith("0"))
    said = digits(plain) if by_digit else words(int(plain), indian=indian)
    return ("minus " if found[1] else "") + said + (f" point {digits(found[3])}" if found[3] else "")


def _stop(found: re.Match[str]) -> str:
    before = found.string[found.start() - 1 : found.start()]
    return " " if before in ".!?:;,।॥۔" else ". "
