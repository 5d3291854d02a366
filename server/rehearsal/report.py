"""What rehearsed calls came to: on a terminal, as JSON for a program, as JUnit's XML for a build server."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any
from xml.etree import ElementTree as Xml

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from server.rehearsal.comparison import Comparison, Line
from server.rehearsal.verdict import Passage, Verdict


def show(console: Console, verdict: Verdict) -> None:
    good = "[green]as it should be[/]" if verdict.is_good else "[red]not as it should be[/]"
    ended = f"{verdict.seconds:.1f} s, ended by {escape(verdict.reason) or 'nothing'}"
    console.print(f"[bold]{escape(verdict.name)}[/]: {good}, {ended}")
    table = Table(box=None, padding=(0, 2, 0, 0))
    for name in ("at", "caller", "agent", "tools", "broke", "answer"):
        table.add_column(name, overflow="fold", justify="right" if name in ("at", "answer") else "left")
    for passage in verdict.passages:
        answer = "" if passage.answer_ms is None else f"{passage.answer_ms} ms"
        table.add_row(
            f"{passage.begins:.1f}",
            _caller(passage),
            escape(" ".join(passage.agent)),
            ", ".join(passage.tools),
            escape(", ".join(passage.broke)),
            answer,
        )
        for problem in passage.problems:
            table.add_row("", "", f"[red]{escape(problem)}[/]")
    console.print(table)
    for problem in verdict.problems:
        console.print(f"[red]{escape(problem)}[/]")


def _caller(passage: Passage) -> str:
    if not passage.understood or passage.understood == passage.caller:
        return escape(passage.caller)
    return f"{escape(passage.caller)} [dim]→ {escape(passage.understood)}[/]"


def show_comparison(console: Console, comparison: Comparison) -> None:
    table = Table(box=None, padding=(0, 2, 0, 0))
    for name in ("at", "then", "now", "waited then", "now ", "cut in"):
        table.add_column(name, overflow="fold")
    for then, now in comparison.pairs:
        first = then or now
        assert first is not None
        cut = ", ".join(name for name, line in (("then", then), ("now", now)) if line is not None and line.cut_in)
        table.add_row(
            f"{first.at:.1f}",
            *(escape(line.text) if line else "" for line in (then, now)),
            _wait(then),
            _wait(now),
            cut,
        )
    console.print(table)
    for worse in comparison.worse:
        console.print(f"[red]{worse}[/]")
    if not comparison.worse:
        console.print("[green]nothing got worse[/]")


def _wait(line: Line | None) -> str:
    return "" if line is None or line.wait_ms is None else f"{line.wait_ms:.0f} ms"


def document(verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """As JSON takes it."""
    return {
        "good": all(one.is_good for one in verdicts),
        "calls": [{**asdict(one), "good": one.is_good} for one in verdicts],
    }


def junit(verdicts: Sequence[Verdict]) -> str:
    """One suite, a test case for each call."""
    suite = Xml.Element(
        "testsuite",
        name="scenarios",
        tests=str(len(verdicts)),
        failures=str(sum(not one.is_good for one in verdicts)),
    )
    for verdict in verdicts:
        case = Xml.SubElement(suite, "testcase", name=verdict.name, time=f"{verdict.seconds:.3f}")
        problems = [*(problem for one in verdict.passages for problem in one.problems), *verdict.problems]
        if problems:
            Xml.SubElement(case, "failure", message=problems[0]).text = "\n".join(problems)
    return Xml.tostring(suite, encoding="unicode")
