"""How near short texts are in meaning: averaged word vectors, from the files that the `wordllama` package carries."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

_NO_WORD = re.compile(r"[^\w\s']+")


class Meanings:
    """Text → vector of length one. The package is located, not imported: its own loader wants the network."""

    def __init__(self) -> None:
        from tokenizers import Tokenizer

        found = find_spec("wordllama")
        if found is None or found.origin is None:
            raise RuntimeError("the wordllama package is not installed")
        folder = Path(found.origin).parent
        self._tokenizer: Any = Tokenizer.from_file(str(folder / "tokenizers" / "l2_supercat_tokenizer_config.json"))
        self._words = _matrix(folder / "weights" / "l2_supercat_256.safetensors", "embedding.weight")

    def of(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Shape (texts, 256). A text without words is all zeros, and so is near to nothing."""
        return np.stack([self._one(text) for text in texts])

    def _one(self, text: str) -> NDArray[np.float32]:
        tokens = self._tokenizer.encode(_NO_WORD.sub(" ", text.lower()), add_special_tokens=False).ids
        if not tokens:
            return np.zeros(self._words.shape[1], np.float32)
        vector = self._words[tokens].astype(np.float32).sum(axis=0)
        return np.asarray(vector / max(float(np.linalg.norm(vector)), 1e-9), np.float32)


@cache
def meanings() -> Meanings:
    """Takes some 80 ms the first time."""
    return Meanings()


def _matrix(file: Path, name: str) -> NDArray[np.float16]:
    """One tensor of a safetensors file: eight bytes of header length, a JSON header, the numbers. Mapped, not read."""
    with file.open("rb") as opened:
        length = int.from_bytes(opened.read(8), "little")
        entry = json.loads(opened.read(length))[name]
    if entry["dtype"] != "F16":
        raise RuntimeError("the word vectors are not of the kind that is read here")
    start, _end = entry["data_offsets"]
    return np.memmap(file, "<f2", "r", 8 + length + start, tuple(entry["shape"]))
