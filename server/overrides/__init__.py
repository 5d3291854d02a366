"""Vapi's overrides, obeyed field by field."""

from server.overrides.hosted import OURS
from server.overrides.layers import merged
from server.overrides.translation import OBEYED, applied, obeyed, translated, yielded

__all__ = ["OBEYED", "OURS", "applied", "merged", "obeyed", "translated", "yielded"]
