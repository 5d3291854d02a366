"""Patterns that strangers give us: matched in time linear in the text, whatever they are."""

from __future__ import annotations

from typing import Any

import re2

LONGEST_PATTERN = 500
"""Characters."""
_MOST_MEMORY = 1 << 20
"""Bytes that one compiled pattern may take."""


class PatternError(ValueError):
    """A pattern is malformed, or asks for what cannot be matched in linear time. The text does not show it."""


def compiled(pattern: str, *, ignore_case: bool = False, whole_word: bool = False, multi_line: bool = False) -> Any:
    """With `search` and `sub` as of the standard library's. Raises PatternError."""
    if len(pattern) > LONGEST_PATTERN:
        raise PatternError(f"a pattern has at most {LONGEST_PATTERN} characters")
    options = re2.Options()
    options.max_mem = _MOST_MEMORY
    options.log_errors = False
    options.case_sensitive = not ignore_case
    whole = rf"\b(?:{pattern})\b" if whole_word else pattern
    try:
        return re2.compile(f"(?m:{whole})" if multi_line else whole, options)
    except re2.error:
        raise PatternError("a pattern is malformed, or looks around or back, which is not done here") from None
