"""What a formatter has to know of the call."""

from __future__ import annotations

from dataclasses import dataclass

DIGITS_ABOVE = 2025.0


@dataclass(frozen=True, slots=True)
class Tongue:
    language: str = "en"
    """The first part of a BCP 47 tag."""
    is_indian: bool = True
    """Numbers come in lakhs and crores."""
    digits_above: float = DIGITS_ABOVE

    @property
    def is_english(self) -> bool:
        return self.language == "en"


def tongue(tag: str, digits_above: float | None = None) -> Tongue:
    language, _, region = tag.lower().partition("-")
    is_indian = language != "en" or region in ("in", "")
    return Tongue(language, is_indian, DIGITS_ABOVE if digits_above is None else digits_above)
