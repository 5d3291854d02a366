"""What guardrails cost and catch, and what looking things up costs.

Deterministic: the time of a check, and of a reply's way from the model's first piece to its first phrase, with and
without. Judged: a stand-in model of a fixed time. Detection: sentences of our own making, in two
batches; the rules were mended after the first and left as they were after the second.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import AsyncGenerator, Sequence
from typing import Any

from benchmarks.guardrail_sentences import TOLD, Labelled, prices, stock
from benchmarks.report import Bar, percentile, print_bars
from processors.guardrails.guarded import GuardedLlm
from processors.guardrails.judge import Judge
from processors.guardrails.lines import instead
from processors.guardrails.names import NO_PRICE, NO_STOCK, Told
from processors.guardrails.prices import TellsPrices
from processors.guardrails.stock import TellsStock
from processors.knowledge.index import Index
from processors.ports import Form, LanguageModel, Message, Tool, ToolCall
from processors.sentences import phrases

REPLIES = 200
PIECE_SECONDS = 0.002
JUDGE_SECONDS = 0.15
TEXT = "Thank you for asking, a visit costs five hundred rupees. The red sofa is in stock. Shall I book one for you?"
CHAT = (Message("system", " ".join(TOLD)), Message("user", "How much is it?"))
PASSAGES = 10_000


class Typist:
    """Four characters at a time, as fast as a quick model; judges in a fixed time."""

    async def reply(self, chat: Sequence[Message], tools: Sequence[Tool]) -> AsyncGenerator[str | ToolCall, None]:
        for begin in range(0, len(TEXT), 4):
            await asyncio.sleep(PIECE_SECONDS)
            yield TEXT[begin : begin + 4]

    async def fill(self, chat: Sequence[Message], form: Form) -> dict[str, Any]:
        await asyncio.sleep(JUDGE_SECONDS)
        return {"breaks": False}


async def first_and_last(llm: LanguageModel) -> tuple[float, float]:
    """Seconds until the voice has its first phrase, and its last: it cuts as it always does."""
    began = time.perf_counter()

    async def text() -> AsyncGenerator[str, None]:
        async for piece in llm.reply(CHAT, ()):
            if isinstance(piece, str):
                yield piece

    times = [time.perf_counter() - began async for _ in phrases(text())]
    return times[0], times[-1]


def guarded(*guardrails: str, judge: Judge | None = None) -> LanguageModel:
    return GuardedLlm(Typist(), guardrails, instead=instead("en"), judge=judge, report=lambda frame: None)


async def latency() -> list[Bar]:
    judge = Judge(Typist(), ("Never give medical advice.",))
    ways = {
        "without": Typist(),
        "by name": guarded(NO_PRICE, NO_STOCK),
        "by sentence": guarded("Never give medical advice.", judge=judge),
    }
    taken: dict[str, list[tuple[float, float]]] = {way: [] for way in ways}
    for number in range(REPLIES):
        for way, llm in ways.items():  # in turns, so that a busy moment of the machine falls on all
            if way != "by sentence" or number < REPLIES // 5:
                taken[way].append(await first_and_last(llm))
    middle = {
        way: [statistics.median(one[place] for one in times) * 1000 for place in (0, 1)] for way, times in taken.items()
    }
    for way, (first, last) in middle.items():
        print(f"  {way:<12} first phrase {first:7.2f} ms   last phrase {last:7.2f} ms")
    plain, named, judged = middle["without"], middle["by name"], middle["by sentence"]
    return [
        Bar("guardrails by name: first phrase later by, p50", named[0] - plain[0], 1, "ms"),
        Bar("guardrails by name: last phrase later by, p50", named[1] - plain[1], 2, "ms"),
        Bar(
            f"by sentence, judge of {JUDGE_SECONDS * 1000:.0f} ms: first later by, p50", judged[0] - plain[0], 160, "ms"
        ),
        Bar("by sentence: last phrase later by, p50", judged[1] - plain[1], 160, "ms"),
    ]


def checks() -> Bar:
    took = []
    for rail, sentences in rails():
        for one in sentences * 20:
            began = time.perf_counter()
            rail.founded(one.text)
            took.append((time.perf_counter() - began) * 1e6)
    print(f"  a check takes p50 {percentile(took, 0.5):.0f} µs, p99 {percentile(took, 0.99):.0f} µs")
    return Bar("a phrase's check, p50", percentile(took, 0.5), 300, "µs")


def rails(*, again: bool = False) -> list[tuple[Told, list[Labelled]]]:
    made: list[tuple[Told, list[Labelled]]] = [
        (TellsPrices(), prices(again=again)),
        (TellsStock(), stock(again=again)),
    ]
    for rail, _ in made:
        rail.learn(TOLD)
    return made


def detection(batch: str, *, again: bool) -> list[Bar]:
    """The bars are of the first batch; what the second shows is printed."""
    bars = []
    for name, (rail, sentences) in zip((NO_PRICE, NO_STOCK), rails(again=again), strict=True):
        held = [one for one in sentences if not rail.founded(one.text)]
        right = sum(not one.founded for one in held)
        made_up = sum(not one.founded for one in sentences)
        precision, recall = 100 * right / len(held), 100 * right / made_up
        print(f"  {batch} batch, {name}: {len(sentences)} sentences, {made_up} of them made up")
        print(f"    {len(held)} held back, {right} rightly: precision {precision:.0f} %, recall {recall:.0f} %")
        for one in sentences:
            if one.founded == (one in held):
                print(f"    wrongly {'held' if one in held else 'passed'}: {one.language} {one.text}")
        bars += [
            Bar(f"{name}: precision", precision, 95, "%", at_least=True),
            Bar(f"{name}: recall", recall, 90, "%", at_least=True),
        ]
    return [] if again else bars


def search() -> list[Bar]:
    named = "visit fee doctor clinic sofa lamp table chair delivery return warranty policy open close street"
    words = named.split()
    passages = [
        f"{words[n % 15]} {words[n // 15 % 15]} number {n}: we sell and mend {words[n * 7 % 15]}s in place {n % 97}."
        for n in range(PASSAGES)
    ]
    began = time.perf_counter()
    index = Index(passages)
    print(f"  an index of {PASSAGES} passages is built in {time.perf_counter() - began:.2f} s, in a thread")
    took = []
    for number in range(500):
        query = f"What is the {words[number % 15]} of number {number} and its warranty?"
        began = time.perf_counter()
        index.best([(query, 1.0)], 3)
        took.append((time.perf_counter() - began) * 1000)
    return [
        Bar("a search of 10,000 passages, p50", percentile(took, 0.5), 1, "ms"),
        Bar("a search of 10,000 passages, p99", percentile(took, 0.99), 5, "ms"),
    ]


def main() -> None:
    bars = [
        *asyncio.run(latency()),
        checks(),
        *detection("first", again=False),
        *detection("second", again=True),
        *search(),
    ]
    print_bars(*bars)


if __name__ == "__main__":
    main()
