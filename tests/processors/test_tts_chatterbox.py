"""The cloned voice of this machine: what goes into its graphs and comes out, and what is told without them."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import numpy as np
import pytest

from processors.ports import ProviderError
from processors.tts.chatterbox import ChatterboxTts, Options
from processors.voices import chatterbox
from processors.voices.chatterbox import GRAPHS, START, STOP, Array, Chatterbox, Condition, WeightsError, load

VOICE = Condition(
    cond=np.full((1, 2, 4), 7.0, np.float32),
    tokens=np.array([[5]], np.int64),
    speaker=np.ones((1, 3), np.float32),
    features=np.ones((1, 6, 8), np.float32),
)


class TinyModel:
    """Graphs of the documented names and shapes: says the tokens 10, 11, 12, and then stops."""

    def __init__(self) -> None:
        self.masks: list[int] = []
        self.places: list[list[int]] = []
        self.text = ""
        self.decoded: list[int] = []

    def encode(self, text: str) -> list[int]:
        self.text = text
        return [1, 2, 3, START, START]

    def embed(self, given: Mapping[str, Array]) -> list[Array]:
        self.places.append(given["position_ids"][0].tolist())
        return [np.zeros((1, given["input_ids"].shape[1], 4), np.float32)]

    def write_on(self, given: Mapping[str, Array]) -> list[Array]:
        past, vectors = given["past_key_values.0.key"], given["inputs_embeds"]
        assert given["attention_mask"].shape[1] == past.shape[2] + vectors.shape[1]
        self.masks.append(given["attention_mask"].shape[1])
        logits = np.zeros((1, vectors.shape[1], STOP + 1), np.float32)
        logits[0, -1, STOP if len(self.masks) == 4 else 9 + len(self.masks)] = 5
        grown = np.concatenate([past, np.zeros((1, 2, vectors.shape[1], 3), np.float32)], axis=2)
        return [logits, grown]

    def decode(self, given: Mapping[str, Array]) -> list[Array]:
        self.decoded = given["speech_tokens"][0].tolist()
        return [np.full((1, 960 * len(self.decoded)), 0.5, np.float32)]

    def chatterbox(self) -> Chatterbox:
        graphs = {"embed_tokens": self.embed, "language_model": self.write_on, "conditional_decoder": self.decode}
        return Chatterbox(self.encode, graphs, {"past_key_values.0.key": np.zeros((1, 2, 0, 3), np.float32)})


async def text(*pieces: str) -> AsyncIterator[str]:
    for piece in pieces:
        yield piece


def test_a_phrase_becomes_sounds_that_follow_the_reference() -> None:
    model = TinyModel()
    sound = model.chatterbox().say("Namaste.", "hi", VOICE, threading.Event())
    assert model.text == "[hi]Namaste."
    assert model.decoded == [5, 10, 11, 12]
    assert model.places == [[-1, 0, 1, 0, 0], [1], [2], [3]]
    assert model.masks == [7, 8, 9, 10]
    assert sound.tolist() == [0.5] * 4 * 960


def test_who_is_interrupted_says_nothing() -> None:
    model, enough = TinyModel(), threading.Event()
    enough.set()
    assert len(model.chatterbox().say("Namaste.", "hi", VOICE, enough)) == 0
    assert model.masks == []


def test_a_sound_that_was_there_is_less_likely_to_come_again() -> None:
    scores = np.array([1.0, 5.0, 4.9, -1.0])
    assert chatterbox._likeliest(scores, []) == 1
    assert chatterbox._likeliest(scores, [1]) == 2


async def test_it_speaks_phrase_by_phrase(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    VOICE.write(tmp_path / "voice.npz")
    monkeypatch.setattr(chatterbox, "load", lambda weights: TinyModel().chatterbox())
    tts = ChatterboxTts(Options(voice=str(tmp_path / "voice.npz"), language="en-IN"))
    sounds = [sound async for sound in tts.speak(text("Good morning. ", "How are you?"))]
    assert [sound.text.strip() for sound in sounds] == ["Good morning.", "How are you?"]
    assert np.frombuffer(sounds[0].pcm, "<i2")[0] == 16383


@pytest.mark.parametrize("voice", ["gone", "broken", "empty"])
async def test_a_voice_that_is_not_there_is_an_error_that_names_no_path(tmp_path: Path, voice: str) -> None:
    (tmp_path / "broken").write_bytes(b"PK\x03\x04 no more")
    (tmp_path / "empty").write_bytes(b"")
    tts = ChatterboxTts(Options(voice=str(tmp_path / voice)))
    with pytest.raises(ProviderError, match="the voice's file is gone or cannot be read") as error:
        [sound async for sound in tts.speak(text("Hello."))]
    assert (error.value.retriable, str(tmp_path) in str(error.value)) == (False, False)


def test_weights_that_are_missing_or_broken_are_told(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"has no tokenizer\.json"):
        load(tmp_path)
    (tmp_path / "onnx").mkdir()
    for name in ("tokenizer.json", *(f"onnx/{graph}.onnx" for graph in GRAPHS)):
        (tmp_path / name).write_bytes(b"{}")
    with pytest.raises(WeightsError, match="cannot be loaded"):
        load(tmp_path)
