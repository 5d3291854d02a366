"""Recorded human speech as turns: where each is over, and where its speaker only pauses.

- `prompts`: a professional's telephone prompts as they were spoken, many of two sentences or with a comma.
- `thinking`: prompts of one sentence in which the speaker herself made a gap (0.13 s or more, by loudness); it is made
  as long as somebody takes who is thinking, 0.5 to 1.5 s. The place is the speaker's own: no word is cut by rule.
- `unfinished`: beginnings that were recorded as such ("To increase the volume...") and, after a pause, their ends.
- `numbers`: ten recorded digits, dictated in groups with pauses between.
- `talk`: other people: turns of a real telephone call (`benchmarks/talk.sh` fetches it), and a few of Debian's
  pocketsphinx-testdata: a book read aloud, commands, numbers. As they are, and with a gap made longer as above.

Each is heard with a little noise through a µ-law line, and followed by silence for as long as anybody may wait.
"""

from __future__ import annotations

import random
import re
import wave
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.audio import SAMPLE_BYTES, decode, encode, loudness, resample, seconds, silence
from tests import speech
from transports.simulator.faults import Faults, Mischief

RATE = speech.RATE
LEAD, AFTER = 0.5, 4.5
"""Seconds before the first sound and after the last."""
NOISE = 30.0
"""dB from the noise of the line up to the speech."""
PAUSE = 0.2
"""Seconds of quiet inside a turn that count as a pause."""
_BEGUN = {
    "confbridge-dec-list-vol-in": "vm-press digits/4, vm-press digits/star",
    "confbridge-inc-list-vol-in": "vm-press digits/6",
    "confbridge-dec-talk-vol-in": "vm-press digits/7, vm-press digits/1 digits/3",
    "confbridge-inc-talk-vol-in": "vm-press digits/9",
    "confbridge-leave-in": "vm-press digits/8, vm-press digits/pound",
    "confbridge-lock-in": "vm-press digits/2",
    "confbridge-menu-exit-in": "vm-press digits/star, vm-press digits/0",
    "confbridge-mute-in": "vm-press digits/1",
    "confbridge-rest-list-vol-in": "vm-press digits/5",
    "confbridge-rest-talk-vol-in": "vm-press digits/8",
    "dir-pls-enter": "dir-first, dir-last, dir-firstlast",
    "queue-quantity1": "digits/5 queue-quantity2, digits/9 queue-quantity2",
    "vm-youhave": "digits/3 vm-INBOX vm-messages, digits/2 vm-Old vm-messages, vm-no vm-messages",
    "vm-theperson": "digits/4 digits/2 vm-isunavail, digits/1 digits/9 vm-isonphone",
    "vm-onefor": "vm-Work vm-messages, vm-Family vm-messages, vm-Friends vm-messages",
    "conf-thereare": "digits/3 conf-otherinparty, digits/6 conf-otherinparty",
    "if-correct-press": "digits/1, digits/star",
    "at-tone-time-exactly": "digits/7 digits/oclock, digits/11 digits/30 digits/a-m",
    "vm-num-i-have": "digits/5 digits/5 digits/2, digits/9 digits/1",
    "queue-holdtime": "queue-less-than digits/2 queue-minutes, digits/5 queue-minutes",
    "conf-enteringno": "digits/4 digits/2, digits/7",
    "vm-duration": "digits/2 vm-minutes, queue-less-than digits/20 queue-seconds",
    "privacy-to-blacklist-last-caller": "from-unknown-caller",
}
"""Prompts that stop in the middle of a sentence, and what may follow each."""
_GROUPS = ((5, 5), (3, 3, 4), (4, 3, 3), (2, 2, 2, 2, 2), (10,))
"""How ten digits are dictated."""
_CALL = Path(__file__).parent.parent / ".peers" / "talk" / "pyannote" / "audio" / "sample"
_OTHERS = Path("/usr/share/pocketsphinx/test/data")


GAP = 0.13
"""Seconds of quiet that are made longer: the silence before a t or a k is shorter."""
_Named = tuple[str, bytes]
"""A name and its sound."""


@dataclass(frozen=True, slots=True)
class Utterance:
    """One turn of one speaker, from `LEAD` seconds on."""

    name: str
    pcm: bytes = field(repr=False)
    """PCM16 at `RATE`."""
    ends: float
    """Seconds: its last audible sound."""
    pauses: tuple[float, ...]
    """Seconds that each inner pause lasts."""

    @property
    def seconds(self) -> float:
        return seconds(self.pcm, RATE)


def sets(count: int) -> dict[str, list[Utterance]]:
    """At most `count` of each; `talk` is empty where it is not installed."""
    made = {"prompts": prompts, "thinking": thinking, "unfinished": unfinished, "numbers": numbers, "talk": talk}
    return {
        name: _spread([_utterance(f"{name}: {what}", pcm, at) for at, (what, pcm) in enumerate(sounds())], count)
        for name, sounds in made.items()
    }


def prompts() -> Iterator[_Named]:
    for prompt in _spoken():
        yield prompt.name, prompt.pcm()


