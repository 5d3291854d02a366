"""Chatterbox multilingual, a zero-shot voice model of Resemble AI (MIT licence), as ONNX graphs on this machine.

A folder holds `tokenizer.json` and, below `onnx/`, four graphs: a recording becomes a condition (`speech_encoder`),
text and sounds become vectors (`embed_tokens`), a language model writes on in sounds (`language_model`), and these
become a waveform (`conditional_decoder`). Names, shapes and tokens are those of the export
`chatterbox-multilingual-ONNX`. Nothing here is loaded before a voice is wanted. All of it blocks: for a thread.
"""

from __future__ import annotations

import threading
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

_LANGUAGES = "ar da de el en es fi fr he hi it ja ko ms nl no pl pt ru sv sw tr zh"
RATE = 24_000
"""Hertz, of what goes in and of what comes out."""
LANGUAGES = frozenset(_LANGUAGES.split())
START, STOP = 6561, 6562
"""Tokens before and after the sounds."""
MOST_TOKENS = 1000
"""Of one phrase: 40 seconds."""
EXAGGERATION, REPETITION = 0.5, 1.2
GRAPHS = ("speech_encoder", "embed_tokens", "language_model", "conditional_decoder")
TOKENIZER = "tokenizer.json"
PROCESSORS = ("CUDAExecutionProvider", "CPUExecutionProvider")
"""The first that the installed runtime knows."""

Array = NDArray[Any]
Graph = Callable[[Mapping[str, Array]], list[Array]]
"""One run: inputs by name → outputs in order."""


class WeightsError(Exception):
    """The folder does not hold the model, what it needs is not installed, or it fails at work.

    Its text is one sentence.
    """


@dataclass(frozen=True, slots=True)
class Condition:
    """A recording, as the model hears it. Where the weights lie is kept with it: no other model understands it."""

    cond: Array = field(repr=False)
    tokens: Array = field(repr=False)
    speaker: Array = field(repr=False)
    features: Array = field(repr=False)
    weights: str = ""

    def write(self, path: Path) -> None:
        with path.open("xb") as file:
            np.savez(
                file,
                cond=self.cond,
                tokens=self.tokens,
                speaker=self.speaker,
                features=self.features,
                weights=np.array(self.weights),
            )

    @classmethod
    def read(cls, path: Path) -> Condition:
        """Raises WeightsError."""
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as kept:
                arrays = {name: kept[name] for name in ("cond", "tokens", "speaker", "features")}
                return cls(**arrays, weights=str(kept["weights"]))
        except (OSError, EOFError, KeyError, ValueError, zipfile.BadZipFile):
            raise WeightsError("the voice's file is gone or cannot be read") from None


