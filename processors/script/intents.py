"""Which intent an utterance means."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from processors.script.script import Intent
from processors.script.similarity import Meanings

_FILLERS = re.compile(
    r"\b(?:u+[mh]+|er+m?|hmm+|mm+|ah|oh|well|so|like|you know|i mean|actually|basically|just|wait|hold on|excuse me"
    r"|sorry)\b[,.]*",
    re.IGNORECASE,
)
_BREATH = re.compile(r"[.?!;]+\s+|,?\s+\b(?:and also|but)\b\s+")


@dataclass(frozen=True, slots=True)
class Match:
    intent: Intent
    score: float
    """Cosine to the nearest example, in [-1, 1]."""


class Matcher:
    def __init__(self, intents: Sequence[Intent], meanings: Meanings) -> None:
        examples = [(place, example) for place, intent in enumerate(intents) for example in intent.examples]
        self._intents = intents
        self._owners = np.array([place for place, _ in examples])
        self._examples = meanings.of([without_fillers(example) for _, example in examples])
        self._meanings = meanings

    def match(self, text: str, threshold: float) -> Match | None:
        """The likeliest intent, of the whole utterance or of one of its sentences; None if none is near enough."""
        plain = without_fillers(text)
        sentences = [part for part in _BREATH.split(plain) if part]
        whole, *parts = self._best([plain, *sentences])
        serious = [match for match in parts if match.score >= threshold and not match.intent.small_talk]
        found = max([*serious, whole] if serious else [whole, *parts], key=lambda match: match.score)
        if serious and found.intent.small_talk:
            found = max(serious, key=lambda match: match.score)
        return found if found.score >= threshold else None

    def _best(self, texts: Sequence[str]) -> list[Match]:
        """The nearest intent of each text."""
        near = self._meanings.of(texts) @ self._examples.T
        return [
            Match(self._intents[self._owners[place]], float(row[place])) for row in near for place in [row.argmax()]
        ]


def without_fillers(text: str) -> str:
    """What is left when hesitation is taken out; the text itself if nothing else is there."""
    return " ".join(_FILLERS.sub(" ", text).split()) or text
