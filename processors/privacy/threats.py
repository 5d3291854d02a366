"""Attacks in what the caller says, kept from the language model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Literal

from pydantic import BaseModel, Field

from pipeline.frames import Frame, MaybeTurn, Say, UserTurn
from pipeline.processor import Processor
from processors.lines import Lines
from processors.turn_options import Expression
from processors.wording.patterns import compiled

Threat = Literal["sql-injection", "xss", "ssrf", "rce", "prompt-injection"]

PATTERNS: dict[Threat, tuple[str, ...]] = {
    "sql-injection": (
        r"\bunion\s+(?:all\s+)?select\b",
        r"\b(?:drop|alter|truncate)\s+(?:table|database)\s+\w+",
        r"\b(?:insert\s+into|delete\s+from)\s+\w+",
        r"\bselect\s+(?:\*|star|[\w, ]{1,80})\s+from\s+\w+\s+where\b",
        r"['\"]\s*(?:or|and)\s+['\"]?\w+['\"]?\s*=\s*['\"]?\w+",
        r"(?:'|;)\s*--",
    ),
    "xss": (
        r"<\s*/?\s*(?:script|iframe|object|embed|svg)[^>]{0,200}>?",
        r"\bjavascript\s*:",
        r"\bon(?:error|load|click|mouseover)\s*=",
    ),
    "ssrf": (
        r"\b(?:https?|ftp|gopher|dict|ldap)://(?:localhost|127\.|0\.0\.0\.0|10\.|192\.168\.|169\.254\.|172\.(?:1[6-9]|2\d|3[01])\.|\[?::1)\S*",
        r"\bfile:///\S*",
        r"\b169\.254\.169\.254\b",
    ),
    "rce": (
        r"(?:;|\||&&)\s*(?:cat|ls|rm|wget|curl|bash|sh|nc|python|powershell)\b[^;|&]{0,200}",
        r"\$\([^)]{1,200}\)",
        r"`[^`]{1,200}`",
        r"\brm\s+-rf?\b",
        r"\b(?:eval|exec|system|popen|os\.system|subprocess\.\w+)\s*\(",
    ),
    "prompt-injection": (
        r"\b(?:ignore|disregard|forget|override)\s+(?:all\s+|any\s+|everything\s+)?(?:of\s+)?(?:your\s+|the\s+|my\s+|these\s+)?"
        r"(?:previous|prior|above|earlier|preceding|original|system)\s+"
        r"(?:instructions?|prompts?|messages?|rules|directions|commands?)",
        r"\b(?:ignore|disregard|forget)\s+(?:all\s+)?your\s+(?:instructions?|rules|guidelines|programming|training|guardrails)",
        r"\b(?:reveal|show|print|repeat|tell me|read out)\s+(?:me\s+)?(?:your|the)\s+"
        r"(?:system\s+|initial\s+|hidden\s+)?(?:prompt|instructions)\b",
        r"\byou\s+are\s+now\s+(?:in\s+)?(?:dan|developer mode|jailbroken|unrestricted|a different)\b",
        r"\b(?:enter|enable|activate)\s+(?:developer|debug|god|jailbreak|admin)\s+mode\b",
        r"\bpretend\s+(?:that\s+)?you\s+(?:have|are)\s+(?:no|without)\s+(?:rules|restrictions|limits)\b",
        r"<\|?\s*(?:system|im_start|im_end)\s*\|?>",
    ),
}
"""Nothing of it is said to a receptionist by mistake."""


class SecurityOptions(BaseModel, frozen=True, extra="forbid"):
    filters: tuple[Threat | Expression, ...] = Field(
        tuple(PATTERNS), max_length=50, description="what is looked for: kinds of attack, or expressions of your own"
    )
    mode: Literal["sanitize", "reject", "replace"] = Field(
        "sanitize", description="it is cut out; the caller is asked again; `replacement` stands in its place"
    )
    replacement: str = Field("[FILTERED]", max_length=200)


class Security(Processor):
    """Stands before the dialogue. What it changes stands in the transcript as the model has read it."""

    def __init__(self, options: SecurityOptions, lines: Lines) -> None:
        self._options, self._lines = options, lines
        self._patterns = tuple(_patterns(options))

    def process(self, frame: Frame) -> None:
        if not isinstance(frame, UserTurn | MaybeTurn) or not any(one.search(frame.text) for one in self._patterns):
            self.emit(frame)
            return
        if isinstance(frame, MaybeTurn):
            return
        text = "" if self._options.mode == "reject" else self._cleaned(frame.text)
        if text:
            self.emit(replace(frame, text=text))
        else:
            self.emit(Say(self._lines.apology))

    def _cleaned(self, text: str) -> str:
        replacement = self._options.replacement if self._options.mode == "replace" else " "
        for pattern in self._patterns:
            text = pattern.sub(lambda found: replacement, text)
        return " ".join(text.split())


def _patterns(options: SecurityOptions) -> Iterator[Any]:
    for one in options.filters:
        if isinstance(one, Expression):
            yield compiled(**one.model_dump())
        else:
            for pattern in PATTERNS[one]:
                yield compiled(pattern, ignore_case=True)
