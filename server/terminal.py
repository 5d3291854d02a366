"""A call in the terminal: its words as they fall, then where the time of every answer went."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

WIDTH = 26
"""Characters of a waterfall's time axis."""
QUESTION = 24
"""Characters of what the caller said that stand beside it."""
STEPS = (
    ("VAD", "vad", "cyan"),
    ("STT", "transcript", "blue"),
    ("turn", "turn", "magenta"),
    ("LLM", "first_text", "yellow"),
    ("TTS", "first_audio", "green"),
    ("line", "on_line", "red"),
)
"""In the order in which they can come; each is told in seconds from the end of the caller's speech."""
WHO = {"agent": Text("agent", "green"), "customer": Text("caller", "cyan")}


class CallView:
    """Shows the messages of a live call. Finished lines stay; what is being said stands below them until it is one."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live = Live(console=console, refresh_per_second=12, transient=True)
        self._partials: dict[str, str] = {}
        self._answers: list[Mapping[str, Any]] = []
        self._asked = ""
        self._questions: list[str] = []

    def __enter__(self) -> Self:
        self._live.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._live.__exit__(kind, error, at)

    def show(self, message: Mapping[str, Any]) -> None:
        match message["type"]:
            case "transcript":
                self._partials.pop(message["speaker"], None)
                if message["speaker"] == "customer":
                    self._asked = message["text"]
                cut = ("  ✂ the caller cut in", "red") if message.get("interrupted") else ""
                self._line(message["timestamp"], WHO[message["speaker"]], Text.assemble(message["text"], cut))
            case "partial":
                self._partials[message["speaker"]] = message["text"]
            case "held":
                self._partials["held"] = "the caller speaks: the agent holds its tongue"
            case "resumed":
                if self._partials.pop("held", None):
                    self._line(message["timestamp"], Text(), Text("no words: the agent goes on", "dim"))
            case "interrupted":
                self._partials.pop("held", None)
                self._partials.pop("agent", None)
            case "dead_air":
                waited = f"no answer for {message['seconds']:.1f} s: a filler"
                self._line(message["timestamp"], Text(), Text(waited, "red"))
            case "latency":
                self._answers.append(message)
                self._questions.append(self._asked)
        self._live.update(self._below())

    def summary(self) -> Table:
        """A waterfall for every answer, all on one time axis."""
        table = Table(box=None, pad_edge=False, title_justify="left", title_style="bold")
        table.title = "Milliseconds from the caller's last sound until each step was done"
        table.add_column("caller")
        table.add_column("")
        for name, _, colour in STEPS:
            table.add_column(Text(name, colour), justify="right")
        scale = max(self.answers, default=1.0)
        for question, answer in zip(self._questions, self._answers, strict=True):
            shown = question if len(question) <= QUESTION else question[: QUESTION - 1] + "…"
            took = ("" if answer[key] is None else f"{answer[key] * 1000:.0f}" for _, key, _ in STEPS)
            table.add_row(Text(shown), _bar(answer, scale), *took)
        return table

    @property
    def answers(self) -> list[float]:
        """Seconds from the end of the caller's speech to the first sound, for every answer."""
        return [answer["on_line"] for answer in self._answers]

    def _line(self, at: float, who: Text, text: Text) -> None:
        row = Table.grid(padding=(0, 1))
        row.add_column(width=8, justify="right", style="dim")
        row.add_column(width=6)
        row.add_column(ratio=1)
        row.add_row(f"{at:.1f} s", who, text)
        self._console.print(row)

    def _below(self) -> Text:
        lines = (
            Text.assemble(" " * 9, WHO.get(speaker, Text()), " ", (f"{text} …", "dim italic"))
            for speaker, text in self._partials.items()
        )
        return Text("\n").join(lines)


def _bar(answer: Mapping[str, Any], scale: float) -> Text:
    """Each step from the end of the one before it to its own; steps that overlap stand as they came."""
    bar = Text()
    for at, colour in sorted((answer[key], colour) for _, key, colour in STEPS if answer[key] is not None):
        bar.append("█" * (round(at / scale * WIDTH) - len(bar)), colour)
    return bar
