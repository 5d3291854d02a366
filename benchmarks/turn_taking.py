"""Whose turn it is: how often a policy cuts in on who only paused, and how long it keeps who is done waiting.

`python -m benchmarks.turn_taking [--count 10]`; `tests/speech.sh` brings the recorded prompts, and `benchmarks/talk.sh`
other people. Recorded human speech, on a noisy µ-law line: `turn_sets.py`.
Three policies hear the very same sound: silence alone; Pipecat's end-of-turn model with its defaults; our turn-taker
behind our detector, judge and recogniser. Each is drawn over a range of its own patience, into docs/turn_taking.png.
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks import plots
from benchmarks.report import machine
from benchmarks.turn_policies import Event, Recogniser, SlowJudge, StockPipecat, by_us, edges, stretches
from benchmarks.turn_scores import Answered, Score, after_silence
from benchmarks.turn_sets import Utterance, sets
from pipeline.frames import Transcript
from processors.models import CACHE
from processors.smart_turn import SmartTurn
from processors.stt.moonshine import Moonshine
from processors.turns import TurnOptions

PICTURE = Path(__file__).parent.parent / "docs" / "turn_taking.png"
SILENCES = (0.2, 0.3, 0.4, 0.6, 0.8, 1.0, 1.2, 1.6, 2.0)
STOPS = (0.6, 1.0, 1.5, 2.0, 3.0)
"""Pipecat's `stop_secs`; the last is its default."""
PATIENCE = (0.3, 0.45, 0.6, 0.7, 0.8, 0.9, 1.0)
"""Our wait after a finished sentence. After an unfinished one it is never less, nor less than by default."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A turn with all that does not depend on anybody's patience."""

    set: str
    utterance: Utterance
    edges: tuple[Event, ...]
    texts: tuple[Event, ...]
    speaking: tuple[bool, ...]
    """Pipecat's detector, every 20 ms."""


async def heard(utterances: Mapping[str, Sequence[Utterance]], pipecat: StockPipecat) -> list[Heard]:
    recogniser = Recogniser(Moonshine("base", CACHE))
    turns = []
    for name, each in utterances.items():
        for utterance in each:
            found = await edges(utterance)
            texts = recogniser.texts(utterance, found)
            speaking = await pipecat.speaking(utterance)
            turns.append(Heard(name, utterance, tuple(found), tuple(texts), tuple(speaking)))
    return turns


Answers = list[tuple[str, Answered]]
"""Of each turn, with the set that it is of."""


def silence_alone(turns: Sequence[Heard], wait: float) -> Answers:
    return [
        (one.set, Answered(one.utterance.ends, after_silence(stretches(one.edges), wait, one.utterance.seconds)))
        for one in turns
    ]


async def stock_pipecat(turns: Sequence[Heard], pipecat: StockPipecat, stop: float, *, texts: bool) -> Answers:
    """With `texts` it waits for our recogniser's final one, as it does by default for any; else it needs none."""
    found = []
    for one in turns:
        finals = [at for at, frame in one.texts if isinstance(frame, Transcript) and frame.final] if texts else None
        begun = await pipecat.answers(one.utterance, one.speaking, stop, finals)
        found.append((one.set, Answered(one.utterance.ends, begun)))
    return found


async def ours(turns: Sequence[Heard], judge: SlowJudge, options: TurnOptions) -> Answers:
    return [
        (one.set, Answered(one.utterance.ends, await by_us(one.utterance, (*one.edges, *one.texts), options, judge)))
        for one in turns
    ]


def patient(seconds: float) -> TurnOptions:
    usual = TurnOptions()
    return TurnOptions(after_sentence=seconds, after_open=max(seconds, usual.after_open))


def rows(name: str, answers: Answers) -> str:
    """One row for each set and one for all."""
    lines = []
    for which in (*dict.fromkeys(of for of, _ in answers), "all"):
        score = Score.of([turn for of, turn in answers if which in (of, "all")])
        lines.append(
            f"{name:<32} {which:<11} {score.turns:5} {score.cut_ins:5} {score.rate:7.1%}   "
            f"{score.p50:5.2f} {score.p90:5.2f}   {score.unanswered:3}"
        )
    return "\n".join(lines)


async def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--count", type=int, default=10, help="turns of each set, at most")
    chosen = arguments.parse_args()
    pipecat, model = StockPipecat(), SmartTurn()
    judge = SlowJudge(model)
    turns = await heard(sets(chosen.count), pipecat)
    print(f"machine: {machine()}\n{len(turns)} turns, {sum(len(one.utterance.pauses) for one in turns)} inner pauses\n")
    print(f"{'policy':<32} {'set':<11} turns    cut   rate     p50   p90  none")
    print(rows("silence, 0.8 s", silence_alone(turns, 0.8)))
    print(rows("Pipecat's defaults", await stock_pipecat(turns, pipecat, STOPS[-1], texts=True)))
    print(rows("Pipecat's, waits for no text", await stock_pipecat(turns, pipecat, STOPS[-1], texts=False)))
    print(rows("Vaani's defaults", await ours(turns, judge, TurnOptions())), flush=True)
    curves = {
        "silence alone": {f"{wait:g}": Score.of(_all(silence_alone(turns, wait))) for wait in SILENCES},
        "Pipecat": {
            f"{stop:g}": Score.of(_all(await stock_pipecat(turns, pipecat, stop, texts=False))) for stop in STOPS
        },
        "Vaani": {f"{wait:g}": Score.of(_all(await ours(turns, judge, patient(wait)))) for wait in PATIENCE},
    }
    print(f"\n{'curve':<14} {'patience':>8}    rate     p50   p90")
    for name, scores in curves.items():
        for label, score in scores.items():
            print(f"{name:<14} {label:>8} {score.rate:7.1%}   {score.p50:5.2f} {score.p90:5.2f}")
    plots.turn_taking(curves, {"Pipecat": "3", "Vaani": "0.45"}, PICTURE)
    model.close()


def _all(answers: Answers) -> list[Answered]:
    return [turn for _, turn in answers]


if __name__ == "__main__":
    asyncio.run(main())
