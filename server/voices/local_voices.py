"""Voices that this machine makes and speaks itself, with weights that its operator has put there."""

from __future__ import annotations

import asyncio
import os
import secrets
from pathlib import Path

import numpy as np
import soxr

from control_api.voices.sound_samples import RATE, samples_of
from control_api.voices.voice_cloner import Original
from control_api.web.errors import RefusedError
from processors.tts.chatterbox import THREADS
from processors.voices import chatterbox
from processors.voices.chatterbox import WeightsError

FOLDER = "cloned"
"""Below the data folder."""
LONGEST = 60.0
"""Seconds of a reference."""


class LocalVoices:
    """A voice is a file of ours: its name is the path, which nobody can guess."""

    def __init__(self, weights: Path, data: Path) -> None:
        self._weights, self._folder = weights, data / FOLDER

    async def clone(self, original: Original) -> str:
        if original.language.lower().partition("-")[0] not in chatterbox.LANGUAGES:
            raise RefusedError(409, f"Chatterbox does not speak {original.language}")
        try:
            path = await asyncio.get_running_loop().run_in_executor(THREADS, self._make, original.sound)
        except WeightsError as error:
            raise RefusedError(503, f"The voice cannot be made here: {error}") from None
        except FileNotFoundError:
            raise RefusedError(409, "The speaker's recording is gone") from None
        return str(path)

    async def forget(self, voice: str) -> None:
        path = Path(voice)
        if path.parent == self._folder.resolve():
            await asyncio.to_thread(path.unlink, missing_ok=True)

    def _make(self, reference: Path) -> Path:
        with reference.open("rb") as file:
            sound = soxr.resample(samples_of(file, LONGEST).samples, RATE, chatterbox.RATE).astype(np.float32)
        voice = chatterbox.load(self._weights).condition(sound, self._weights.resolve())
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self._folder.resolve() / f"{secrets.token_hex(16)}.npz"
        try:
            voice.write(path)
            os.chmod(path, 0o600)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        return path
