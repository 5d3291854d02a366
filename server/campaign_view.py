"""A campaign in the terminal: a bar of what state its contacts are in, and in the end what came of its calls."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from time import monotonic
from types import TracebackType
from typing import Any, Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

BAR = 60
"""Characters of the bar of all contacts."""
BESIDE = 24
"""Of what stands beside it."""
OUTCOME_BAR = 24
STATES = (
    ("done", "done", "green"),
    ("in_call", "talking", "cyan"),
    ("dialing", "ringing", "yellow"),
    ("retry", "to retry", "magenta"),
    ("pending", "waiting", "bright_black"),
    ("skipped", "skipped", "red"),
    ("cancelled", "cancelled", "red"),
)
"""Of a contact: its word in the API, ours, and its colour."""
OUTCOMES = (
    ("connected", "connected", "green"),
    ("voicemail", "voicemail", "blue"),
    ("no-answer", "no answer", "yellow"),
    ("busy", "busy", "magenta"),
    ("failed", "failed", "red"),
)
SETTLED = ("done", "skipped", "cancelled")


class CampaignView:
    """Shows the events of a campaign's progress. What is shown last stays."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._width = max(10, min(BAR, console.width - BESIDE))
        self._since = monotonic()
        self._counts: Counter[str] = Counter()
        self._outcomes: Counter[str] = Counter()
        self._live = Live(console=console, refresh_per_second=8, get_renderable=self._shown)

    def __enter__(self) -> Self:
        self._since = monotonic()
        self._live.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._live.__exit__(kind, error, at)
        if not self._console.is_terminal:
            self._console.line()  # there it does not end its last one

    def counted(self, counts: Mapping[str, Any]) -> None:
        """How many contacts are in each state."""
        self._counts = Counter({state: counts[state] for state, _, _ in STATES})

    def ended(self, outcome: str) -> None:
        """One more call."""
        self._outcomes[outcome] += 1

    @property
    def seconds(self) -> float:
        return monotonic() - self._since

    def _shown(self) -> RenderableType:
        total = self._counts.total()
        settled = sum(self._counts[state] for state in SETTLED)
        bar = Text("  ").append_text(_parts(self._counts, self._width))
        bar.append(f"  {settled} of {total}", "bold").append(f"  {clock(self.seconds)}", "dim")
        legends = _legend("contacts", STATES, self._counts), _legend("calls", OUTCOMES, self._outcomes)
        return Group(bar, *legends, Text())


def summary(analytics: Mapping[str, Any]) -> Table:
    """What came of the calls, by outcome and by try, as the API's analytics tell it."""
    outcomes, tries = analytics["outcomes"], analytics["by_attempt"]
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), show_footer=True)
    table.add_column("outcome", "calls")
    for share in tries:
        table.add_column(f"try {share['attempt']}", str(share["attempts"]), justify="right")
    table.add_column("in all", str(sum(outcomes.values())), justify="right")
    table.add_column("")
    most = max(outcomes.values(), default=0) or 1
    for name, word, colour in OUTCOMES:
        numbers = [*(share["outcomes"][name] for share in tries), outcomes[name]]
        bar = Text("█" * round(outcomes[name] / most * OUTCOME_BAR), colour)
        table.add_row(Text(word, colour), *map(str, numbers), bar)
    return table


def figures(analytics: Mapping[str, Any], seconds: float) -> Table:
    """The same in words, and how long it took."""
    funnel, retries, cost = analytics["funnel"], analytics["retries"], analytics["cost"]
    share = round(100 * funnel["connected"] / (funnel["attempted"] or 1))
    each = f", {cost['per_connected']:g} for each that was connected" if cost["per_connected"] else ""
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim")
    table.add_row("contacts", f"{funnel['attempted']} called, {funnel['connected']} connected in the end ({share} %)")
    table.add_row("retries", f"{retries['attempts']}, of them {retries['connected']} connected")
    table.add_row("talk", f"{analytics['avg_talk_seconds']:g} s on average, by the clock")
    table.add_row("cost", f"{cost['total']:g} credits{each if cost['total'] else ': no price is set'}")
    table.add_row("took", clock(seconds))
    return table


def clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02}"


def _parts(counts: Mapping[str, int], width: int) -> Text:
    """Each state's part of the whole; their ends are rounded, so that the bar is always as wide."""
    bar, before, total = Text(), 0, sum(counts.values())
    for state, _, colour in STATES:
        before += counts[state]
        end = round(before / total * width) if total else 0
        bar.append("█" * (end - len(bar)), colour)
    return bar.append("░" * (width - len(bar)), "bright_black")


def _legend(what: str, words: tuple[tuple[str, str, str], ...], counts: Mapping[str, int]) -> Text:
    line = Text("  ").append(f"{what:9}", "dim")
    for name, word, colour in words:
        if counts[name]:
            line.append(" ■ ", colour).append(f"{counts[name]} {word}")
    return line
