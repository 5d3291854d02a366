"""A call in the terminal: its words as they fall, then where the time of every answer went."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

WIDTH = 40
"""Characters of a waterfall's time axis."""
STEPS = (
    ("voice detector sure", "vad", "cyan"),
    ("speech to text", "transcript", "blue"),
    ("end of turn", "turn", "magenta"),
    ("first words", "first_text", "yellow"),
    ("first sound", "first_audio", "green"),
    ("on the line", "on_line", "bright_green"),
)
"""In the order in which they can come; each is told in seconds from the end of the caller's speech."""
WHO = {"agent": Text("agent   ", "green"), "customer": Text("caller  ", "cyan")}


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
                cut = Text("  ✂ the caller cut in", "red") if message.get("interrupted") else Text()
                self._line(message["timestamp"], WHO[message["speaker"]], Text(message["text"]) + cut)
            case "partial":
                self._partials[message["speaker"]] = message["text"]
            case "held":
                self._partials["held"] = "the caller speaks: the agent holds its tongue"
            case "resumed":
                if self._partials.pop("held", None):
                    self._line(message["timestamp"], Text("        "), Text("no words: the agent goes on", "dim"))
            case "interrupted":
                self._partials.pop("held", None)
                self._partials.pop("agent", None)
            case "dead_air":
                waited = f"no answer for {message['seconds']:.1f} s: a filler"
                self._line(message["timestamp"], Text("        "), Text(waited, "red"))
            case "latency":
                self._answers.append(message)
                self._questions.append(self._asked)
        self._live.update(self._below())

    def summary(self) -> Group:
        """A waterfall for every answer."""
        scale = max((answer["on_line"] for answer in self._answers), default=1.0)
        pairs = zip(self._questions, self._answers, strict=True)
        return Group(*(_waterfall(question, answer, scale) for question, answer in pairs))

    @property
    def answers(self) -> list[float]:
        """Seconds from the end of the caller's speech to the first sound, for every answer."""
        return [answer["on_line"] for answer in self._answers]

    def _line(self, at: float, who: Text, text: Text) -> None:
        self._console.print(Text(f"{at:6.1f} s  ", "dim") + who + text)

    def _below(self) -> Text:
        lines = []
        for speaker, text in self._partials.items():
            lines.append(Text("          ") + WHO.get(speaker, Text("        ")) + Text(f"{text} …", "dim italic"))
        return Text("\n").join(lines)


def _waterfall(question: str, answer: Mapping[str, Any], scale: float) -> Table:
    """One bar a step, from the end of the step before it to its own; steps that overlap stand as they came."""
    table = Table.grid(padding=(0, 1))
    table.title = f"“{question}”  answered after {answer['on_line'] * 1000:.0f} ms"
    table.title_justify = "left"
    table.title_style = "bold"
    seen = sorted((answer[key], name, colour) for name, key, colour in STEPS if answer[key] is not None)
    before = 0.0
    for at, name, colour in seen:
        begin, end = round(before / scale * WIDTH), round(at / scale * WIDTH)
        bar = Text(" " * begin) + Text("█" * max(end - begin, 0) or "▏", colour)
        took = f"+{(at - before) * 1000:.0f} ms"
        table.add_row(Text(f"{name:>20}"), bar + Text(" " * max(WIDTH - len(bar), 0)), f"{at * 1000:5.0f} ms", took)
        before = at
    return table
