"""What a rehearsed call was to be, and what it was."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from pipeline.frames import Hangup, Interrupt, ToolUsed
from pipeline.news import Answered, Said
from server.rehearsal.caller import Taken
from server.rehearsal.line import Notes, Span
from server.rehearsal.scenario import Expected, Fault, Patterns, Scenario

EARLY = 0.1
"""Seconds by which the voice detector may take a caller's speech to begin before it does."""


@dataclass(slots=True)
class Heard:
    """What was noted of a call."""

    said: list[Said] = field(default_factory=list)
    tools: list[tuple[float, ToolUsed]] = field(default_factory=list)
    interruptions: list[Interrupt] = field(default_factory=list)
    answered: list[Answered] = field(default_factory=list)
    hangup: Hangup | None = None


@dataclass(slots=True)
class Passage:
    """From one turn of the caller to the next."""

    caller: str
    """In the scenario's words."""
    begins: float
    ends: float
    understood: str = ""
    agent: list[str] = field(default_factory=list)
    tools: list[str] = field(default_factory=list)
    broke: list[str] = field(default_factory=list)
    """What was made to fail, from there on."""
    answer_ms: int | None = None
    """From the end of the caller's speech to the first sound of the answer."""
    silence: float = 0.0
    """The longest that the caller waited for a sound."""
    interrupted: bool = False
    """The caller has cut the agent short there."""
    problems: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Verdict:
    name: str
    seconds: float
    """That the call lasted, on its own clock."""
    reason: str
    """Why it ended: the agent's reason, or what the line says."""
    passages: list[Passage]
    problems: list[str] = field(default_factory=list)
    """Of the call as a whole."""

    @property
    def is_good(self) -> bool:
        return not self.problems and not any(passage.problems for passage in self.passages)


def judged(
    scenario: Scenario, taken: Sequence[Taken], notes: Notes, heard: Heard, met: Sequence[Fault], ending: str
) -> Verdict:
    reason = heard.hangup.reason if heard.hangup is not None else ending
    passages = [_passage("", 0.0, 0.0, _next(taken, -1, notes), notes, heard)]
    expected = [scenario.greeting]
    for i, one in enumerate(taken):
        turn = one.turn
        caller = turn.say or (f"keys {turn.press}" if turn.press else "hangs up" if turn.hang_up else "is silent")
        passage = _passage(caller, one.begins, one.ends, _next(taken, i, notes), notes, heard)
        faults = [f"{fault.stage} {fault.kind}" for fault in turn.faults]
        passage.broke = [*faults, *(f"{path} {status or 'hangs'}" for path, status in turn.server.items())]
        passages.append(passage)
        within = turn.expect.within_ms or (scenario.within_ms if turn.say or turn.file else None)
        expected.append(turn.expect.model_copy(update={"within_ms": within}))
    for passage, wanted in zip(passages, expected, strict=True):
        passage.problems += _problems(passage, wanted, scenario.never)
        if passage.silence > scenario.max_silence and not wanted.ends:
            passage.problems.append(f"the caller heard nothing for {passage.silence:.1f} s")
    verdict = Verdict(scenario.name, notes.now, reason, passages)
    if len(taken) < len(scenario.turns):
        verdict.problems.append(f"the call was over before turn {len(taken) + 1}: {reason}")
    missed = [fault for one in taken for fault in one.turn.faults if fault not in met]
    verdict.problems += [f"nobody met the fault {fault.stage} {fault.kind}" for fault in missed]
    wanted_end = next((one.turn.expect.ends for one in reversed(taken) if one.turn.expect.ends), "")
    if wanted_end and wanted_end != reason:
        verdict.problems.append(f"it ended by {reason or 'nothing'}, and not by {wanted_end}")
    return verdict


def _next(taken: Sequence[Taken], i: int, notes: Notes) -> float:
    return taken[i + 1].begins if i + 1 < len(taken) else notes.now


def _passage(caller: str, begins: float, ends: float, until: float, notes: Notes, heard: Heard) -> Passage:
    passage = Passage(caller, begins, ends)
    theirs = [line for line in heard.said if line.speaker == "customer" and begins - EARLY <= line.at < until - EARLY]
    passage.understood = " ".join(line.text for line in theirs)
    lines = [line for line in heard.said if line.speaker == "agent" and ends <= line.at < until + 0.02]
    passage.agent = [line.text for line in sorted(lines, key=lambda line: line.at)]
    passage.tools = [tool.name for at, tool in heard.tools if ends <= at < until + 0.02]
    passage.interrupted = any(not one.ours and begins <= one.at <= ends + 1.0 for one in heard.interruptions)
    spans = [span for span in notes.spans if ends <= span.begins < until]
    answer = next((span for span in spans if span.reply > 0), None)
    if answer is not None:
        passage.answer_ms = round((answer.begins - ends) * 1000)
    passage.silence = _silence(ends, until, spans, answer)
    return passage


def _silence(since: float, until: float, spans: Sequence[Span], answer: Span | None) -> float:
    """The longest from the end of the caller's turn to the answer; without one, to the end of the passage."""
    longest, last = 0.0, since
    for span in spans:
        longest, last = max(longest, span.begins - last), span.ends
        if span is answer:
            return longest
    return max(longest, until - last)


def _problems(passage: Passage, wanted: Expected, never: Patterns) -> Iterator[str]:
    text = " ".join(passage.agent)
    for pattern in wanted.says:
        if not re.search(pattern, text, re.IGNORECASE):
            yield f"not said: {pattern}"
    for pattern in (*wanted.never, *never):
        if re.search(pattern, text, re.IGNORECASE):
            yield f"must not be said: {pattern}"
    for tool in wanted.uses:
        if tool not in passage.tools:
            yield f"not used: {tool}"
    if wanted.within_ms is not None and (passage.answer_ms is None or passage.answer_ms > wanted.within_ms):
        late = "no answer" if passage.answer_ms is None else f"answered after {passage.answer_ms} ms"
        yield f"{late}, {wanted.within_ms} ms are allowed"
