"""What is to be made of a call once it is over, and how far that is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from storage.records import Sentiment


class AnalysisStatus(StrEnum):
    PENDING = "pending"
    DONE = "done"
    FAILED = "failed"
    """Somebody who could judge was asked, and gave no answer of use."""
    UNAVAILABLE = "unavailable"
    """There is nobody to ask, or nothing to judge."""


@dataclass(frozen=True, slots=True)
class Analysis:
    """Of one call."""

    call_id: str
    organisation_id: str
    status: AnalysisStatus
    asked_at: datetime
    due_at: datetime | None
    """When somebody is to take it; of one that somebody has: when the next one may. None: it is over."""
    tries: int = 0
    """Begun so far."""
    lease: str = ""
    """Of whoever took it last: only the same one may say what came of it."""
    reason: str = ""
    """Why it has not all that it could have, in a sentence."""
    finished_at: datetime | None = None
    written: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """What it had for `key_details`: a later one may change that, and nothing else."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What was made of a call. None: not known, and what stands there stays."""

    summary: str | None = field(default=None, repr=False)
    sentiment: Sentiment | None = None
    language: str | None = None
    """BCP 47 tag of what was spoken."""
