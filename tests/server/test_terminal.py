from __future__ import annotations

import io
from typing import Any

from rich.console import Console

from server.terminal import WIDTH, CallView


def shown(*messages: dict[str, Any]) -> tuple[list[str], CallView, Console]:
    """The lines that stay, without their ends' blanks."""
    stream = io.StringIO()
    console = Console(file=stream, width=120, force_terminal=False)
    view = CallView(console)
    with view:
        for message in messages:
            view.show(message)
    lines = [line.rstrip() for line in stream.getvalue().splitlines() if line.strip()]
    return lines, view, console


def said(speaker: str, text: str, at: float, **more: Any) -> dict[str, Any]:
    return {"type": "transcript", "speaker": speaker, "text": text, "timestamp": at, **more}


def latency(**steps: float | None) -> dict[str, Any]:
    known: dict[str, Any] = dict.fromkeys(("vad", "transcript", "turn", "first_text", "first_audio"))
    return {"type": "latency", "reply": 2, "timestamp": 3.0, **known, **steps}


def test_finished_lines_stay_and_passing_ones_do_not() -> None:
    lines, _, _ = shown(
        {"type": "start", "call_uuid": "cal_1"},
        said("agent", "Hello.", 0.1),
        {"type": "partial", "speaker": "customer", "text": "what ti"},
        said("customer", "What time is it?", 1.5),
        {"type": "partial", "speaker": "agent", "text": "It is"},
        said("agent", "It is noon", 2.25, interrupted=True),
        {"type": "end", "reason": "callended"},
    )
    assert [line.split() for line in lines] == [
        ["0.1", "s", "agent", "Hello."],
        ["1.5", "s", "caller", "What", "time", "is", "it?"],
        ["2.2", "s", "agent", "It", "is", "noon", "✂", "the", "caller", "cut", "in"],
    ]


def test_a_cough_and_dead_air_are_told() -> None:
    lines, _, _ = shown(
        {"type": "resumed", "timestamp": 1.0},
        {"type": "held", "timestamp": 2.0},
        {"type": "resumed", "timestamp": 4.0},
        {"type": "dead_air", "timestamp": 9.0, "seconds": 2.04},
    )
    assert [" ".join(line.split()) for line in lines] == [
        "4.0 s no words: the agent goes on",
        "9.0 s no answer for 2.0 s: a filler",
    ]


def test_words_in_brackets_are_words() -> None:
    lines, view, console = shown(
        {"type": "partial", "speaker": "customer", "text": "[/]"},
        said("customer", "[bold]press[/bold] [/red]", 1.0),
        latency(on_line=0.8),
    )
    assert lines[0].endswith("[bold]press[/bold] [/red]")
    with console.capture() as captured:
        console.print(view.summary())
    assert "[bold]press[/bold] [/re" in captured.get()


def test_every_answer_has_a_bar_and_the_time_of_each_step_that_was_seen() -> None:
    _, view, console = shown(
        said("customer", "What time is it?", 1.0),
        latency(vad=0.2, transcript=0.3, turn=0.5, first_text=0.6, first_audio=0.7, on_line=0.8),
        said("customer", "And now?", 5.0),
        latency(vad=0.2, transcript=None, turn=0.3, first_text=0.3, first_audio=0.35, on_line=0.4),
    )
    assert view.answers == [0.8, 0.4]
    with console.capture() as captured:
        console.print(view.summary())
    first, second = [line for line in captured.get().splitlines() if "█" in line]
    assert first.startswith("What time is it?")
    assert first.split("█")[-1].split() == ["200", "300", "500", "600", "700", "800"]
    assert second.startswith("And now?")
    assert second.split("█")[-1].split() == ["200", "300", "300", "350", "400"]
    assert first.count("█") == WIDTH == 2 * second.count("█")


def test_a_call_without_an_answer_has_an_empty_waterfall() -> None:
    _, view, console = shown(said("agent", "Hello.", 0.1))
    with console.capture() as captured:
        console.print(view.summary())
    assert view.answers == []
    assert "█" not in captured.get()
