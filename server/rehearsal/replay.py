"""A recorded call once more, through today's pipeline."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
from av.error import FFmpegError

from pipeline.audio import SAMPLE_BYTES, frame_bytes
from processors.lines import lines_for
from processors.tts.embedded import EmbeddedTts, Options
from server.briefing import plan_of
from server.call_plan import CallPlan
from server.keyring import keyring
from server.rehearsal.comparison import Comparison, compared
from server.rehearsal.line import Notes
from server.rehearsal.observer import Observer
from server.rehearsal.recorded import RecordedEar, RecordedMind, RecordedVoice, Tape
from server.rehearsal.stage import RATE, Stage, play
from server.settings import Settings
from storage.database import Database
from storage.recordings import Recordings
from storage.records import Turn, TurnLatency
from storage.sealing import SealedError

AFTERWARDS = 3.0
"""Seconds of silence behind the recording, for an answer that is still to come."""


class ReplayError(Exception):
    """The call cannot be played again. Fit to be shown."""


@dataclass(frozen=True, slots=True)
class Found:
    """What is kept of a call."""

    organisation: str
    plan: CallPlan
    turns: list[Turn]
    latencies: list[TurnLatency]
    file: Path


async def found(database: Database, settings: Settings, call_id: str) -> Found:
    """Raises ReplayError."""
    async with database.read() as work:
        call = await work.calls.get(call_id)
        if call is None:
            raise ReplayError("There is no such call.")
        if call.recording is None:
            raise ReplayError("The call was not recorded.")
        own = work.of(call.organisation_id)
        flow = None if call.flow_id is None else await own.flows.get(call.flow_id)
        if flow is None:
            raise ReplayError("The call's flow is gone: nobody knows any more what its agent was told.")
        customer = None if call.customer_id is None else await own.customers.get(call.customer_id)
        try:
            plan = await plan_of(own, keyring(settings), flow, customer, {})
        except SealedError:
            raise ReplayError("The flow's plan cannot be opened with this server's keys.") from None
        turns, latencies = await own.calls.turns(call_id), await own.calls.latencies(call_id)
    file = Recordings(settings.data_dir).file(call.recording)
    if not await asyncio.to_thread(file.exists):
        raise ReplayError("The recording is not on this machine.")
    return Found(call.organisation_id, plan, turns, latencies, file)


async def replayed(shared: Stage, call: str, kept: Found, *, live: bool) -> Comparison:
    """`live`: today's providers are asked, and answer what they will; else those of then are played back.

    The embedded recogniser is always asked. Raises ReplayError.
    """
    tape = await asyncio.to_thread(_tape, kept)
    notes = Notes()
    observer = Observer(notes, lines_for(kept.plan.language))
    plan = kept.plan
    ports: dict[str, Any] = {}
    if not live:
        plan = _as_it_was(plan, tape)
        ports = {"llm": RecordedMind(tape, notes), "tts": RecordedVoice(tape, EmbeddedTts(Options()))}
    if not live and plan.stt.provider != "embedded":
        ports["stt"] = RecordedEar(tape)
    await play(
        shared,
        plan,
        _caller(tape),
        observer,
        notes,
        organisation=kept.organisation,
        put_in=lambda stage, port: ports.get(stage, port),
    )
    return compared(call, kept.turns, kept.latencies, observer.heard.said, notes.spans)


def _as_it_was(plan: CallPlan, tape: Tape) -> CallPlan:
    """Its greeting is that of then, and nobody else's servers are asked for anything."""
    silent = {"fallbacks": ()}
    return plan.model_copy(
        update={
            "greeting": "" if tape.greeting is None else tape.greeting.text,
            "stt": plan.stt.model_copy(update=silent),
            "llm": plan.llm.model_copy(update=silent),
            "tts": plan.tts.model_copy(update=silent),
            "realtime": None,
            "turns": plan.turns.model_copy(update={"reader": None}),
            "tools": (),
            "hooks": (),
            "knowledge": None,
            "guardrails": (),
            "voice_cache": False,
            "speculate": False,
        }
    )


def _tape(kept: Found) -> Tape:
    """Blocks: for a thread. Raises ReplayError."""
    sides = [bytearray(), bytearray()]
    try:
        with av.open(str(kept.file), "r") as container:
            stream = container.streams.audio[0]
            if stream.channels != len(sides):
                raise ReplayError("The recording is not of two sides.")
            resampler = av.AudioResampler(format="s16p", layout="stereo", rate=RATE)
            for frame in container.decode(stream):
                for made in resampler.resample(frame):
                    for side, plane in zip(sides, made.planes, strict=True):
                        side += bytes(plane)[: made.samples * SAMPLE_BYTES]
    except (FFmpegError, IndexError):
        raise ReplayError("The recording cannot be read.") from None
    return Tape(bytes(sides[0]), bytes(sides[1]), RATE, kept.turns)


async def _caller(tape: Tape) -> AsyncIterator[bytes]:
    size = frame_bytes(tape.rate)
    for begin in range(0, len(tape.caller), size):
        yield tape.caller[begin : begin + size].ljust(size, b"\0")
    yield bytes(round(AFTERWARDS / 0.02) * size)
