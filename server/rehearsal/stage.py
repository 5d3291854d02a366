"""Runs the call of a scenario, with the server's own stages, and says how it went."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from aiohttp import ClientSession
from prometheus_client import CollectorRegistry

from pipeline.frames import Frame
from pipeline.pipeline import Pipeline
from pipeline.session import CallSession
from processors.breaker import Breakers
from processors.lines import lines_for
from processors.llm import openai
from processors.meter import Metrics
from processors.recorder import RecordingThread
from processors.smart_turn import SmartTurn
from processors.stt import embedded
from processors.tools.requests import Outside
from processors.tts.embedded import EmbeddedTts
from server.assembly import Workshop
from server.call_plan import CallPlan
from server.library import Library
from server.plan import filled_in
from server.rehearsal.caller import ScriptedCaller
from server.rehearsal.detector import PromptDetector
from server.rehearsal.faults import FAULTY, Troubles
from server.rehearsal.line import Notes, RehearsedLine
from server.rehearsal.observer import Observer
from server.rehearsal.scenario import Caller, Scenario, ScenarioError, Turn
from server.rehearsal.servers import ToolServer
from server.rehearsal.tools import toolbox
from server.rehearsal.verdict import Verdict, judged
from server.sounds.sound_file import NoSoundError, decoded
from server.sounds.speech import spoken
from server.tools.hook_tools import for_hooks
from transports.loopback import Line

RATE = 8000


@dataclass(frozen=True, slots=True)
class Stage:
    """What rehearsed calls share."""

    workshop: Workshop
    spoken: dict[tuple[Caller, str], bytes] = field(default_factory=dict)
    """What callers say: the embedded voice never says a sentence twice in exactly the same way."""


@asynccontextmanager
async def stage(knowledge: Path, models: Path) -> AsyncIterator[Stage]:
    """Documents are looked for below `knowledge`, an organisation's in the folder of its id. Raises ModelMissing."""
    await asyncio.to_thread(embedded.warm, "base", models)
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(ClientSession())
        stack.push_async_callback(openai.close, http)
        judge = SmartTurn()
        stack.callback(judge.close)
        recordings = RecordingThread()
        stack.callback(recordings.close)
        yield Stage(
            Workshop(
                http=http,
                detector=stack.enter_context(PromptDetector()),
                judge=judge.finished,
                recordings=recordings,
                metrics=Metrics(CollectorRegistry()),
                max_seconds=3600.0,
                breakers=Breakers(asyncio.get_running_loop().time),
                outside=Outside(http, plain=True),
                library=Library(knowledge, http),
            )
        )


async def rehearsed(shared: Stage, scenario: Scenario, folder: Path) -> Verdict:
    """`folder` is where its sounds lie. Raises ScenarioError, and what the making of its stages raises."""
    notes, troubles, tools = Notes(), Troubles(), ToolServer(scenario.server)
    sounds = [await _sound(shared, scenario.caller, turn, folder) for turn in scenario.turns]

    def begins(turn: Turn) -> None:
        troubles.over()
        for fault in turn.faults:
            troubles.add(fault)
        tools.statuses |= turn.server

    def put_in(stage: str, port: Any) -> Any:
        return FAULTY[stage](port, troubles) if stage in FAULTY else port

    async with tools.serving():
        plan = filled_in(scenario.call_plan(tools.url))
        observer = Observer(notes, lines_for(plan.language))
        caller = ScriptedCaller(list(zip(scenario.turns, sounds, strict=True)), notes, begins, rate=RATE)
        ending = await play(shared, plan, caller.lines(), observer, notes, queues=scenario.queues, put_in=put_in)
    return judged(scenario, caller.taken, notes, observer.heard, troubles.met, ending)


async def play(
    shared: Stage,
    plan: CallPlan,
    caller: AsyncIterator[Line],
    observer: Observer,
    notes: Notes,
    *,
    queues: Sequence[str] = (),
    organisation: str = "",
    put_in: Callable[[str, Any], Any],
) -> str:
    """One call to its end; returns why the line went down. `put_in` is what each provider is put in, by its stage."""
    waiting: list[Callable[[Frame], None]] = []

    def command(frame: Frame) -> None:
        asyncio.get_running_loop().call_soon(waiting[0], frame)

    workshop = replace(shared.workshop, put_in=put_in)
    assert workshop.outside is not None
    line = RehearsedLine(caller, notes, rate=RATE)
    stages = await workshop.stages(
        plan,
        rate=RATE,
        transport="loopback",
        recording=None,
        last=(observer,),
        queues=queues,
        organisation=organisation,
        toolbox=toolbox(plan, workshop.outside, command),
        hook_tools=toolbox(for_hooks(plan), workshop.outside, command),
    )
    session = CallSession(line, Pipeline(stages))
    waiting.append(session.command)
    observer.session = session
    await session.run()
    return line.ending


async def _sound(shared: Stage, caller: Caller, turn: Turn, folder: Path) -> bytes:
    """Empty if nothing is said. Raises ScenarioError."""
    if turn.file:
        return await asyncio.to_thread(_read, folder / turn.file)
    key = caller, turn.say
    if turn.say and key not in shared.spoken:
        voice = EmbeddedTts(caller.tts)
        shared.spoken[key] = await spoken(voice, turn.say, RATE)
    return shared.spoken.get(key, b"")


def _read(file: Path) -> bytes:
    try:
        return decoded(file.read_bytes(), RATE)
    except (OSError, NoSoundError):
        raise ScenarioError(f"{file.name} is no WAV or MP3 file") from None
