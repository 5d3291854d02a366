"""Who speaks, and how a text is made ready for it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from control_api.assistant.wire import Count, Loose, OneOrMany, RegexOption, Sketch, Wire

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


class Replacement(Sketch):
    """Of a word (`key`) or of a pattern (`regex`) before it is spoken."""

    type: Literal["exact", "regex"] | None = None
    replace_all_enabled: bool | None = None
    key: str | None = None
    regex: str | None = None
    options: list[RegexOption] | None = None
    value: str | None = None


class FormatPlan(Wire):
    enabled: bool | None = None
    number_to_digits_cutoff: Count | None = None
    replacements: list[Replacement] | None = None
    formatters_enabled: OneOrMany[Formatter] | None = None


class ChunkPlan(Wire):
    """Where a text is cut into pieces to be spoken."""

    enabled: bool | None = None
    min_characters: float | None = Field(None, ge=1, le=80)
    punctuation_boundaries: OneOrMany[str] | None = None
    format_plan: FormatPlan | None = None


class VoiceFallbackPlan(Wire):
    """In order."""

    voices: list[Voice] | None = None


class Voice(Loose):
    provider: str | None = None
    voice_id: str | None = None
    model: str | None = None
    speed: float | None = Field(None, gt=0)
    caching_enabled: bool | None = None
    chunk_plan: ChunkPlan | None = None
    fallback_plan: VoiceFallbackPlan | None = None
