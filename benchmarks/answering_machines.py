"""Who has picked up: how often that is judged rightly, how soon, and how often a person is talked over or kept waiting.

`python -m benchmarks.answering_machines [--noise 40 20 10] [--no-recogniser]`; `tests/speech.sh` brings the recorded
prompts. The stage itself is run, behind the real voice detector and the real recogniser for English; time is that of
the sound, and a text comes as much later as it took to make. Beside it, on the same sound: lengths alone, with the
defaults of Asterisk's AMD and of LiveKit's. (Stock Pipecat's detector is a language model that reads the words.)

Both sets are put together: one of prompts that a professional has recorded for Asterisk, with pauses and beeps of ours;
one spoken by a synthetic voice. No recorded call is among them. Where there is no recogniser for a language, one that
makes no mistake stands in (`perfect`), and none at all (`deaf`).
"""

from __future__ import annotations

import argparse
import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from statistics import median

import numpy as np

from benchmarks.greetings import PEOPLE, RATE, Greeting, recorded, simulated
from benchmarks.lengths_alone import LENGTHS, by_lengths
from benchmarks.report import Bar, percentile, print_bars
from pipeline.audio import FULL_SCALE, frame_bytes, resample
from pipeline.frames import (
    FRAME_SECONDS,
    AudioIn,
    Frame,
    Hangup,
    Mute,
    Note,
    Played,
    Say,
    SpeechStarted,
    SpeechStopped,
    Transcript,
)
from processors.machines.detector import Detector
from processors.machines.pickup import SCREENED, Pickup, VoicemailOptions
from processors.machines.words import Answerer
from processors.models import CACHE, ModelMissing
from processors.stt.moonshine import RATE as STT_RATE
from processors.stt.moonshine import Moonshine
from processors.vad import VadOptions
from processors.voice_detector import VoiceDetector

LATE = 0.03
"""Seconds that an edge is told after it is sure."""
PARTIALS = 0.5
"""Seconds of speech from one partial text to the next."""
DELAY = 0.3
"""Seconds that the perfect recogniser takes."""
OURS = 3.0
"""Seconds that our greeting lasts."""
Event = tuple[float, Frame]


@dataclass(slots=True)
class Judged:
    greeting: Greeting
    by: Answerer | None = None
    """In the end."""
    at: float = 0.0
    """When a person was known, or a machine was known or likely."""
    greeted_at: list[float] = field(default_factory=list)
    message_at: float | None = None

    @property
    def is_right(self) -> bool:
        return (self.by is PEOPLE) == (self.greeting.by is PEOPLE)

    @property
    def talked_over(self) -> bool:
        """We began while they spoke."""
        return any(start <= at < end for at in self.greeted_at for start, end in self.greeting.spans)

    @property
    def waited(self) -> float:
        """From the end of what they said to our first word."""
        return self.greeted_at[0] - self.greeting.spans[-1][1] if self.greeted_at else float("inf")


def judged(greeting: Greeting, events: Sequence[Event]) -> Judged:
    """The stage, from the answer until it is done or the sound is over."""
    options = VoicemailOptions(message="Please call back.", beep_seconds=8)
    stage, aside = Pickup(options, RATE, Say("Hello.")), Detector(options.pickup, RATE)
    result, now, playing = Judged(greeting), 0.0, None

    def emitted(frame: Frame) -> None:
        nonlocal playing
        match frame:
            case Say(hangup="voicemail"):
                result.by, result.message_at = Answerer.VOICEMAIL, now
            case Say():
                result.greeted_at.append(now)
                result.by, playing = result.by or PEOPLE, now
            case Note(text):
                result.by = Answerer.SCREENING if text == SCREENED else Answerer.IVR
            case Mute():
                result.by, playing = Answerer.VOICEMAIL, None
            case Hangup(reason):
                result.by = Answerer.VOICEMAIL if reason == "voicemail" else Answerer.ANNOUNCEMENT

    stage.emit = emitted
    waiting, size = list(events), frame_bytes(RATE)
    for start in range(0, len(greeting.pcm) - size + 1, size):
        frames: list[Frame] = [AudioIn(greeting.pcm[start : start + size], now)]
        now += FRAME_SECONDS
        while waiting and waiting[0][0] <= now:
            frames.append(waiting.pop(0)[1])
        if playing is not None and any(isinstance(frame, SpeechStarted) for frame in frames):
            playing = None
        if playing is not None and now - playing >= OURS:
            frames.append(Played(1, playing, OURS, "Hello.", complete=True, over=True))
            playing = None
        for frame in frames:
            stage.process(frame)
            aside.hear(frame)
        if not result.at:
            result.at = aside.likely_at or (now if aside.told is not None else 0.0)
    return result


