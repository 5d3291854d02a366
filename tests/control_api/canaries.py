"""Marks in everything that a client may send: the log, the metrics and the errors are searched for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from storage.keys import new_token
from tests.control_api.api import Answer, Api
from tests.control_api.everything import PROVIDER, UPLOADS, form, good_body, named, routes
from tests.storage.samples import TOKEN

PHONE = "5550144077"
WORD = "canaryword"
WRONG = new_token()
MARKS = (PHONE, WORD, TOKEN, WRONG)
"""What must be found nowhere."""
HEADERS = {"Referer": f"https://{WORD}.example/{PHONE}", "User-Agent": WORD, "X-Forwarded-For": WORD}
STRANGE = f"?token={TOKEN}&{WORD}={PHONE}"


async def ask_everything(api: Api, ids: Mapping[str, str]) -> list[tuple[str, Answer]]:
    """Every route, with marks in path, query, body and headers, of what there is and what there is not; its answers."""
    answers = []
    nowhere = dict.fromkeys([*ids, "provider"], f"{WORD}{PHONE}")
    for endpoint, place in routes():
        there, not_there = named(endpoint, place, {**ids, "provider": PROVIDER}), place.format(**nowhere)
        good = good_body(endpoint, ids)
        for path, body in (
            (f"{there}?search=%2B1{PHONE}", good),
            (there + STRANGE, {WORD: PHONE}),
            (not_there, good),
            (there, poisoned(good)),
            (there, good),
        ):
            uploads = UPLOADS.get(endpoint.name)
            sent: dict[str, Any] = {"data": form(**poisoned(uploads))} if uploads is not None else {"json": body}
            answers.append((endpoint.name, await api.ask(endpoint.method, path, headers=HEADERS, **sent)))
    return answers


def poisoned(value: Any) -> Any:
    """With a mark in every text that a client may choose."""
    match value:
        case dict():
            return {key: poisoned(item) for key, item in value.items()}
        case list():
            return [poisoned(item) for item in value]
        case str() if value.startswith("+"):
            return f"+1{PHONE}"
        case str():
            return f"{WORD} {value}"
    return value


def found_in(text: str, marks: tuple[str, ...] = MARKS) -> list[str]:
    """Lines with a mark in them, shortened."""
    return [line[:500] for line in text.splitlines() if any(mark in line for mark in marks)]
