"""`no_stock_fabrication`: what is said of stock, availability and delivery must stand in what the bot was told."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from processors.guardrails.amounts import amounts
from processors.guardrails.stock_words import (
    AVAILABLE,
    COMMON,
    DAYS,
    DELIVERY,
    HEDGED,
    LEFT,
    NEGATIVE,
    TELLS_NONE,
    TELLS_SOME,
)
from processors.tokens import normal, tokens

_LINE = re.compile(r"\n+|(?<=\})\s*,|(?<=[.!?])\s+|(?<=;)\s+(?=\S+:)")


@dataclass(frozen=True, slots=True)
class Statement:
    """Of one sentence, row or object."""

    of_stock: bool
    is_there: bool
    """False: it is sold out, or not to be had."""
    of_delivery: bool
    numbers: frozenset[float]
    days: frozenset[str]
    words: frozenset[str]
    """What it is about."""

    def bears(self, claim: Statement) -> bool:
        """It says as much, as far as it says anything of that."""
        if claim.of_stock and not (self.of_stock and self.is_there == claim.is_there):
            return False
        if claim.of_delivery and not (self.of_delivery and claim.days <= self.days):
            return False
        return claim.numbers <= self.numbers


class TellsStock:
    def __init__(self) -> None:
        self._told: dict[Statement, None] = {}
        self._scripts: set[int] = set()
        """In which what was told is about something."""

    def learn(self, texts: Sequence[str]) -> None:
        for text in texts:
            if _matters(normal(text)):
                for line in _LINE.split(text):
                    if (said := statement(line)) is not None:
                        self._told[said] = None
                        self._scripts.update(map(_script, said.words))

    def asked(self, texts: Sequence[str]) -> None:
        """What a caller says of stock founds nothing."""

    def founded(self, sentence: str) -> bool:
        plain = normal(sentence)
        if not _matters(plain) or plain.rstrip().endswith("?") or HEDGED.search(plain) is not None:
            return True
        claim = statement(sentence)
        if claim is None or (claim.of_delivery and not claim.of_stock and not claim.days and not claim.numbers):
            return True
        nearest: list[Statement] = []
        shared = 0
        for told in self._told:
            near = len(told.words & claim.words)
            if near > shared:
                nearest, shared = [], near
            if near == shared:
                nearest.append(told)
        if not shared and any(_script(word) in self._scripts for word in claim.words):
            return False  # it is about something else than what was told
        return any(told.bears(claim) for told in nearest)


def statement(line: str) -> Statement | None:
    """None if it says nothing of stock or delivery."""
    plain = normal(line)
    is_some, is_none = (pattern.search(plain) is not None for pattern in (TELLS_SOME, TELLS_NONE))
    of_stock = is_some or is_none or any(pattern.search(plain) is not None for pattern in (AVAILABLE, LEFT))
    of_delivery = DELIVERY.search(plain) is not None
    if not (of_stock or of_delivery):
        return None
    is_there = is_some if is_some or is_none else NEGATIVE.search(plain) is None
    words = (word for word in tokens(line) if word[0].isalpha() and len(word) > 2 and word not in COMMON)
    about = frozenset(
        word.removesuffix("s")
        for word in words
        if not (AVAILABLE.match(word) or DELIVERY.match(word) or DAYS.match(word) or amounts(word))
    )
    days = frozenset(DAYS.findall(plain))
    numbers = frozenset(amount.value for amount in amounts(line))
    return Statement(of_stock, is_there, of_delivery, numbers, days, about)


def _matters(plain: str) -> bool:
    patterns = (AVAILABLE, LEFT, DELIVERY, TELLS_NONE, TELLS_SOME)
    return any(pattern.search(plain) is not None for pattern in patterns)


def _script(word: str) -> int:
    """Latin is 0; the scripts of India have 128 places each."""
    return 0 if ord(word[0]) < 0x0900 else ord(word[0]) // 128
