"""What a call plan says of whom its calls are told to."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, Field, SecretStr

from processors.tools.options import Address, Header, Retries
from server.messages.names import BY_DEFAULT

Label = Annotated[str, Field(max_length=200)]


def _without_variables(url: str) -> str:
    if "{" in url:
        raise ValueError("must have no variables")
    return url


class _Options(BaseModel, frozen=True, extra="forbid", hide_input_in_errors=True):
    pass


class ServerOptions(_Options, frozen=True):
    """A server of the user's own that is told what happens in a call."""

    url: Annotated[Address, AfterValidator(_without_variables)]
    headers: dict[Header, SecretStr] = Field(
        default_factory=dict, max_length=20, description="by an `X-Vapi-Secret` among them the messages are signed too"
    )
    timeout_seconds: float = Field(20, ge=1, le=300, description="of one try")
    retries: Retries | None = Field(None, description="of the report at the end; null: after 2, 10 and 60 seconds")
    messages: frozenset[str] = Field(BY_DEFAULT, max_length=50, description="what it is told, by Vapi's names")


class SpeakerNames(_Options, frozen=True):
    """Who stands before each line of a transcript that is one text."""

    assistant: Label = "AI"
    user: Label = "User"


class LangfuseOptions(_Options, frozen=True):
    """Where each call becomes a trace once it is over."""

    public_key: str = Field(min_length=1, max_length=200)
    secret_key: SecretStr
    url: Annotated[Address, AfterValidator(_without_variables)] = "https://cloud.langfuse.com"
    trace_name: Label = ""
    tags: tuple[Label, ...] = Field((), max_length=50)
    metadata: dict[str, Any] = Field(default_factory=dict)
    prompt_name: Label = ""
    prompt_version: int | None = None
