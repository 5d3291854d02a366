"""R7: providers that fail in mid-call. How soon a fallback speaks, how long it is silent, how a call ends if all fail.

Whole calls in real time through the stages of a server. The language models are local servers of OpenAI's protocol;
recognisers and voices are scripted, and their faults as sudden as those of a socket.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import uvloop
from aiohttp import ClientSession

from benchmarks.report import Bar, machine
from pipeline.frames import AudioOut, Frame, Hangup, Heard, SpeechStopped, Transcript, UserTurn
from pipeline.pipeline import Pipeline
from pipeline.processor import Processor
from pipeline.session import CallSession
from processors.breaker import Account, Breakers
from processors.dialogue import Dialogue
from processors.fallback import Chain, Member
from processors.fallback_llm import FallbackLlm
from processors.fallback_stt import FallbackStt
from processors.fallback_tts import FallbackTts
from processors.lines import lines_for
from processors.llm import openai
from processors.ports import LanguageModel, Message, ProviderError, SpeechToText, TextToSpeech, Tool, ToolCall
from processors.speech_in import SpeechIn
from processors.speech_out import SpeechOut, Stored
from processors.tts.embedded import EmbeddedTts, Options
from processors.turns import TurnOptions, TurnTaker
from processors.vad import LoudnessVad, VadOptions
from processors.watchdog import Watchdog
from server.sounds.speech import spoken
from tests.processors import openai_server
from tests.processors.faulty import FAULTS, Ears, Voice
from tests.processors.openai_server import HANG, RESET, STOP, text
from transports.loopback import Line, Loopback, quiet, tone

RATE = 8000
LINES = lines_for("en")
SAID = "Your table is booked. We see you on Friday at seven."
SPOKEN, LISTENING = 1.2, 16.0
"""Seconds that the caller talks, and then listens at most."""
STAGES = ("stt", "llm", "tts")
KINDS = ("401", "429", "500", "reset", "hang", "reset in mid-sentence", "hang in mid-sentence")
AFTER_ERROR, AFTER_HANG, HANG_UP, SILENCE = 0.5, 2.0, 6.0, 2.05
"""R7, in seconds. Silence is counted in slices of 20 ms, and the filler is due at the end of the last of them."""


class Dated:
    """A language model, when it was asked, and when it gave its last sign of life."""

    def __init__(self, model: LanguageModel) -> None:
        self._model = model
        self.begun = self.befell = 0.0

    async def reply(self, chat: Sequence[Message], tools: Sequence[Tool]) -> AsyncGenerator[str | ToolCall, None]:
        self.begun = self.befell = time.monotonic()
        try:
            async with aclosing(self._model.reply(chat, tools)) as pieces:
                async for piece in pieces:
                    self.befell = time.monotonic()
                    yield piece
        except ProviderError:
            self.befell = time.monotonic()
            raise


@dataclass
class Watch(Processor):
    """Last in the row: when what went by."""

    stopped: float = 0.0
    asked: float = 0.0
    understood: list[float] = field(default_factory=list)
    sounds: list[float] = field(default_factory=list)
    heard: list[float] = field(default_factory=list)
    over: float = 0.0

    def process(self, frame: Frame) -> None:
        now = time.monotonic()
        match frame:
            case SpeechStopped():
                self.stopped = now
            case Transcript(final=True):
                self.understood.append(now)
            case UserTurn():
                self.asked = now
            case AudioOut(reply=reply) if reply > 0:
                self.sounds.append(now)
            case Heard():
                self.heard.append(now)
            case Hangup():
                self.over = now
        self.emit(frame)


@dataclass(frozen=True, slots=True)
class Found:
    stage: str
    kind: str
    speaks: float
    """Seconds from the fault, or from the end of the caller's speech if that was later, to what the next one says: a
    recogniser's text, else sound."""
    silence: float
    """The longest that the caller heard nothing, from the end of their turn, or of speech that was not understood."""
    ended: float = 0.0
    """Seconds from the fault to our hang-up, if all failed."""


