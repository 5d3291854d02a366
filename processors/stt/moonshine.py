"""Moonshine, an English speech recogniser: its encoder, its decoder's loop, its words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from processors.models import CACHE, installed, onnx, session

RATE = 16000
SIZES = {
    "base": ("moonshine_cpp", "moonshine-cpp==0.1.4", "models", "base-en"),
    "tiny": ("moonshine_voice", "moonshine-voice==0.1.0", "assets", "tiny-en"),
}
"""Where each size of the model lies: package, what pip calls it, folders inside."""

Size = Literal["base", "tiny"]

_START, _END = 1, 2
_TOKENS_A_SECOND = 6.5
"""The model's authors' bound: people speak no faster, and a model that does has lost its way."""
_SHORTEST = RATE // 2
"""Samples; what is shorter gets silence after it, since the encoder's first layers need some length."""


class Moonshine:
    """Loaded once, used by any number of threads."""

    def __init__(self, size: Size, cache: Path = CACHE) -> None:
        """Takes about a second, some more the first time on a machine. Raises ModelMissing."""
        package, requirement, *folders = SIZES[size]
        self._encoder = session(onnx(installed(package, requirement, *folders, "encoder_model.ort"), cache))
        # Packed weights would win base 7 % of a decode for 160 MB; they win tiny, whose weights are 8-bit, 25 % for 6.
        decoder = installed(package, requirement, *folders, "decoder_model_merged.ort")
        self._decoder = session(onnx(decoder, cache), packed=size == "tiny")
        # The sizes were exported by different tools: one wants to be told that all of the sound counts.
        self._sound = [put.name for put in self._encoder.get_inputs()]
        self._masked = any(put.name == "encoder_attention_mask" for put in self._decoder.get_inputs())
        self._words = vocabulary(installed(package, requirement, *folders, "tokenizer.bin").read_bytes())
        self._past = [
            _Past(put.name, put.name.replace("past_key_values", "present"), (1, put.shape[1], 0, put.shape[3]))
            for put in self._decoder.get_inputs()
            if put.name.startswith("past_key_values")
        ]

    def transcribe(self, samples: NDArray[np.float32], unwanted: Callable[[], bool] = lambda: False) -> str:
        """What is said in `samples`: shape (n,), in [-1, 1], at 16 kHz, 20 s at most.

        `unwanted` is asked before every word: once it says yes, the text is empty and the time saved.
        """
        if len(samples) < _SHORTEST:
            samples = np.pad(samples, (0, _SHORTEST - len(samples)))
        sound = {
            "input_values": _value(samples[np.newaxis]),
            "attention_mask": _value(np.ones((1, len(samples)), np.int64)),
        }
        (hidden,) = self._encoder.run_with_ort_values(None, {name: sound[name] for name in self._sound})
        state: dict[str, Any] = {"encoder_hidden_states": hidden, "use_cache_branch": _value(np.array([False]))}
        if self._masked:
            state["encoder_attention_mask"] = sound["attention_mask"]
        state |= {past.name: _value(np.zeros(past.shape, np.float32)) for past in self._past}
        wanted = self._past
        tokens = [_START]
        for _ in range(int(len(samples) / RATE * _TOKENS_A_SECOND)):
            if unwanted():
                return ""
            state["input_ids"] = _value(np.array([tokens[-1:]]))
            logits, *present = self._decoder.run_with_ort_values(["logits", *(past.present for past in wanted)], state)
            state.update(zip((past.name for past in wanted), present, strict=True))
            if wanted is self._past:  # the branch with a past gives no encoder keys: those of the first step stay
                wanted = [past for past in wanted if ".decoder." in past.name]
                state["use_cache_branch"] = _value(np.array([True]))
            token = int(logits.numpy()[0, -1, : len(self._words)].argmax())
            if token == _END:
                break
            tokens.append(token)
            if (length := _loop(tokens)) is not None:
                del tokens[-length:]
                break
        return b"".join(self._words[token] for token in tokens[1:]).decode("utf-8", "replace").strip()


@dataclass(frozen=True, slots=True)
class _Past:
    """One tensor that the decoder hands from step to step."""

    name: str
    present: str
    shape: tuple[int, ...]
    """At the first step: no past."""


def _value(array: NDArray[Any]) -> onnxruntime.OrtValue:
    return onnxruntime.OrtValue.ortvalue_from_numpy(np.ascontiguousarray(array))


def _loop(tokens: list[int]) -> int | None:
    """How many tokens at the end only repeat what stands before them: the third time round of up to 8 tokens.

    One or two tokens may be meant ("no no no", "2 2 2"): they are let go round 8 and 4 times.
    """
    for width in range(1, 9):
        times = max(3, 8 // width)
        end = tokens[-width:]
        if len(tokens) > width * times and tokens[-width * times :] == end * times:
            return width * (times - 1)
    return None


def vocabulary(file: bytes) -> list[bytes]:
    """The pieces of text, UTF-8 and cut anywhere, that the model's numbers stand for. A space begins a word.

    The file is a row of pieces, each after its length: one byte below 128, else 128 more than the low 7 bits, and
    a byte with the rest. Control tokens have no text.
    """
    pieces, at = [], 0
    while at < len(file):
        length = file[at]
        at += 1
        if length >= 128:
            length += 128 * file[at] - 128
            at += 1
        pieces.append(file[at : at + length].replace("▁".encode(), b" "))
        at += length
    return [b"", b"", b"", *pieces[3:]]
