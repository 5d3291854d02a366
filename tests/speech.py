"""Real human speech, with what is said in it: telephone prompts spoken for Asterisk, packaged by Debian.

`tests/speech.sh` installs them. Where they are missing a test that needs them is skipped, but fails in CI.
"""

from __future__ import annotations

import gzip
import os
import wave
from dataclasses import dataclass
from pathlib import Path

import pytest

from pipeline.audio import decode, encode

PROMPTS = Path("/usr/share/asterisk/sounds/en_US_f_Allison")
SENTENCES = Path("/usr/share/doc/asterisk-core-sounds-en/core-sounds-en.txt.gz")
RATE = 8000


@dataclass(frozen=True, slots=True)
class Prompt:
    """A sentence or two, as they come over a telephone line: 8 kHz."""

    name: str
    text: str

    def pcm(self, *, mulaw: bool = False) -> bytes:
        """PCM16; with `mulaw` as it sounds after a G.711 line."""
        with wave.open(str(PROMPTS / f"{self.name}.wav")) as file:
            pcm = file.readframes(file.getnframes())
        return decode(encode(pcm, "mulaw"), "mulaw") if mulaw else pcm


def prompts(count: int | None = None, *, words: int = 5, seconds: float = 20.0) -> list[Prompt]:
    """`count` prompts spread over the alphabet, or all, of at least so many words and at most so long."""
    spoken = [
        prompt
        for prompt in _all_prompts()
        if len(prompt.text.split()) >= words and len(prompt.pcm()) <= seconds * RATE * 2
    ]
    return spoken if count is None else [spoken[index * len(spoken) // count] for index in range(count)]


def prompt(name: str) -> Prompt:
    """The one of this name. Raises KeyError if there is none."""
    return {prompt.name: prompt for prompt in _all_prompts()}[name]


def _all_prompts() -> list[Prompt]:
    if not SENTENCES.is_file() or not PROMPTS.is_dir():
        if os.environ.get("CI") == "true":
            pytest.fail("no recorded speech: run tests/speech.sh")
        pytest.skip("no recorded speech: run tests/speech.sh")
    lines = gzip.decompress(SENTENCES.read_bytes()).decode("utf-8").splitlines()
    named = (line.split(":", 1) for line in lines if ":" in line and not line.startswith(";"))
    return [
        Prompt(name.strip(), text.strip())
        for name, text in named
        if "[" not in text and "(" not in text and (PROMPTS / f"{name.strip()}.wav").is_file()
    ]
