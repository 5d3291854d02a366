"""What a script is made of. Users write their own as JSON in an agent's record."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, Field, model_validator

FOLDER = Path(__file__).parent

Kind = Literal["name", "date", "time", "number", "phone", "yes_no", "choice", "text"]
Lines = Annotated[list[str], BeforeValidator(lambda lines: [lines] if isinstance(lines, str) else lines)]
"""One thing to say, or several to be said in turn. `{{fact}}` and, in a form, `{{slot}}` are filled in."""


class Slot(BaseModel, extra="forbid", frozen=True):
    """Something to be asked for."""

    name: str
    kind: Kind
    ask: str
    retry: str
    """Said when the answer was not understood."""
    choices: dict[str, list[str]] = {}
    """For kind `choice`: each value, and other words for it."""
    refused: dict[str, str] = {}
    """Endings of a value that cannot be had, such as "Sunday", and what is said instead."""


class Form(BaseModel, extra="forbid", frozen=True):
    """Several slots, read back and confirmed."""

    offer: str = ""
    """Asks whether the caller wants it."""
    begin: str = ""
    """Said before the first question."""
    slots: list[Slot] = Field(min_length=1)
    confirm: str
    """Reads the slots back and asks whether they are right."""
    change: str = "What should I change?"
    done: str
    cancelled: str
    gave_up: str
    """Said when an answer was not understood three times."""
    tool: str = ""
    """Called with the slots once they are confirmed, if a tool of that name is offered."""


class Intent(BaseModel, extra="forbid", frozen=True):
    """Something that callers say, and what is done about it."""

    name: str
    examples: list[str] = Field(min_length=1)
    """How callers put it. The nearer an utterance is to one of them, the likelier it is meant."""
    say: Lines = []
    form: str = ""
    """Started by it."""
    offers: str = ""
    """A form whose `offer` follows `say`: a "yes" starts it."""
    tool: str = ""
    """Called after `say`, if a tool of that name is offered."""
    arguments: dict[str, str] = {}
    otherwise: Lines = []
    """Said in place of `say` when the tool is not offered."""
    small_talk: bool = False
    """Gives way to anything else that was said in the same breath."""
    repeats: bool = False
    """Says the last answer again."""


class Script(BaseModel, extra="forbid", frozen=True):
    greeting: str
    facts: dict[str, str] = {}
    intents: list[Intent] = Field(min_length=1)
    forms: dict[str, Form] = {}
    unknown: Lines = Field(min_length=1)
    still_there: Lines = Field(min_length=1)
    """Said when it is asked to speak though the caller has not spoken."""
    threshold: float = Field(default=0.45, ge=0, le=1)
    """Similarity from which an utterance counts as meant."""

    @model_validator(mode="after")
    def _forms_exist(self) -> Self:
        wanted = {name for intent in self.intents for name in (intent.form, intent.offers) if name}
        if missing := wanted - self.forms.keys():
            raise ValueError(f"there is no form {sorted(missing)[0]!r}")
        return self


def names() -> list[str]:
    """Of the scripts that come with this package."""
    return sorted(path.stem for path in FOLDER.glob("*.json"))


def shipped(name: str) -> Script:
    """A script that comes with this package. Raises ValueError if there is none of that name."""
    if name not in names():
        raise ValueError(f"no script {name!r}: there are {', '.join(names())}")
    return Script.model_validate_json((FOLDER / f"{name}.json").read_bytes())
