"""What the commands `scenarios` and `replay` do."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any, TypeVar

import typer
import uvloop

from processors.catalogue import UnknownProviderError
from processors.models import ModelMissing
from server.assembly import BadOptionsError
from server.command import BAD_SETTING, console, fail, opened, run
from server.rehearsal import report
from server.rehearsal.clock import RehearsalLoop
from server.rehearsal.comparison import Comparison
from server.rehearsal.replay import Found, ReplayError, found, replayed
from server.rehearsal.scenario import Scenario, ScenarioError, read
from server.rehearsal.stage import rehearsed, stage
from server.rehearsal.verdict import Verdict
from server.settings import Settings

NOT_AS_IT_SHOULD_BE = 1

_T = TypeVar("_T")


def scenarios(settings: Settings, paths: Sequence[Path], out: Path | None, junit: Path | None) -> None:
    """Those of files, and of the YAML files in folders. Ends with an exit status if one was not as it should be."""
    try:
        files = _files(paths)
        read_in = [(file, read(file)) for file in files]
    except ScenarioError as error:
        fail(str(error), BAD_SETTING)
    verdicts = []
    for file, scenario in read_in:
        verdict = _held(_rehearsal(settings, scenario, file), real_time=scenario.real_time)
        report.show(console, verdict)
        verdicts.append(verdict)
    _write(out, lambda: json.dumps(report.document(verdicts), ensure_ascii=False, indent=1))
    _write(junit, lambda: report.junit(verdicts))
    good = sum(one.is_good for one in verdicts)
    console.print(f"{good} of {len(verdicts)} calls went as they should.")
    if good < len(verdicts):
        raise typer.Exit(NOT_AS_IT_SHOULD_BE)


def replay(settings: Settings, call: str, out: Path | None, *, live: bool) -> None:
    """Ends with an exit status if something got worse."""
    try:
        kept = run(_found(settings, call))
        comparison = _held(_replay(settings, call, kept, live=live), real_time=live)
    except ReplayError as error:
        fail(str(error), BAD_SETTING)
    report.show_comparison(console, comparison)
    _write(out, lambda: json.dumps(comparison.document(), ensure_ascii=False, indent=1))
    if comparison.worse:
        raise typer.Exit(NOT_AS_IT_SHOULD_BE)


def _held(work: Coroutine[Any, Any, _T], *, real_time: bool) -> _T:
    """In a loop of its own; its clock stands still while something is worked at, unless it is to be the real one."""
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop if real_time else RehearsalLoop) as runner:
            return runner.run(work)
    except (ScenarioError, ModelMissing, BadOptionsError, UnknownProviderError) as error:
        fail(str(error), BAD_SETTING)


async def _rehearsal(settings: Settings, scenario: Scenario, file: Path) -> Verdict:
    async with stage(file.parent / "knowledge", settings.models_dir) as shared:
        return await rehearsed(shared, scenario, file.parent)


async def _replay(settings: Settings, call: str, kept: Found, *, live: bool) -> Comparison:
    async with stage(settings.knowledge, settings.models_dir) as shared:
        return await replayed(shared, call, kept, live=live)


async def _found(settings: Settings, call: str) -> Found:
    async with opened(settings) as database:
        return await found(database, settings, call)


def _files(paths: Sequence[Path]) -> list[Path]:
    """Raises ScenarioError."""
    files = [file for path in paths for file in (sorted(path.glob("*.yaml")) if path.is_dir() else [path])]
    if not files:
        raise ScenarioError("There are no scenarios there: files whose names end in .yaml are looked for.")
    return files


def _write(file: Path | None, text: Callable[[], str]) -> None:
    if file is None:
        return
    try:
        file.write_text(text() + "\n", encoding="utf-8")
    except OSError as error:
        fail(f"{file} cannot be written: {error.strerror}", BAD_SETTING)
