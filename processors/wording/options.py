"""What a call plan may say of how a text is spoken."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field, model_validator

from processors.wording.patterns import compiled

Formatter = Literal[
    "markdown",
    "asterisk",
    "quote",
    "dash",
    "newline",
    "colon",
    "acronym",
    "dollarAmount",
    "email",
    "date",
    "time",
    "distance",
    "unit",
    "percentage",
    "phoneNumber",
    "number",
    "stripAsterisk",
]

BOUNDARIES = ("。", "，", ".", "!", "?", ";", ")", "،", "۔", "।", "॥", "|", "||", ",", ":")
"""Where a text may be cut, if a plan does not say where."""
LEAST = 30
"""Characters that a piece has at least, if a plan does not say how many."""


class Replacement(BaseModel, frozen=True, extra="forbid", hide_input_in_errors=True):
    key: str = Field("", max_length=500, description="text to be replaced, wherever it stands")
    regex: str = Field("", max_length=500, description="RE2 syntax: nothing that looks around or back")
    value: str = Field(max_length=1000, description="what is spoken; $1 is the first group of a regex")
    all: bool = Field(True, description="every one in a piece of text; otherwise the first")
    ignore_case: bool = False
    whole_word: bool = False
    multi_line: bool = False

    @model_validator(mode="after")
    def _finds_something(self) -> Replacement:
        if bool(self.key) == bool(self.regex):
            raise ValueError("a replacement has either a key or a regex")
        if self.regex:
            compiled(self.regex, whole_word=self.whole_word, multi_line=self.multi_line)
        return self


class FormatOptions(BaseModel, frozen=True, extra="forbid"):
    enabled: bool = Field(True, description="false: the voice is given the text as it is")
    formatters: tuple[Formatter, ...] | None = Field(None, description="these and no others; null: what is usual")
    digits_above: float | None = Field(None, ge=0, description="a larger whole number is said digit by digit")
    replacements: tuple[Replacement, ...] = Field((), max_length=200)


class SpeechOptions(BaseModel, frozen=True, extra="forbid"):
    cut: bool = Field(
        True, description="false: neither cut nor worded by us; a voice takes whole sentences all the same"
    )
    min_characters: int | None = Field(
        None, ge=1, le=80, description="of a piece; null: the first clause is said early"
    )
    boundaries: tuple[str, ...] | None = Field(None, max_length=50, description="after which a piece may end")
    format: FormatOptions | None = Field(None, description="null: as the voice words it itself")

    @property
    def says_something(self) -> bool:
        return self != SpeechOptions()
