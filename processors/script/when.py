"""Days and times found in what a caller says. English."""

from __future__ import annotations

import re

from processors.script.figures import figures

_MONTHS = "january february march april may june july august september october november december".title().split()
_DAYS = {
    "Monday": r"mon\s?days?",
    "Tuesday": r"(?:tues|tuse|choose|twos|tues\s)\s?days?",
    "Wednesday": r"we(?:dnes|ns|nds|dens)\s?days?",
    "Thursday": r"th(?:urs|ers|irs)\s?days?",
    "Friday": r"fri\s?days?",
    "Saturday": r"sat(?:ur|er)\s?days?",
    "Sunday": r"sun\s?days?",
}
_DENIED = re.compile(r"\b(?:not|isn't|instead of|rather than|no longer)(?:\s(?:on|at|the|for|in|this|next))*\s$")
_MONTH = "(?P<month>" + "|".join(f"{month[:3]}(?:{month[3:]})?" for month in _MONTHS).lower().replace("()?", "") + ")"
_DATE = re.compile(
    r"\b(?:(?P<relative>day after tomorrow|today|tomorrow)"
    r"|(?:(?P<which>next|this|coming)\s)?(?P<day>" + "|".join(_DAYS.values()) + r")"
    r"|(?:the\s)?(?P<first>\d{1,2})(?:st|nd|rd|th)?(?:\sof)?\s" + _MONTH + r"\b"
    r"|" + _MONTH.replace("month", "month2") + r"\s(?:the\s)?(?P<second>\d{1,2})(?:st|nd|rd|th)?"
    r"|the\s(?P<only>\d{1,2})(?:st|nd|rd|th))\b"
)
_TIME = re.compile(
    r"\b(?:(?P<noon>noon|midday)"
    r"|half\spast\s(?P<half>\d{1,2})"
    r"|(?P<quarter>quarter|\d{1,2})\s(?P<side>past|to|before|after)\s(?P<near>\d{1,2})"
    r"|(?P<hour>\d{1,2})(?:\s?[:.]\s?|\s)(?P<minute>[0-5]\d)(?!\d)"
    r"|(?P<whole>\d{1,2})(?:\so'?clock|\s?(?=[ap]m\b)|\s(?=in\sthe|at\snight))"
    r"|(?:at|around|about|by|say)\s(?P<at>\d{1,2})(?!\d|th|st|nd|rd|\s?[:.]?\s?[0-5]\d|\s(?:past|to|before|after)\b))"
    r"(?:\so'?clock)?(?:\s?(?P<part>[ap]m)\b|\s(?:in\sthe\s|at\s)(?P<daypart>morning|afternoon|evening|night)\b)?"
)
_BARE_HOUR = re.compile(r"\b(?P<hour>\d{1,2})\b(?!\s?(?:th|st|nd|rd))")


def date(text: str) -> str | None:
    found = last(_DATE, figures(text))
    if found is None:
        return None
    if found["relative"]:
        return "the day after tomorrow" if "after" in found["relative"] else found["relative"]
    if found["day"]:
        day = next(day for day, said in _DAYS.items() if re.fullmatch(said, found["day"]))
        return f"next {day}" if found["which"] == "next" else day
    if found["only"]:
        return f"the {_ordinal(int(found['only']))}" if 1 <= int(found["only"]) <= 31 else None
    number = int(found["first"] or found["second"])
    short = (found["month"] or found["month2"])[:3]
    month = next(month for month in _MONTHS if month.lower().startswith(short))
    return f"{number} {month}" if 1 <= number <= 31 else None


def time(text: str, *, asked: bool) -> str | None:
    said = _DATE.sub(" ", figures(text))
    found = last(_TIME, said)
    bare = last(_BARE_HOUR, said) if found is None and asked else None
    if found is None and bare is None:
        return None
    minute = 0
    if found is None:
        assert bare is not None
        hour, part = int(bare["hour"]), None
    else:
        hour, minute = _clock(found)
        part = found["part"] or {"morning": "am", None: None}.get(found["daypart"], "pm")
    if part is None and (words := re.search(r"\b(morning|afternoon|evening)\b", said)):
        part = "am" if words[0] == "morning" else "pm"
    if not (0 <= hour <= 23 and 0 <= minute <= 59):
        return None
    if hour > 12 or hour == 0:
        part = "pm" if hour else "am"
    hour = hour % 12 or 12
    part = part or ("am" if 7 <= hour <= 11 else "pm")
    return f"{hour}:{minute:02} {part}"


def last(pattern: re.Pattern[str], said: str) -> re.Match[str] | None:
    found = list(pattern.finditer(said))
    wanted = [match for match in found if not _DENIED.search(said[: match.start()])]
    return wanted[-1] if wanted else None


def _clock(found: re.Match[str]) -> tuple[int, int]:
    if found["noon"]:
        return 12, 0
    if found["half"]:
        return int(found["half"]), 30
    if found["near"]:
        away = 15 if found["quarter"] == "quarter" else int(found["quarter"])
        hour = int(found["near"])
        return (hour, away) if found["side"] in ("past", "after") else ((hour - 2) % 12 + 1, 60 - away)
    if found["hour"]:
        return int(found["hour"]), int(found["minute"])
    return int(found["whole"] or found["at"]), 0


def _ordinal(number: int) -> str:
    ending = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"
