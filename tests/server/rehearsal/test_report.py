from __future__ import annotations

import io

from rich.console import Console

from server.rehearsal import report
from server.rehearsal.comparison import Comparison, Line
from server.rehearsal.verdict import Passage, Verdict


def test_what_was_said_is_shown_as_it_is_though_it_looks_like_markup() -> None:
    console = Console(file=io.StringIO(), width=200)
    passage = Passage("[name] please", 0.0, 1.0, understood="[/name]", agent=["[audio]"], problems=["not said: [a-z]+"])
    report.show(console, Verdict("[one]", 2.0, "closed", [passage], ["[whole]"]))
    line = Line(0.0, 1.0, "[then]", None, cut_in=False)
    report.show_comparison(console, Comparison("cal_1", [line], []))
    assert isinstance(console.file, io.StringIO)
    shown = console.file.getvalue()
    for text in ("[name] please", "[/name]", "[audio]", "not said: [a-z]+", "[one]", "[whole]", "[then]"):
        assert text in shown
