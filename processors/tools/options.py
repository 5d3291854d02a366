"""What a call plan says of the tools that its model may use."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, SecretStr, model_validator

from processors.wording.patterns import PatternError, compiled

NAME = r"^[a-zA-Z0-9_-]{1,64}$"
"""What every server that speaks chat completions takes for the name of a tool."""
OWN = frozenset({"end_call", "transfer_call", "opt_out", "switch_language"})
"""Names that stand for what every call can do."""
_ADDRESS = re.compile(r"(https?)://([^/?#{}@\\\s]+)(?=[/?#]|$)(\S*)", re.IGNORECASE)
MOST = 32
LONGEST_TEXT = 1000


def _an_address(url: str) -> str:
    if len(url) > 2000 or _ADDRESS.fullmatch(re.sub(r"\{\{[^{}]*\}\}", "x", url)) is None or "{" in url.split("/")[2]:
        raise ValueError("must be an https:// address whose host has no variables and no credentials in it")
    return url


def _a_name(name: str) -> str:
    if name in OWN:
        raise ValueError(f"must not be {name}, which every call has")
    return name


Address = Annotated[str, AfterValidator(_an_address)]
"""With {{variables}} behind the host."""
Name = Annotated[str, Field(pattern=NAME), AfterValidator(_a_name)]


def _at_rest(value: object) -> object:
    """A secret is an object there, and whoever only looks a plan over has not opened it."""
    return "" if isinstance(value, Mapping) and value.keys() == {"$sealed"} else value


HeaderValue = Annotated[SecretStr, BeforeValidator(_at_rest)]
Header = Annotated[str, Field(pattern=r"^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$")]


class _Options(BaseModel, frozen=True, extra="forbid", hide_input_in_errors=True):
    pass


class Condition(_Options, frozen=True):
    """Compares one argument of the tool's use."""

    argument: str
    operator: Literal["eq", "neq", "gt", "gte", "lt", "lte"] = "eq"
    value: Any = None


class Message(_Options, frozen=True):
    """What the caller is told of a tool at work."""

    when: Literal["start", "delayed", "complete", "failed"]
    text: str = Field("", max_length=LONGEST_TEXT, description="with {{variables}}")
    texts: dict[str, str] = Field(default_factory=dict, description="by language; `text` stands for all others")
    conditions: tuple[Condition, ...] = Field((), max_length=20, description="all of them hold, or it is not said")
    after_ms: float = Field(1000, ge=0, le=120_000, description="of a delayed one: how long the tool has taken")
    waits: bool = Field(False, description="of the first one: the tool begins once it was said")
    for_model: bool = Field(False, description="of the last ones: an instruction to the model, which nobody hears")
    ends_call: bool = Field(False, description="of the last ones: the call ends once it was heard")


class Retries(_Options, frozen=True):
    """Only of requests that may be sent twice without harm: the tool's owner knows."""

    times: int = Field(0, ge=0, le=10)
    seconds: float = Field(1, ge=0, le=10, description="before the first; of exponential ones doubled each time")
    growing: bool = Field(False, description="exponential")
    not_after: tuple[int, ...] = Field((), max_length=50, description="statuses that no other try follows")


class Extraction(_Options, frozen=True):
    """What of the answer becomes variables of the call, for the tools and messages after it."""

    properties: dict[str, Any] = Field(default_factory=dict, description="by name, the JSON schema that it must be of")
    aliases: dict[str, str] = Field(default_factory=dict, description="by name, a template such as {{ $.data[0].id }}")


class Rejection(_Options, frozen=True):
    """A condition under which the tool is not used: a pattern, or several conditions joined."""

    pattern: str = ""
    ignore_case: bool = False
    whole_word: bool = False
    multi_line: bool = False
    role: Literal["user", "assistant"] = Field("user", description="whose messages are looked at")
    position: int = Field(-1, description="which of them: 0 is the first, -1 the last")
    negate: bool = Field(False, description="holds where the pattern is not found")
    all_of: tuple[Rejection, ...] = Field((), max_length=20)
    any_of: tuple[Rejection, ...] = Field((), max_length=20)

    @model_validator(mode="after")
    def _is_one_thing(self) -> Rejection:
        if sum(map(bool, (self.pattern, self.all_of, self.any_of))) != 1:
            raise ValueError("must be one of pattern, all_of and any_of")
        if self.pattern:
            try:
                compiled(
                    self.pattern,
                    ignore_case=self.ignore_case,
                    whole_word=self.whole_word,
                    multi_line=self.multi_line,
                )
            except PatternError as error:
                raise ValueError(str(error)) from None
        return self


class _Tool(_Options, frozen=True):
    messages: tuple[Message, ...] = Field((), max_length=20)
    reject: tuple[Rejection, ...] = Field((), max_length=20, description="refused if all of them hold")


class _Described(_Tool, frozen=True):
    name: Name
    description: str = Field("", max_length=4000, description="when the model is to use it")
    parameters: dict[str, Any] = Field(
        default_factory=lambda: {"type": "object", "properties": {}}, description="JSON schema of its arguments"
    )


class _Remote(_Options, frozen=True):
    url: Address
    headers: dict[Header, HeaderValue] = Field(default_factory=dict, max_length=20)
    timeout_seconds: float = Field(20, ge=1, le=300, description="of one try")
    retries: Retries = Retries()


class HttpTool(_Described, _Remote, frozen=True):
    """A request whose answer the model is given."""

    kind: Literal["http"]
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = "POST"
    fixed: dict[str, Any] = Field(default_factory=dict, description="sent with the arguments; texts with {{variables}}")
    extract: Extraction = Extraction()


class FunctionTool(_Described, _Remote, frozen=True):
    """A server of the user's own that is told which tool was called, in Vapi's words."""

    kind: Literal["function"]
    waits: bool = Field(True, description="false: the model is not told what came of it")
    extract: Extraction = Extraction()


class DigitsTool(_Tool, frozen=True):
    """Presses keys."""

    kind: Literal["dtmf"]
    name: Name = "press_keys"
    description: str = Field("", max_length=4000)


class NoteTool(_Tool, frozen=True):
    """Keeps what was learned in the call's `key_details`."""

    kind: Literal["note"]
    name: Name = "note"
    description: str = Field("", max_length=4000)
    keys: tuple[Annotated[str, Field(pattern=r"^[^\x00-\x1f]{1,100}$")], ...] = Field(
        (), max_length=50, description="what may be kept; empty: whatever the model thinks of"
    )


class McpTool(_Remote, frozen=True):
    """A server of tools, by the Model Context Protocol over streamable HTTP."""

    kind: Literal["mcp"]
    name: Annotated[str, Field(pattern=r"^[a-zA-Z0-9_-]{1,30}$")] = "mcp"
    only: tuple[str, ...] = Field((), max_length=64, description="names of its tools; empty: all of them")
    messages: tuple[Message, ...] = Field((), max_length=20)


ToolPlan = Annotated[HttpTool | FunctionTool | DigitsTool | NoteTool | McpTool, Field(discriminator="kind")]