async def edges(greeting: Greeting) -> list[Event]:
    options = VadOptions()
    found: list[Event] = []
    with VoiceDetector() as detector:  # when it is left, everything was answered
        voice = detector.open(8000, options)
        size = voice.chunk_bytes
        for start in range(0, len(greeting.pcm) - size + 1, size):
            voice.hear(greeting.pcm[start : start + size], (start + size) / 2 / RATE)
    stream = voice.edges_heard()
    with suppress(TimeoutError):
        while True:
            edge = await asyncio.wait_for(anext(stream), 0.05)
            sure = options.start_seconds if isinstance(edge, SpeechStarted) else options.stop_seconds
            found.append((edge.at + sure + LATE, edge))
    return found


def understood(greeting: Greeting, found: Sequence[Event], model: Moonshine) -> list[Event]:
    """What the embedded recogniser makes of each stretch of speech: partial texts, and the final one."""
    texts: list[Event] = []
    sound = np.frombuffer(resample(greeting.pcm, RATE, STT_RATE), "<i2").astype(np.float32) / FULL_SCALE
    for began, ended in _stretches(found, len(greeting.pcm) / 2 / RATE):
        free = began
        for until in [*np.arange(began + PARTIALS, ended, PARTIALS), ended + VadOptions().stop_seconds]:
            final = until > ended
            if until < free and not final:
                continue
            heard = sound[round(max(began - 0.3, 0) * STT_RATE) : round(until * STT_RATE)]
            started = time.perf_counter()
            text = model.transcribe(heard)
            free = until + time.perf_counter() - started
            texts.append((free, Transcript(text, final=final)))
    return texts


def perfectly(greeting: Greeting) -> list[Event]:
    """Its own words as they are spoken."""
    texts: list[Event] = []
    for (start, end), text in zip(greeting.spans, greeting.texts, strict=True):
        words = text.split()
        for until in np.arange(start + PARTIALS, end, PARTIALS):
            so_far = " ".join(words[: int(len(words) * (until - start) / (end - start))])
            texts.append((float(until) + DELAY, Transcript(so_far, final=False)))
        texts.append((end + VadOptions().stop_seconds + DELAY, Transcript(text, final=True)))
    return texts


def _stretches(found: Sequence[Event], until: float) -> list[tuple[float, float]]:
    whole, began = [], None
    for _, edge in found:
        if isinstance(edge, SpeechStarted):
            began = edge.at
        elif isinstance(edge, SpeechStopped) and began is not None:
            whole.append((began, edge.at))
            began = None
    return [*whole, (began, until)] if began is not None else whole


def row(name: str, results: Sequence[Judged]) -> str:
    people = [one for one in results if one.greeting.by is PEOPLE]
    machines = [one for one in results if one.greeting.by is not PEOPLE]
    taken = [one for one in results if one.by is not PEOPLE]
    right = [one for one in taken if one.greeting.by is not PEOPLE]
    kind = sum(one.by is one.greeting.by for one in machines)
    boxes = [one for one in machines if one.greeting.beep_ends and one.message_at is not None]
    after = sum(one.message_at >= one.greeting.beep_ends for one in boxes if one.message_at is not None)
    over = sum(one.talked_over for one in people)
    waited = [one.waited for one in people if one.by is PEOPLE]
    soon = sum(one.at <= 3.001 for one in results)
    return (
        f"{name:<34} {len(people):3} {len(machines):3}  {len(right) / max(len(taken), 1):6.3f} "
        f"{len(right) / max(len(machines), 1):6.3f} {kind / max(len(machines), 1):6.3f}  "
        f"{median(one.at for one in results):4.2f} {percentile([one.at for one in results], 0.95):4.2f} "
        f"{soon / len(results):5.2f}  {over:3} {sum(wait > 1 for wait in waited):4}  {after:3}/{len(boxes)}"
    )


