"""How patient the bot is with the caller, and what interrupts it."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, Field, field_validator, model_validator

from processors.turn_reader import ReaderOptions
from processors.wait_function import wait_function
from processors.wording.patterns import LONGEST_PATTERN, compiled

MOST_RULES = 50


class Expression(BaseModel, frozen=True, extra="forbid"):
    """A regular expression, to be found anywhere in a text."""

    pattern: str = Field(max_length=LONGEST_PATTERN)
    ignore_case: bool = False
    whole_word: bool = False
    multi_line: bool = False

    @model_validator(mode="after")
    def _compiles(self) -> Self:
        compiled(**self.model_dump())
        return self


class EndpointingRule(BaseModel, frozen=True, extra="forbid"):
    """A wait of its own, after certain words of either side or both. Without any it always holds."""

    asked: Expression | None = Field(None, description="found in what the bot has said last")
    said: Expression | None = Field(None, description="found in what the caller has said")
    seconds: float = Field(ge=0, le=15)


class TurnOptions(BaseModel, frozen=True, extra="forbid"):
    """How patient the bot is. Waits are seconds of silence, counted from the end of the caller's speech."""

    at_least: float = Field(0.0, ge=0, le=5, description="no wait is shorter, whatever calls for it")
    rules: tuple[EndpointingRule, ...] = Field(
        (), max_length=MOST_RULES, description="stand above all that follows; the first that matches counts"
    )
    wait_function: str = Field(
        "", description="milliseconds by x: 0, the end-of-turn model is sure that they have finished, to 1; empty: none"
    )
    reader: ReaderOptions | None = Field(None, description="a server that is asked about the words; above the models")
    after_sentence: float = Field(0.45, ge=0, le=5, description="wait after a finished sentence")
    after_number: float = Field(1.1, ge=0, le=5, description="wait after a number: more digits may follow")
    after_open: float = Field(0.8, ge=0, le=5, description="wait after an unfinished sentence")
    finished_above: float = Field(0.2, ge=0, le=1, description="end-of-turn model: probability that means finished")
    final_within: float = Field(
        3.0, ge=0.2, le=10, description="wait for the recogniser before its partial text is used"
    )
    interrupt_words: int = Field(0, ge=0, le=10, description="words that interrupt; 0: the voice detector decides")
    backoff: float = Field(0.0, ge=0, le=10, description="seconds from an interruption in which the bot says nothing")
    false_interruption: float = Field(
        2.0, ge=0.2, le=10, description="silence without words after which the bot goes on"
    )
    acknowledgements: tuple[str, ...] = Field((), description="more phrases that do not interrupt")
    interruptions: tuple[str, ...] = Field((), description="more phrases that always interrupt")

    @field_validator("wait_function")
    @classmethod
    def _has_a_value(cls, formula: str) -> str:
        if formula:
            wait_function(formula)
        return formula
