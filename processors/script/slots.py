"""Values found in what a caller says. English."""

from __future__ import annotations

import re

from processors.script.figures import figures
from processors.script.script import Slot
from processors.script.when import date, last, time

_PHONE = re.compile(r"\+?\d(?:[\s(),.-]*\d){6,14}")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_INTRODUCED = re.compile(
    r"\b(?:my name(?:'s| is)|(?:the )?name(?:'s| is)|this is|call me|under the name(?: of)?)\s+(?P<name>[^\W\d_].*)",
    re.I,
)
_POLITE = re.compile(
    r"^(?:(?:yes|yeah|sure|okay|ok|hi|hello|no|well|um+|uh+|er+|so|please|sorry|of course|certainly"
    r"|it'?s|it is|that's|that is|i'm|i am|make it|put it under|for)\b[\s,.!]*)+",
    re.I,
)
_NAME_ENDS = re.compile(r"[,.;!?]|\s(?:and|on|at|for|from|please|here|speaking|i|but|not)\b", re.I)
_NO_NAME = frozenset(
    (
        *("what", "when", "where", "who", "how", "why", "which", "do", "does", "can", "could", "is", "are", "the", "a"),
        *("want", "need", "book", "appointment", "today", "tomorrow", "cancel", "not", "nothing", "know", "my", "your"),
        *("you", "me", "calling", "looking", "going", "trying", "fine", "good", "thanks", "thank", "correct", "right"),
        *("that", "this", "it", "them", "morning", "afternoon", "evening", "repeat", "again", "yes", "no", "name"),
        *("never", "mind", "cancel", "forget", "stop", "leave", "hello", "hi", "okay", "sorry", "sure", "well"),
        *("wait", "moment", "minute", "second", "bye", "goodbye", "help", "price", "doctor"),
        *("back", "later", "soon", "at", "on", "if", "about"),
    )
)
_YES = re.compile(
    r"\b(?:yes|yeah|yep|yup|yea|ya|correct|right|sure|okay|ok|confirm|confirmed|perfect|exactly|absolutely|certainly"
    r"|definitely|fine|great|good|please do|go ahead|of course|that works|that's it)\b",
    re.I,
)
_NO = re.compile(r"\b(?:no|nope|nah|not|wrong|incorrect|isn't|don't|never|change|different|instead)\b", re.I)


def find(slot: Slot, text: str, *, asked: bool) -> str | None:
    """The slot's value in its usual form, such as "next Tuesday" or "10:30 am"; None if there is none.

    Of several the last one counts ("Monday, no, Tuesday"), unless it is denied. `asked`: the caller was asked for
    just this, so that a bare word or figure will do.
    """
    match slot.kind:
        case "name":
            return name(text, asked=asked)
        case "date":
            return date(text)
        case "time":
            return time(text, asked=asked)
        case "number":
            return _text(last(_NUMBER, figures(text))) if asked else None
        case "phone":
            return phone(text)
        case "yes_no":
            answer = yes_or_no(text) if asked else None
            return None if answer is None else "yes" if answer else "no"
        case "choice":
            return choice(text, slot)
        case "text":
            return text.strip() or None if asked else None


def yes_or_no(text: str) -> bool | None:
    denied, agreed = _NO.search(text), _YES.search(text)
    if denied and agreed:
        return agreed.start() < denied.start() and "not" not in denied[0].lower() and "n't" not in denied[0].lower()
    return None if denied is agreed else agreed is not None


def name(text: str, *, asked: bool) -> str | None:
    introduced = _INTRODUCED.search(text)
    if introduced is None and not asked:
        return None
    said = introduced["name"] if introduced else _POLITE.sub("", text.strip())
    words = _NAME_ENDS.split(f"{said} ", maxsplit=1)[0].split()
    plain = [word.strip("'\"-").lower() for word in words]
    if not 1 <= len(words) <= 4 or any(word in _NO_NAME or not word.replace("-", "").isalpha() for word in plain):
        return None
    return " ".join(word[:1].upper() + word[1:] for word in words)


def phone(text: str) -> str | None:
    found = _text(last(_PHONE, figures(text, digits=True)))
    if found is None:
        return None
    return ("+" if found.startswith("+") else "") + re.sub(r"\D", "", found)


def choice(text: str, slot: Slot) -> str | None:
    said = f" {re.sub(r'[^a-z0-9 ]+', ' ', text.lower())} "
    places = {
        value: max(said.rfind(f" {word.lower()} ") for word in (value, *others))
        for value, others in slot.choices.items()
    }
    best = max(places, key=lambda value: places[value], default=None)
    return best if best is not None and places[best] >= 0 else None


def _text(found: re.Match[str] | None) -> str | None:
    return found[0] if found else None
