"""One step of a scripted conversation: (state, what the caller said) → (state, what is said and done)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from processors.script.intents import Match, Matcher
from processors.script.script import Form, Intent, Lines, Script, Slot
from processors.script.similarity import meanings
from processors.script.slots import find, yes_or_no
from processors.variables import render

SURE = 0.62
"""Similarity from which an intent breaks into a form though the caller did not ask a question."""
MISSES = 3
"""Answers not understood in a row before a form is given up."""

_QUESTION = re.compile(
    r"^\W*(?:(?:and|but|so|wait|sorry|um+|uh+|oh|hold on|before that|actually)\W+)*(?:what|when|where|how|who|which|why"
    r"|do you|does|is there|are there|are you|is it|can you|could you|will you|tell me)\b|\?\s*$",
    re.I,
)
_CANCEL = re.compile(
    r"\b(?:cancel|never ?mind|forget (?:it|about it)|don't want (?:to|it|an)|stop it|leave it)\b", re.I
)
_BARE = re.compile(r"(?:\W*\b(?:yes|yeah|yep|no|nope|okay|ok|sure|please)\b)+\W*", re.I)


@dataclass(frozen=True, slots=True)
class State:
    form: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    waiting: Literal["slot", "confirm", "change"] = "slot"
    misses: int = 0
    offered: str = ""
    """The form that a "yes" starts."""
    said: str = ""
    """The last answer, should the caller ask for it again."""
    times: Mapping[str, int] = field(default_factory=dict)
    """How often each group of lines was used, so that they take turns."""


@dataclass(frozen=True, slots=True)
class Answer:
    text: str
    tool: str = ""
    arguments: Mapping[str, str] = field(default_factory=dict)


class Engine:
    """Holds a script and nothing of any conversation."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self._matcher = Matcher(script.intents, meanings())

    def step(self, state: State, text: str, tools: frozenset[str]) -> tuple[State, Answer]:
        """`tools`: the names that the answer may ask for."""
        after, answer = self._form(state, text, tools) if state.form else self._open(state, text, tools)
        return replace(after, said=answer.text), answer

    def line(self, state: State, lines: Lines, group: str) -> tuple[State, str]:
        """The next of several lines, facts filled in."""
        count = state.times.get(group, 0)
        text = render(lines[count % len(lines)], {**self.script.facts, **state.values})
        return replace(state, times={**state.times, group: count + 1}), text

    # ── no form is open ─────────────────────────────────────────────────────────────────────────────────────────

    def _open(self, state: State, text: str, tools: frozenset[str]) -> tuple[State, Answer]:
        match = self._matcher.match(text, self.script.threshold)
        if state.offered and yes_or_no(text) and (match is None or match.intent.small_talk):
            return self._start(state, state.offered, text)
        state = replace(state, offered="")
        if match is None:
            state, said = self.line(state, self.script.unknown, "unknown")
            return state, Answer(said)
        if match.intent.form:
            return self._start(state, match.intent.form, text)
        return self._meant(state, match.intent, tools)

    def _meant(self, state: State, intent: Intent, tools: frozenset[str]) -> tuple[State, Answer]:
        if intent.repeats and state.said:
            return state, Answer(state.said)
        can = not intent.tool or intent.tool in tools
        state, said = self.line(state, intent.say if can or not intent.otherwise else intent.otherwise, intent.name)
        if intent.offers and not state.form:
            state = replace(state, offered=intent.offers)
            said = f"{said} {self.script.forms[intent.offers].offer}"
        return state, Answer(said, intent.tool, intent.arguments) if can else Answer(said)

    # ── a form is being filled in ───────────────────────────────────────────────────────────────────────────────

    def _start(self, state: State, form: str, text: str) -> tuple[State, Answer]:
        state = replace(state, form=form, values={}, waiting="slot", misses=0, offered="")
        state, _ = self._filled(state, text, asked=None)
        state, answer = self._next(state)
        return state, replace(answer, text=f"{self.script.forms[form].begin} {answer.text}".strip())

    def _form(self, state: State, text: str, tools: frozenset[str]) -> tuple[State, Answer]:
        form = self.script.forms[state.form]
        match = self._matcher.match(text, self.script.threshold)
        asked = self._missing(state) if state.waiting == "slot" else None
        filled, news = self._filled(state, text, asked)
        if _CANCEL.search(text) and not news:
            return _closed(state), self._said(state, form.cancelled)
        if match is not None and self._breaks_in(match, state, text, news=news):
            return self._aside(state, match.intent, tools)
        if refusal := self._refusal(form, text, asked):
            return state, self._said(state, refusal)
        if news:
            return self._next(replace(filled, misses=0))
        if state.waiting == "confirm" and (agreed := yes_or_no(text)) is not None:
            return self._confirmed(state, form) if agreed else self._asked_to_change(state, form)
        if state.waiting == "change" and (named := _named(form, text)):
            values = {name: value for name, value in state.values.items() if name != named.name}
            return replace(state, values=values, waiting="slot"), self._said(state, named.ask)
        return self._missed(state, form, asked)

    def _breaks_in(self, match: Match, state: State, text: str, *, news: bool) -> bool:
        """Whether the caller has left the form's question for another matter."""
        if match.intent.form == state.form or match.intent.small_talk or _BARE.fullmatch(text):
            return False
        if _QUESTION.search(text):
            return not news or match.score >= SURE
        return not news and match.score >= SURE and (state.waiting != "confirm" or yes_or_no(text) is None)

    def _aside(self, state: State, intent: Intent, tools: frozenset[str]) -> tuple[State, Answer]:
        """Answers another matter, and comes back to the form's question unless that ended it."""
        if intent.form:
            return self._start(state, intent.form, "")
        if intent.repeats:
            return state, Answer(state.said)
        after, answer = self._meant(state, intent, tools)
        if intent.tool:
            return _closed(after), answer
        _, question = self._next(state)
        return after, replace(answer, text=f"{answer.text} {question.text}")

    def _filled(self, state: State, text: str, asked: Slot | None) -> tuple[State, bool]:
        """The state with every slot that the text fills or changes, and whether there was one."""
        values = dict(state.values)
        for slot in self.script.forms[state.form].slots:
            value = find(slot, text, asked=slot is asked)
            if (
                value is not None
                and not value.endswith(tuple(slot.refused))
                and (slot is asked or values.get(slot.name) != value)
            ):
                values[slot.name] = value
                if slot is asked and slot.kind in ("name", "text"):
                    break  # either may sound like anything
        return replace(state, values=values), values != state.values

    def _refusal(self, form: Form, text: str, asked: Slot | None) -> str:
        """What is said to a value that cannot be had, else empty."""
        for slot in form.slots:
            value = find(slot, text, asked=slot is asked) or ""
            for ending, refusal in slot.refused.items():
                if value.endswith(ending):
                    return refusal
        return ""

    def _missing(self, state: State) -> Slot | None:
        slots = self.script.forms[state.form].slots
        return next((slot for slot in slots if slot.name not in state.values), None)

    def _next(self, state: State) -> tuple[State, Answer]:
        """Asks for the first slot that is missing, or for confirmation."""
        missing = self._missing(state)
        if missing is not None:
            return replace(state, waiting="slot"), self._said(state, missing.ask)
        return replace(state, waiting="confirm"), self._said(state, self.script.forms[state.form].confirm)

    def _confirmed(self, state: State, form: Form) -> tuple[State, Answer]:
        return _closed(state), replace(self._said(state, form.done), tool=form.tool, arguments=dict(state.values))

    def _asked_to_change(self, state: State, form: Form) -> tuple[State, Answer]:
        return replace(state, waiting="change", misses=0), self._said(state, form.change)

    def _missed(self, state: State, form: Form, asked: Slot | None) -> tuple[State, Answer]:
        if state.misses + 1 >= MISSES:
            return _closed(state), self._said(state, form.gave_up)
        again = asked.retry if asked else form.change if state.waiting == "change" else form.confirm
        return replace(state, misses=state.misses + 1), self._said(state, again)

    def _said(self, state: State, template: str) -> Answer:
        return Answer(render(template, {**self.script.facts, **state.values}))


def _closed(state: State) -> State:
    return replace(state, form="", values={}, waiting="slot", misses=0, offered="")


def _named(form: Form, text: str) -> Slot | None:
    """The slot that the caller calls by its name: "the time"."""
    said = set(re.findall(r"\w+", text.lower()))
    return next((slot for slot in form.slots if set(slot.name.split("_")) & said or slot.kind in said), None)
