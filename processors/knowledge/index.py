"""Which passages fit some words: BM25 over an inverted index, in any script."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from processors.tokens import words

K1, B = 1.2, 0.75
"""How soon a word's repetition stops to count, and how much a passage's length does: the usual values."""
STEM = 5
"""Letters: words that begin with the same ones are akin, in languages with endings."""
AKIN = 0.5
"""What that is worth beside the very word."""
COMMON = 0.4
"""Share of the passages in which a word tells nothing; it counts from a hundred passages on."""


class Index:
    def __init__(self, passages: Sequence[str]) -> None:
        """Blocks: about a second for 10,000 passages."""
        self._passages = passages
        counts = [Counter(_terms(passage)) for passage in passages]
        lengths = np.array([max(sum(count.values()), 1) for count in counts] or [1], np.float32)
        norms = K1 * (1 - B + B * lengths / lengths.mean())
        places: defaultdict[str, list[int]] = defaultdict(list)
        for place, count in enumerate(counts):
            for term in count:
                places[term].append(place)
        self._postings: dict[str, tuple[NDArray[np.int32], NDArray[np.float32]]] = {}
        for term, where in places.items():
            if len(where) > COMMON * len(passages) and len(passages) >= 100:
                continue
            often = np.array([counts[place][term] for place in where], np.float32)
            rare = math.log(1 + (len(passages) - len(where) + 0.5) / (len(where) + 0.5))
            worth = rare * (AKIN if term.endswith("*") else 1.0)
            weights = worth * often * (K1 + 1) / (often + norms[where])
            self._postings[term] = np.array(where, np.int32), weights.astype(np.float32)

    def __len__(self) -> int:
        return len(self._passages)

    def best(self, queries: Sequence[tuple[str, float]], most: int) -> list[str]:
        """The passages that fit best, best first. Each query has a weight. None that fits none of them."""
        scores = np.zeros(len(self._passages), np.float32)
        for query, weight in queries:
            for term in dict.fromkeys(_terms(query)):
                if term in self._postings:
                    where, weights = self._postings[term]
                    scores[where] += weight * weights
        likely = np.flatnonzero(scores)
        if len(likely) > most:
            likely = likely[scores[likely] >= np.partition(scores[likely], -most)[-most]]
        order = likely[np.argsort(-scores[likely], kind="stable")][:most]
        return [self._passages[place] for place in order.tolist()]


def _terms(text: str) -> list[str]:
    """Each word, and how a longer one begins."""
    said = words(text)
    return [*said, *(f"{word[:STEM]}*" for word in said if len(word) >= STEM)]
