"""What a page says over its socket besides sound: JSON → values."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field, StringConstraints, TypeAdapter, ValidationError

from transports.variables import Variables

LOWEST_RATE, HIGHEST_RATE = 8000, 48000


class Start(BaseModel, frozen=True):
    """The first message of a call. What is not known in it is passed over."""

    type: Literal["start"]
    sample_rate: int = Field(16000, ge=LOWEST_RATE, le=HIGHEST_RATE, strict=True)
    """Of the sound both ways, in hertz."""
    variables: Variables = Field(default_factory=dict, repr=False)
    partials: bool = False
    """The page is told the news of the moment too: words that are still being said, speech, and what is held."""

    @property
    def line_rate(self) -> int:
        """The one nearest to it that a pipeline knows. 16 kHz is what recognisers hear with."""
        if self.sample_rate == 24000:
            return 24000
        return 8000 if self.sample_rate < 12000 else 16000


class Press(BaseModel, frozen=True):
    """Keys of the page's keypad."""

    type: Literal["dtmf"]
    digits: Annotated[str, StringConstraints(pattern=r"^[0-9*#A-D]{1,32}$")]


class End(BaseModel, frozen=True):
    """The page hangs up."""

    type: Literal["end"]


Said = Annotated[Press | End, Field(discriminator="type")]

_said: TypeAdapter[Press | End] = TypeAdapter(Said)


class WireError(Exception):
    """A message that cannot be read. Its text names the field, and holds nothing of what was sent."""


def parse_start(text: str | bytes) -> Start:
    """Raises WireError."""
    try:
        return Start.model_validate_json(text)
    except ValidationError as error:
        raise WireError(_sentence(error)) from None


def parse(text: str | bytes) -> Press | End:
    """Anything that comes after the start. Raises WireError."""
    try:
        return _said.validate_json(text)
    except ValidationError as error:
        raise WireError(_sentence(error)) from None


def _sentence(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    if first["type"] in ("json_invalid", "model_type", "model_attributes_type"):
        return "The message must be a JSON object"
    field = ".".join(str(part) for part in first["loc"][:1]) or "type"
    what = first["msg"]
    match first["type"]:
        case "missing":
            what = "is required"
        case "union_tag_invalid" | "union_tag_not_found":
            what = "must be dtmf or end"
        case _ if what.startswith("Input should be "):
            what = f"must be {what.removeprefix('Input should be ')}"
        case _:
            what = f"is wrong: {what}"
    return f"{field} {what}"
