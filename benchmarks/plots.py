"""Pictures of what was measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib as mpl

mpl.use("agg")
from matplotlib import pyplot as plt

from benchmarks.api_questions import Answers
from benchmarks.load import Load
from benchmarks.turn_scores import Score

COLOURS = {
    "Vaani": "#0f766e",
    "LiveKit Agents": "#b45309",
    "Pipecat": "#6d28d9",
    "Pipecat, end-of-turn model": "#a78bfa",
    "silence alone": "#64748b",
}


def call_load(loads: Sequence[Load], path: Path) -> None:
    """How CPU and answers grow with the number of calls on one core."""
    figure, (cpu, answer) = plt.subplots(1, 2, figsize=(11, 4.2), layout="constrained")
    for name in dict.fromkeys(load.server for load in loads):
        ours = [load for load in loads if load.server == name]
        calls = [load.calls for load in ours]
        colour = COLOURS[name]
        cpu.plot(calls, [load.cpu for load in ours], "o-", color=colour, label=name)
        answer.plot(calls, [load.over_p50 for load in ours], "o-", color=colour, label=f"{name}, p50")
        answer.plot(calls, [load.over_p95 for load in ours], "o--", color=colour, alpha=0.6, label=f"{name}, p95")
    cpu.set(title="CPU of one second of one call", xlabel="calls at once", ylabel="ms", yscale="log", xscale="log")
    answer.set(
        title="Added to an answer, over the voice detector's wait",
        xlabel="calls at once",
        ylabel="ms",
        xscale="log",
    )
    answer.set_yscale("symlog", linthresh=10)  # a detector that decides earlier than ours answers below zero
    answer.axhline(100, color="#dc2626", linewidth=0.8, linestyle=":")
    for axes in (cpu, answer):
        axes.grid(visible=True, which="both", alpha=0.25)
        axes.legend(fontsize=7)
    figure.savefig(path, dpi=110)
    plt.close(figure)


def waterfall(steps: Mapping[str, float], title: str, path: Path) -> None:
    """Median milliseconds from the end of the caller's speech to each step, in the order of the road."""
    figure, axes = plt.subplots(figsize=(8, 3.2), layout="constrained")
    before = 0.0
    for row, at in enumerate(steps.values()):
        axes.barh(row, max(at - before, 1.0), left=before, color="#0f766e")
        axes.text(at + 5, row, f"{at:.0f} ms", va="center", fontsize=8)
        before = max(at, before)
    axes.set_yticks(range(len(steps)), list(steps))
    axes.invert_yaxis()
    axes.set(title=title, xlabel="ms since the caller's last sound", xlim=(0, before * 1.15))
    axes.grid(visible=True, axis="x", alpha=0.25)
    figure.savefig(path, dpi=110)
    plt.close(figure)


def api_growth(found: Sequence[Answers], shown: Sequence[str], path: Path) -> None:
    """How long answers of the control API take as an office grows: medians, and up to p99 in a lighter shade."""
    names = list(dict.fromkeys(answers.database for answers in found))
    figure, panels = plt.subplots(
        1, len(names), figsize=(6 * len(names), 5), sharey=True, squeeze=False, layout="constrained"
    )
    for axes, name in zip(panels[0], names, strict=True):
        for place, question in enumerate(shown):
            ours = [answers for answers in found if (answers.database, answers.question) == (name, question)]
            calls, colour = [answers.calls for answers in ours], plt.get_cmap("tab20")(place)
            axes.plot(calls, [answers.p50 for answers in ours], "o-", markersize=3, color=colour, label=question)
            axes.fill_between(
                calls, [answers.p50 for answers in ours], [answers.p99 for answers in ours], color=colour, alpha=0.12
            )
        axes.axhline(20, color="#dc2626", linewidth=0.8, linestyle=":")
        axes.set(title=name, xlabel="calls, with a tenth as many customers", xscale="log", yscale="log")
        axes.grid(visible=True, which="both", alpha=0.25)
    panels[0][0].set_ylabel("ms")
    figure.legend(*panels[0][0].get_legend_handles_labels(), loc="outside right upper", fontsize=7)
    figure.savefig(path, dpi=110)
    plt.close(figure)


def turn_taking(curves: Mapping[str, Mapping[str, Score]], defaults: Mapping[str, str], path: Path) -> None:
    """How often each policy cuts in, and how long it keeps waiting; `defaults` name the point that is circled."""
    figure, panels = plt.subplots(1, 2, figsize=(11, 4.2), sharey=True, layout="constrained")
    for axes, share in zip(panels, ("p50", "p90"), strict=True):
        for name, scores in curves.items():
            waits = {label: getattr(score, share) for label, score in scores.items()}
            rates = {label: 100 * score.rate for label, score in scores.items()}
            axes.plot(list(waits.values()), list(rates.values()), "o-", markersize=4, color=COLOURS[name], label=name)
            if (usual := defaults.get(name)) is not None:
                axes.plot(waits[usual], rates[usual], "o", markersize=13, fillstyle="none", color=COLOURS[name])
        axes.set(title=f"wait after the end of a turn, {share}", xlabel="seconds", ylim=(0, None))
        axes.grid(visible=True, alpha=0.25)
        axes.legend(fontsize=8)
    panels[0].set_ylabel("turns cut in on, %")
    figure.savefig(path, dpi=110)
    plt.close(figure)
