"""How the embedded voices sound: a WAV file for each, made when somebody first wants to hear it."""

from __future__ import annotations

import asyncio
import os
import tempfile
import wave
from pathlib import Path

from control_api.catalogue import SampleError, Voice
from processors.lines import lines_for
from processors.ports import ProviderError
from processors.tts.embedded import EmbeddedTts, Options
from server.sounds.speech import spoken

FOLDER = "samples"


class VoiceSamples:
    def __init__(self, data: Path) -> None:
        self._folder = data / FOLDER
        self._one_at_a_time = asyncio.Lock()
        """Those who want the same voice wait for the first; those who want others wait some 50 ms."""

    async def file(self, voice: Voice) -> Path:
        """Raises SampleError."""
        path = self._folder / f"{voice.id}.wav"
        async with self._one_at_a_time:
            if not await asyncio.to_thread(path.is_file):
                try:
                    tts = EmbeddedTts(Options.model_validate({"voice": voice.speaker, "language": voice.language_code}))
                    pcm = await spoken(tts, " ".join(lines_for(voice.language_code).fillers), tts.rate)
                except ProviderError as error:
                    raise SampleError(voice.id) from error
                await asyncio.to_thread(_write, path, pcm, tts.rate)
        return path


def _write(path: Path, pcm: bytes, rate: int) -> None:
    """Mono. Nobody sees the file before it is whole."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=".")
    try:
        with os.fdopen(handle, "wb") as file, wave.open(file, "wb") as sound:
            sound.setnchannels(1)
            sound.setsampwidth(2)
            sound.setframerate(rate)
            sound.writeframes(pcm)
        os.replace(draft, path)
    except BaseException:
        os.unlink(draft)
        raise