@dataclass(frozen=True, slots=True)
class Bench:
    http: ClientSession
    stack: AsyncExitStack
    apology: Stored
    goodbye: Stored
    fillers: tuple[Stored, ...]

    async def call(self, stage: str, kind: str, *, all_dead: bool = False) -> Found:
        ports: dict[str, list[Any]] = {"stt": [Ears()], "llm": [await self._model("")], "tts": [Voice(1)]}
        others = [await self._port(stage, kind) if all_dead else ports[stage][0]]
        ports[stage] = [await self._port(stage, kind), *others]
        watch, breakers = Watch(), Breakers()

        def chain(of: str) -> Chain[Any]:
            members = [Member(str(n), port, breakers.of(Account(of, str(n)))) for n, port in enumerate(ports[of])]
            return Chain(of, members, lambda move: None)

        stt: SpeechToText = FallbackStt(chain("stt"))
        llm: LanguageModel = FallbackLlm(chain("llm"))
        tts: TextToSpeech = FallbackTts(chain("tts"))
        stages = [
            LoudnessVad(VadOptions()),
            SpeechIn(stt, RATE),
            TurnTaker(TurnOptions(after_open=0.3, after_number=0.3), RATE, "en-IN", None),
            Dialogue(llm, lines=LINES),
            Watchdog(LINES),
            SpeechOut(tts, RATE, self.apology, goodbye=self.goodbye, fillers=self.fillers),
            watch,
        ]
        await CallSession(Loopback(_caller(), real_time=True), Pipeline(stages)).run()
        first, second = ports[stage]
        return _found(stage, kind, watch, max(first.befell, watch.stopped), second.begun)

    async def _port(self, stage: str, kind: str) -> Any:
        name, _, mid = kind.partition(" ")
        if stage == "llm":
            return await self._model(kind)
        if stage == "tts":
            return Voice(2, words=6 if mid else 0, fault=FAULTS[name])
        return Ears(answers=0, seconds=0.6 if mid else 10_000.0, fault=FAULTS[name])

    async def _model(self, kind: str) -> Dated:
        server = await self.stack.enter_async_context(openai_server.running())
        name, _, mid = kind.partition(" ")
        begun = [text("Your table is booked. "), text("We see you on ")] if mid else []
        if not kind:
            server.script = [text(SAID), STOP]
        elif name.isdigit():
            server.script = int(name)
        else:
            server.script = [*begun, {"reset": RESET, "hang": HANG}[name]]
        return Dated(openai.create(openai.Options(base_url=server.base_url, first_token_timeout_seconds=30), self.http))


async def _caller() -> AsyncIterator[Line]:
    yield tone(1.0, loud=20)
    yield tone(SPOKEN)
    for _ in range(round(LISTENING / 0.02)):
        yield quiet(0.02)


def _found(stage: str, kind: str, watch: Watch, befell: float, fallback_begun: float) -> Found:
    said = watch.understood if stage == "stt" and watch.understood else watch.sounds
    speaks = next((at for at in said if at > max(fallback_begun, watch.stopped)), float("inf"))
    begin = watch.stopped if stage == "stt" else watch.asked
    edges = [begin, *(at for at in watch.heard if at > begin)]
    silence = max((after - before for before, after in pairwise(edges)), default=float("inf"))
    return Found(stage, kind, speaks - befell, silence, watch.over - befell if watch.over else float("inf"))


async def main() -> None:
    await asyncio.to_thread(openai.warm)
    voice = EmbeddedTts(Options(language="en"))
    texts = (LINES.apology, LINES.unable, *LINES.fillers)
    apology, goodbye, *fillers = [Stored(line, await spoken(voice, line, RATE)) for line in texts]
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(ClientSession())
        stack.push_async_callback(openai.close, http)
        bench = Bench(http, stack, apology, goodbye, tuple(fillers))
        await bench.call("llm", "500")  # the first request of a process is not a call's
        some: list[Found] = []
        for stage in STAGES:
            some += await asyncio.gather(*(bench.call(stage, kind) for kind in KINDS))
        none = await asyncio.gather(
            *(bench.call(stage, kind, all_dead=True) for stage in STAGES for kind in ("500", "hang"))
        )
    print(f"machine: {machine()}\n\n{len(some)} calls in real time, two providers of each stage, the first one fails\n")
    print("| stage | fault | fallback speaks after, s | bar | longest silence, s |\n|---|---|---|---|---|")
    for one in some:
        bar = AFTER_HANG if one.kind.startswith("hang") else AFTER_ERROR
        print(f"| {one.stage} | {one.kind} | {one.speaks:.2f} | {bar:g} | {one.silence:.2f} |")
    print("\n| stage | both fail by | apology begins after, s | hang-up after, s | longest silence, s |")
    print("|---|---|---|---|---|")
    for one in none:
        print(f"| {one.stage} | {one.kind} | {one.speaks:.2f} | {one.ended:.2f} | {one.silence:.2f} |")
    print()
    errors = [one.speaks for one in some if not one.kind.startswith("hang")]
    hangs = [one.speaks for one in some if one.kind.startswith("hang")]
    for line in (
        Bar("R7 fallback speaks after an error, the worst", max(errors), AFTER_ERROR, "s"),
        Bar("R7 fallback speaks after a hang, the worst", max(hangs), AFTER_HANG, "s"),
        Bar("R7 hang-up when all are dead, the worst", max(one.ended for one in none), HANG_UP, "s"),
        Bar("R7 silence that nobody explains, the worst", max(one.silence for one in (*some, *none)), SILENCE, "s"),
    ):
        print(line)


if __name__ == "__main__":
    uvloop.run(main())
