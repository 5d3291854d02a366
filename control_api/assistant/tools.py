"""What a model may do beside talking."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, ValidatorFunctionWrapHandler, WrapValidator

from control_api.assistant.server import BackoffPlan, RequestSeconds, Server
from control_api.assistant.wire import JsonSchema, RegexOption, Secret, Sketch, Wire

VALUES = frozenset({"value", "default", "const"})
"""Keywords of a JSON schema that say what is sent, and not of what kind it is."""


class TextContent(Sketch):
    type: Literal["text"] | None = None
    text: str | None = None
    language: str | None = None


class ArgumentCondition(Sketch):
    """Compares one argument of the tool call."""

    operator: Literal["eq", "neq", "gt", "gte", "lt", "lte"] | None = None
    param: str | None = None
    value: Any = None


class ToolMessage(Sketch):
    """What the assistant says while the tool is at work."""

    type: Literal["request-start", "request-complete", "request-failed", "request-response-delayed"] | None = None
    content: str | None = None
    contents: list[TextContent] | None = None
    conditions: list[ArgumentCondition] | None = None
    blocking: bool | None = None
    role: Literal["assistant", "system"] | None = None
    end_call_after_spoken_enabled: bool | None = None
    timing_milliseconds: float | None = Field(None, ge=0)


class ToolParameter(Sketch):
    """Sent with every request, whatever the model says."""

    key: str | None = None
    value: Any = None


class VariableAlias(Sketch):
    key: str | None = None
    value: str | None = None


class VariableExtractionPlan(Sketch):
    """What of a tool's answer becomes a variable."""

    schema_: JsonSchema | None = Field(None, alias="schema")
    aliases: list[VariableAlias] | None = None


class MessageTarget(Wire):
    role: Literal["user", "assistant"] | None = None
    position: float | None = None


class RejectionCondition(Sketch):
    type: Literal["regex", "liquid", "group"] | None = None
    regex: str | None = None
    regex_options: list[RegexOption] | None = None
    target: MessageTarget | None = None
    negate: bool | None = None
    liquid: str | None = None
    operator: Literal["AND", "OR"] | None = None
    conditions: list[RejectionCondition] | None = None


def _text_too(value: object, listed: ValidatorFunctionWrapHandler) -> Any:
    return value if isinstance(value, str) else listed(value)


class RejectionPlan(Sketch):
    """When the model's wish to use the tool is refused. Conditions may be written as one text."""

    conditions: Annotated[list[RejectionCondition], WrapValidator(_text_too)] | None = None


class Tool(Sketch):
    """Looks different for each `type`, of which there are some twenty."""

    model_config = ConfigDict(extra="allow")

    type: str | None = None
    messages: list[ToolMessage] | None = None
    name: str | None = None
    description: str | None = None
    method: Literal["POST", "GET", "PUT", "PATCH", "DELETE"] | None = None
    url: str | None = None
    timeout_seconds: RequestSeconds | None = None
    credential_id: str | None = None
    encrypted_paths: list[str] | None = None
    parameters: list[ToolParameter] | None = None
    body: JsonSchema | None = None
    headers: Annotated[JsonSchema | None, Secret(only=VALUES)] = None
    backoff_plan: BackoffPlan | None = None
    variable_extraction_plan: VariableExtractionPlan | None = None
    rejection_plan: RejectionPlan | None = None
    server: Server | None = None
