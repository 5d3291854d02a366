"""How well and how fast the embedded recogniser hears a telephone: word error rate, real-time factor, time to text.

`python -m benchmarks.word_errors [--prompts 60] [--sizes base tiny]`; `tests/speech.sh` brings the speech. Where
`benchmarks/peers/setup.sh whisper` has been run, Whisper hears the same sound as well, asked as Pipecat's local service
asks it. It is `tiny.en`, which a package brings; Pipecat's own choice, `distil-medium.en`, is fetched from a hub.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import tempfile
import time
import wave
from collections.abc import Sequence
from pathlib import Path
from statistics import median

import numpy as np

from pipeline.audio import FULL_SCALE, resample, seconds
from processors.models import CACHE, ModelMissing
from processors.stt.moonshine import RATE, Moonshine
from tests import speech

WHISPER = Path(__file__).parent.parent / ".peers" / "whisper" / "bin" / "python"
_Understood = list[tuple[str, float]]
"""Of each sound, the text and the seconds that it took."""


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--prompts", type=int, default=60)
    arguments.add_argument("--sizes", nargs="+", default=["base", "tiny"], choices=["base", "tiny"])
    arguments.add_argument("--cache", type=Path, default=CACHE)
    chosen = arguments.parse_args()
    prompts = speech.prompts(chosen.prompts)
    lines = {
        line: [resample(prompt.pcm(mulaw=line == "mulaw"), speech.RATE, RATE) for prompt in prompts]
        for line in ("pcm16", "mulaw")
    }
    print(f"{len(prompts)} prompts, one thread\n\nmodel           line    WER %    RTF  p50 ms  p95 ms")
    for size in chosen.sizes:
        try:
            model = Moonshine(size, chosen.cache)
        except ModelMissing as missing:
            print(f"{size:5}  {missing}")
            continue
        for line, sounds in lines.items():
            print(row(f"Moonshine {size}", line, prompts, sounds, by_moonshine(model, sounds)), flush=True)
    if not WHISPER.is_file():
        print("Whisper is not installed: run benchmarks/peers/setup.sh whisper")
        return
    for line, sounds in lines.items():
        print(row("Whisper tiny", line, prompts, sounds, by_whisper(sounds)), flush=True)


def by_moonshine(model: Moonshine, sounds: Sequence[bytes]) -> _Understood:
    found = []
    for pcm in sounds:
        samples = np.frombuffer(pcm, "<i2").astype(np.float32) / FULL_SCALE
        started = time.perf_counter()
        text = model.transcribe(samples)
        found.append((text, time.perf_counter() - started))
    return found


def by_whisper(sounds: Sequence[bytes]) -> _Understood:
    with tempfile.TemporaryDirectory() as folder:
        for number, pcm in enumerate(sounds):
            with wave.open(f"{folder}/{number:04}.wav", "wb") as file:
                file.setparams((1, 2, RATE, 0, "NONE", ""))
                file.writeframes(pcm)
        script = Path(__file__).parent / "peers" / "whisper_words.py"
        said = subprocess.run([WHISPER, script, folder], check=True, capture_output=True, text=True).stdout
    return [(one["text"], one["seconds"]) for one in map(json.loads, said.splitlines())]


def row(
    model: str, line: str, prompts: Sequence[speech.Prompt], sounds: Sequence[bytes], understood: _Understood
) -> str:
    words = wrong = 0
    for prompt, (text, _) in zip(prompts, understood, strict=True):
        said = spoken(prompt.text)
        words += len(said)
        wrong += distance(said, spoken(text))
    took = sorted(one for _, one in understood)
    heard = sum(seconds(pcm, RATE) for pcm in sounds)
    late = took[int(len(took) * 0.95)]
    return (
        f"{model:<15} {line}  {wrong / words:6.2%}  {sum(took) / heard:.3f}  {median(took) * 1000:6.0f}  "
        f"{late * 1000:6.0f}"
    )


def distance(said: Sequence[str], understood: Sequence[str]) -> int:
    """Words put in, left out or changed on the shortest way from one to the other."""
    row = list(range(len(understood) + 1))
    for count, word in enumerate(said, 1):
        corner, row[0] = row[0], count
        for at, other in enumerate(understood, 1):
            corner, row[at] = row[at], min(row[at] + 1, row[at - 1] + 1, corner + (word != other))
    return row[-1]


def spoken(text: str) -> list[str]:
    """The words as they are said: no case, no marks, digits spelt out, and one spelling for what has two."""
    plain = text.lower().replace("’", "'")
    for written, said in _ONE_SPELLING.items():
        plain = plain.replace(written, said)
    plain = re.sub(r"[^\w\s]", " ", plain.replace("'", ""))
    return re.sub(r"\d+", lambda digits: f" {number(int(digits[0]))} ", plain).split()


_ONE_SPELLING = {
    "#": " pound ",
    "*": " star ",
    "n't": " not",
    "'re": " are",
    "'m": " am",
    "'ll": " will",
    "'ve": " have",
    "that's": "that is",
    "it's": "it is",
    "mail box": "mailbox",
    "file name": "filename",
    "voice mail": "voicemail",
}
_SMALL = (  # noqa: SIM905 - twenty lines otherwise
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
).split()
_TENS = "zero ten twenty thirty forty fifty sixty seventy eighty ninety".split()  # noqa: SIM905


def number(value: int) -> str:
    """English words for a number below a million, larger ones digit by digit."""
    if value < 20:
        return _SMALL[value]
    if value < 100:
        return _TENS[value // 10] + (f" {_SMALL[value % 10]}" if value % 10 else "")
    if value < 1000:
        return f"{_SMALL[value // 100]} hundred" + (f" {number(value % 100)}" if value % 100 else "")
    if value < 1_000_000:
        return f"{number(value // 1000)} thousand" + (f" {number(value % 1000)}" if value % 1000 else "")
    return " ".join(_SMALL[int(digit)] for digit in str(value))


if __name__ == "__main__":
    main()