@dataclass(frozen=True, slots=True)
class Chatterbox:
    encode: Callable[[str], list[int]]
    """Text with its language's tag → tokens."""
    graphs: Mapping[str, Graph]
    empty: Mapping[str, Array]
    """What the language model remembers before its first step: `past_key_values.*`, of no length."""

    def condition(self, sound: NDArray[np.float32], weights: Path) -> Condition:
        """Of a recording: mono at `RATE`, full scale is 1."""
        cond, tokens, speaker, features = self.graphs["speech_encoder"]({"audio_values": sound[None, :]})
        return Condition(cond, tokens, speaker, features, str(weights))

    def say(self, text: str, language: str, voice: Condition, enough: threading.Event) -> NDArray[np.float32]:
        """One phrase as sound at `RATE`; nothing if `enough` was set meanwhile."""
        sounds = list(self._sounds(f"[{language}]{text}", voice, enough))
        if enough.is_set() or not sounds:
            return np.zeros(0, np.float32)
        tokens = np.concatenate([voice.tokens, np.array([sounds], np.int64)], axis=1)
        (wave, *_) = self.graphs["conditional_decoder"](
            {"speech_tokens": tokens, "speaker_embeddings": voice.speaker, "speaker_features": voice.features}
        )
        return np.asarray(wave, np.float32).reshape(-1)

    def _sounds(self, text: str, voice: Condition, enough: threading.Event) -> Iterator[int]:
        """The likeliest sound each time, those that were there already being made less likely."""
        ids = np.array([self.encode(text)], np.int64)
        places = np.where(ids >= START, 0, np.arange(ids.shape[1])[None, :] - 1).astype(np.int64)
        past, length, said = dict(self.empty), 0, [START]
        for step in range(MOST_TOKENS):
            if enough.is_set():
                return
            (vectors, *_) = self.graphs["embed_tokens"](
                {"input_ids": ids, "position_ids": places, "exaggeration": np.array([EXAGGERATION], np.float32)}
            )
            if step == 0:
                vectors = np.concatenate([voice.cond, vectors], axis=1)
            length += vectors.shape[1]
            mask = np.ones((1, length), np.int64)
            logits, *present = self.graphs["language_model"]({"inputs_embeds": vectors, "attention_mask": mask, **past})
            past = dict(zip(past, present, strict=True))
            token = _likeliest(logits[0, -1], said)
            if token == STOP:
                return
            said.append(token)
            yield token
            ids, places = np.array([[token]], np.int64), np.array([[step + 1]], np.int64)


@lru_cache(maxsize=2)
def load(weights: Path) -> Chatterbox:
    """Some seconds and gigabytes; kept for the process. Raises WeightsError."""
    missing = [path for path in _files(weights) if not path.is_file()]
    if missing:
        raise WeightsError(f"the folder of the Chatterbox weights has no {missing[0].relative_to(weights)}")
    import onnxruntime  # with the next one 0.2 s, which a start can do without
    from tokenizers import Tokenizer

    providers = [name for name in PROCESSORS if name in onnxruntime.get_available_providers()]
    try:
        sessions = {
            name: onnxruntime.InferenceSession(str(weights / "onnx" / f"{name}.onnx"), providers=providers)
            for name in GRAPHS
        }
        tokenizer = Tokenizer.from_file(str(weights / TOKENIZER))
    except Exception as error:  # noqa: BLE001 - each of the two libraries has its own, with none in common
        raise WeightsError(f"the Chatterbox weights cannot be loaded: {type(error).__name__}") from None
    empty = {put.name: _nothing(put) for put in sessions["language_model"].get_inputs() if "past" in put.name}
    return Chatterbox(
        encode=lambda text: list(tokenizer.encode(text).ids),
        graphs={name: _graph(session) for name, session in sessions.items()},
        empty=empty,
    )


def _files(weights: Path) -> list[Path]:
    return [weights / TOKENIZER, *(weights / "onnx" / f"{name}.onnx" for name in GRAPHS)]


def _graph(session: Any) -> Graph:
    """Given just the inputs that it has: exports differ in whether they want `exaggeration` again."""
    wanted = {put.name for put in session.get_inputs()}

    def run(given: Mapping[str, Array]) -> list[Array]:
        try:
            return list(session.run(None, {name: array for name, array in given.items() if name in wanted}))
        except Exception as error:  # noqa: BLE001 - as above; a GPU without memory is one of them
            raise WeightsError(f"the Chatterbox model failed: {type(error).__name__}") from None

    return run


def _nothing(put: Any) -> Array:
    """[1, heads, 0, width]: only heads and width are numbers in the graph."""
    _, heads, _, width = put.shape
    return np.zeros((1, heads, 0, width), np.float16 if "float16" in put.type else np.float32)


def _likeliest(logits: Array, said: list[int]) -> int:
    scores = logits.astype(np.float32)
    again = np.array(sorted(set(said)), np.int64)
    scores[again] = np.where(scores[again] < 0, scores[again] * REPETITION, scores[again] / REPETITION)
    return int(np.argmax(scores))
