from __future__ import annotations

from collections.abc import Iterator
from importlib.util import module_from_spec, spec_from_file_location
from types import ModuleType

import numpy as np
import pytest

from processors.smart_turn import RATE, SECONDS, SmartTurn, features, smart_turn_model
from tests import speech


@pytest.fixture(scope="module")
def smart_turn() -> Iterator[SmartTurn]:
    model = SmartTurn()
    yield model
    model.close()


@pytest.fixture(scope="module")
def reference() -> ModuleType:
    """Pipecat's own features, without the rest of Pipecat."""
    path = smart_turn_model().parent.parent / "_whisper_features.py"
    spec = spec_from_file_location("whisper_features", path)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("seconds", [0.5, 3.0, 8.0, 11.0])
def test_the_model_sees_what_pipecat_would_show_it(reference: ModuleType, seconds: float) -> None:
    sound = np.random.default_rng(3).normal(0, 0.1, int(seconds * RATE)).astype(np.float32)
    last = sound[-SECONDS * RATE :]
    padded = np.pad(last, (SECONDS * RATE - len(last), 0))
    assert features(sound).shape == (80, 800)
    np.testing.assert_allclose(features(sound), reference.compute_whisper_log_mel_features(padded), atol=1e-4)


async def test_a_whole_sentence_sounds_finished_and_a_broken_one_does_not(smart_turn: SmartTurn) -> None:
    whole, broken = [], []
    for prompt in speech.prompts(10, words=8, seconds=8):
        pcm = prompt.pcm()
        pause = bytes(int(0.2 * speech.RATE) * 2)
        whole.append(await smart_turn.finished(pcm + pause, speech.RATE))
        broken.append(await smart_turn.finished(pcm[: len(pcm) * 6 // 10 // 2 * 2] + pause, speech.RATE))
    assert all(0 <= likely <= 1 for likely in whole + broken)
    assert sum(whole) / len(whole) > sum(broken) / len(broken) + 0.2


async def test_a_turn_of_no_sound_at_all_gets_an_answer(smart_turn: SmartTurn) -> None:
    assert 0 <= await smart_turn.finished(b"", speech.RATE) <= 1