def thinking() -> Iterator[_Named]:
    return _thinking((prompt.name, prompt.pcm()) for prompt in _spoken() if not re.search(r"[.?!]\s", prompt.text))


def _thinking(said: Iterable[_Named]) -> Iterator[_Named]:
    """Those that have a gap to make longer."""
    dice = random.Random(0)
    for name, sound in said:
        pcm = _trimmed(sound)
        gaps = [gap for gap in quiet(pcm, GAP) if gap[0] > 0.4 and gap[1] < seconds(pcm, RATE) - 0.4]
        if gaps:
            from_, to = max(gaps, key=lambda gap: gap[1] - gap[0])
            middle, more = _byte((from_ + to) / 2), dice.uniform(0.5, 1.5) - (to - from_)
            yield f"{name} ({to:.2f})", pcm[:middle] + silence(max(more, 0.0), RATE) + pcm[middle:]


def unfinished() -> Iterator[_Named]:
    dice = random.Random(1)
    for first, rests in _BEGUN.items():
        for rest in rests.split(", "):
            end = silence(0.08, RATE).join(_part(name) for name in rest.split())
            yield f"{first} {rest}", _part(first) + silence(dice.uniform(0.4, 1.5), RATE) + end


def numbers() -> Iterator[_Named]:
    digits, dice = [_part(f"digits/{digit}") for digit in range(10)], random.Random(2)
    for _ in range(60):
        said, pcm = [], b""
        for group in dice.choice(_GROUPS):
            said.append("".join(str(dice.randrange(10)) for _ in range(group)))
            pcm += silence(dice.uniform(0.3, 1.0), RATE) if pcm else b""
            pcm += b"".join(digits[int(digit)] + silence(dice.uniform(0.0, 0.06), RATE) for digit in said[-1])
        yield " ".join(said), pcm


def talk() -> Iterator[_Named]:
    every = [*_phone_call(), *((path.stem, _wav(path)) for path in sorted(_OTHERS.glob("[cl]*/*.wav")))]
    every += [(path.stem, resample(path.read_bytes(), 16000, RATE)) for path in sorted(_OTHERS.glob("*.raw"))]
    yield from every
    yield from _thinking(every)


def _phone_call() -> Iterator[tuple[str, bytes]]:
    """Its transcript tells who speaks when; what one says on end is a turn."""
    transcript = _CALL / "sample.stm"
    if not transcript.is_file():
        return
    sound, turns = _wav(_CALL / "sample.wav"), list[tuple[str, float, float]]()
    for line in transcript.read_text().splitlines():
        _, _, who, start, end, *_ = line.split()
        if turns and turns[-1][0] == who:
            turns[-1] = (who, turns[-1][1], float(end))
        else:
            turns.append((who, float(start), float(end)))
    for who, begins, ends in turns:
        yield f"call {who} {begins}", sound[_byte(begins) : _byte(ends)]


def quiet(pcm: bytes, least: float) -> list[tuple[float, float]]:
    """Where for `least` seconds or more, between two sounds, all is 25 dB below the loud ones."""
    return [
        ((int(before) + 1) / 100, int(after) / 100)
        for before, after in pairwise(_loud(pcm, 25.0))
        if (after - before - 1) / 100 >= least
    ]


def _loud(pcm: bytes, range_: float) -> NDArray[np.intp]:
    """Which 10 ms are within so many dB of the loud ones."""
    levels = loudness(pcm, RATE)
    return np.flatnonzero(levels > np.percentile(levels, 95) - range_)


def _trimmed(pcm: bytes) -> bytes:
    """From its first audible sound to its last."""
    heard = _loud(pcm, 30.0)
    return pcm[_byte(int(heard[0]) / 100) : _byte((int(heard[-1]) + 1) / 100)]


def _spoken() -> Sequence[speech.Prompt]:
    """Every prompt of three words or more."""
    return speech.prompts(words=3, seconds=15.0)


def _wav(path: Path) -> bytes:
    with wave.open(str(path)) as file:
        return resample(file.readframes(file.getnframes()), file.getframerate(), RATE)


def _byte(at: float) -> int:
    return round(at * RATE) * SAMPLE_BYTES


def _spread(every: Sequence[Utterance], count: int) -> list[Utterance]:
    """`count` of them from all over the row."""
    return [every[at * len(every) // count] for at in range(count)] if len(every) > count else list(every)


def _part(name: str) -> bytes:
    return _trimmed(speech.Prompt(name, "").pcm())


def _utterance(name: str, pcm: bytes, seed: int) -> Utterance:
    pcm = _trimmed(pcm)
    whole = silence(LEAD, RATE) + pcm + silence(AFTER, RATE)
    heard = decode(encode(Mischief(Faults(seed=seed, noise=NOISE)).noisy(whole), "mulaw"), "mulaw")
    pauses = tuple(end - start for start, end in quiet(pcm, PAUSE))
    return Utterance(name, heard, LEAD + seconds(pcm, RATE), pauses)