HEAD = (
    f"{'set, recogniser':<34} {'ppl':>3} {'mch':>3}  {'precis':>6} {'recall':>6} {'kind':>6}  "
    f"{'p50':>4} {'p95':>4} {'≤3 s':>5}  {'ovr':>3} {'>1 s':>4}  beep"
)


async def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--noise", nargs="+", type=float, default=[40.0, 20.0, 10.0], help="signal to noise, dB")
    arguments.add_argument("--no-recogniser", action="store_true")
    arguments.add_argument("--mistakes", action="store_true", help="each greeting that was misjudged")
    chosen = arguments.parse_args()
    model = None
    if not chosen.no_recogniser:
        try:
            model = Moonshine("base", CACHE)
        except ModelMissing as missing:
            print(missing)
    made = [("recorded", list(recorded())), ("simulated", await simulated())]
    results: dict[str, list[Judged]] = {}
    for name, clean in made:
        for number, (greeting, noise) in enumerate((one, noise) for one in clean for noise in chosen.noise):
            heard = greeting.on_the_line(noise, number)
            found = await edges(heard)
            english = heard.language.startswith("en")
            ways = {"deaf": [], "perfect": perfectly(heard)}
            if model is not None and english:
                ways["embedded"] = understood(heard, found, model)
            for way, texts in ways.items():
                events = sorted([*found, *texts], key=lambda event: event[0])
                tongue = "English" if english else "nine others"
                results.setdefault(f"{name}, {tongue}, {way}", []).append(judged(heard, events))
            for rule, lengths in LENGTHS.items():
                person, at = by_lengths(_stretches(found, len(heard.pcm) / 2 / RATE), lengths)
                by_rule = Judged(heard, PEOPLE, at, [at]) if person else Judged(heard, Answerer.VOICEMAIL, at)
                results.setdefault(f"{name}, {rule}", []).append(by_rule)
    print(HEAD)
    for name in sorted(results):
        print(row(name, results[name]))
    if chosen.mistakes:
        for name in sorted(results):
            wrong = Counter(
                f"{one.greeting.by} → {one.by}: {one.greeting.texts[0][:60]}"
                for one in results[name]
                if not one.is_right
            )
            for what, times in wrong.most_common():
                print(f"{name}: {times}× {what}")
            for one in (one for one in results[name] if one.greeting.by is PEOPLE and one.talked_over):
                print(f"{name}: talked over at {one.greeted_at}, spoken {one.greeting.spans}: {one.greeting.texts}")
            for one in (one for one in results[name] if one.greeting.by is not PEOPLE and one.at > 3.001):
                print(f"{name}: at {one.at:.2f}, spoken {one.greeting.spans}: {one.greeting.texts[0][:50]}")
    best = [one for name, every in results.items() if "embedded" in name or "others, perfect" in name for one in every]
    people = [one for one in best if one.greeting.by is PEOPLE]
    machines = [one for one in best if one.greeting.by is not PEOPLE]
    print("The bars are those of the embedded recogniser for English, and of a perfect one for the nine others.")
    print_bars(
        Bar("people that are taken for people", sum(one.is_right for one in people) / len(people), 0.99, "", True),
        Bar("machines that are found out", sum(one.is_right for one in machines) / len(machines), 0.95, "", True),
        Bar("judged within 3 s of the answer", sum(one.at <= 3.001 for one in best) / len(best), 0.95, "", True),
        Bar("people that were talked over", sum(one.talked_over for one in people) / len(people), 0.02, ""),
        Bar("people that waited for over 1 s", sum(one.waited > 1 for one in people) / len(people), 0.02, ""),
    )


if __name__ == "__main__":
    asyncio.run(main())
