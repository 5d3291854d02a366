"""What the bot says first."""

from __future__ import annotations

from pydantic import BaseModel, Field

from pipeline.frames import Note, Say

BEGIN = "The call has just begun, and nobody has spoken yet. Speak first: greet the caller as you were told to."


class OpeningOptions(BaseModel, frozen=True, extra="forbid"):
    generated: bool = Field(False, description="the language model finds the words, whatever the greeting says")
    protected: bool = Field(False, description="the caller hears all of it, and is answered after it")


def opening(options: OpeningOptions, greeting: str) -> Say | Note | None:
    """None: the caller speaks first."""
    if options.generated:
        return Note(BEGIN, answer=True, protected=options.protected)
    return Say(greeting, protected=options.protected) if greeting else None
