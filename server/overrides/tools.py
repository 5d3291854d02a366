"""What the model may have done: Vapi's tools, as far as no service of Vapi's is needed for them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import TypeAdapter, ValidationError

from control_api.assistant import AssistantOverrides
from control_api.assistant.server import Server
from control_api.assistant.tools import Tool
from control_api.assistant.wire import JsonSchema
from processors.tools.options import MOST, ToolPlan
from server.overrides import tool_parts
from server.overrides.asked import Asked, Changes, Rule

_PLAN: TypeAdapter[Any] = TypeAdapter(ToolPlan)
_STATIC = ("value", "const", "default")
"""Keywords by which a header's schema says what is sent; by the first two a property of the body does."""


@dataclass(slots=True)
class Reading:
    """Of one tool."""

    plan: dict[str, Any] | None = None
    """In a call plan's words; None: it is not obeyed at all."""
    unheeded: list[str] = field(default_factory=list)
    """What of it is not obeyed, by its path within the tool, with the reason if there is one; empty: itself."""


def read(tool: Tool, server: Server | None) -> Reading:
    """`server` stands for the one that a tool does not name."""
    read_kind = _KINDS.get(tool.type or "")
    if read_kind is None:
        return Reading(None, [f": {tool.type!r} needs a service that is not part of this server"])
    reading = read_kind(tool, server)
    if reading.plan is None:
        return reading
    fields = {field.alias or name: getattr(tool, name) for name, field in Tool.model_fields.items()}
    given = {**fields, **(tool.model_extra or {})}
    used = _USED[tool.type or ""] | {"type"}
    reading.unheeded += [
        f".{name}" for name, value in given.items() if name not in used and value not in (None, [], {}, "")
    ]
    if reading.plan:
        try:
            _PLAN.validate_python(reading.plan)
        except ValidationError as error:
            wrong = error.errors(include_url=False, include_input=False, include_context=False)[0]
            where = ".".join(str(part) for part in wrong["loc"][1:])
            return Reading(None, [f": {where}: {wrong['msg']}"])
    return reading


def unheeded(raw: Mapping[str, Any], whole: Mapping[str, Any]) -> list[str]:
    """A sentence for each thing that the tools of `raw` ask for in vain. `whole` are the overrides of all levels."""
    server = AssistantOverrides.model_validate(dict(whole)).server
    told, count = [], 0
    for path, tools in _lists(AssistantOverrides.model_validate(dict(raw))):
        for place, tool in enumerate(tools):
            where = f"assistantOverrides.{path}[{place}]"
            reading = read(tool, server)
            count += bool(reading.plan)
            if reading.plan and count > MOST:
                reading.unheeded = [f": a call has at most {MOST} tools"]
            for what in reading.unheeded:
                name, _, reason = what.partition(": ")
                told.append(f"{where}{name} is not obeyed{f': {reason}' if reason else ' yet'}")
    return told


def _lists(overrides: AssistantOverrides) -> Iterator[tuple[str, Sequence[Tool]]]:
    if overrides.model is not None:
        yield "model.tools", overrides.model.tools or ()
    yield "tools:append", overrides.tools_append or ()


def _plans(asked: Asked, tools: Sequence[Tool]) -> list[dict[str, Any]]:
    plans = (read(tool, asked.overrides.server).plan for tool in tools)
    return [plan for plan in plans if plan]


def _tools(asked: Asked) -> Changes | None:
    tools = asked.model.tools
    return None if tools is None else {"tools": _plans(asked, tools)[:MOST]}


def _append(asked: Asked) -> Changes | None:
    tools = asked.overrides.tools_append
    if tools is None:
        return None
    before = (
        [one.model_dump() for one in asked.plan.tools]
        if asked.model.tools is None
        else _plans(asked, asked.model.tools)
    )
    return {"tools": [*before, *_plans(asked, tools)][:MOST]}


def _end_message(asked: Asked) -> Changes | None:
    text = asked.overrides.end_call_message
    if text is None or text.lower().startswith(("http://", "https://")):  # a sound, to be fetched
        return None
    return {"end_message": text}


RULES = (
    Rule("model.tools", ("tools",), _tools),
    Rule("tools:append", ("tools",), _append),
    Rule("endCallMessage", ("end_message",), _end_message),
)


# ── each kind ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _request(tool: Tool, server: Server | None) -> Reading:
    parts = tool_parts.Parts()
    schema = _schema(tool.body)
    properties = _properties(schema)
    fixed = {name: each[word] for name, each in properties.items() for word in _STATIC[1::-1] if word in each}
    fixed |= {one.key: one.value for one in tool.parameters or () if one.key}
    asked = {name: each for name, each in properties.items() if name not in fixed}
    required = [name for name in schema.pop("required", None) or () if name in asked]
    schema |= {"type": "object", "properties": asked} | ({"required": required} if required else {})
    plan = {
        "kind": "http",
        "name": tool.name or "api_request",
        "description": tool.description or "",
        "parameters": schema,
        "method": tool.method or "POST",
        "url": tool.url or "",
        "headers": {
            name: str(next(each[word] for word in _STATIC if word in each))
            for name, each in _properties(_schema(tool.headers)).items()
            if any(word in each for word in _STATIC)
        },
        "fixed": fixed,
        **tool_parts.patience(tool.timeout_seconds, tool.backoff_plan),
        "extract": parts.extraction(tool.variable_extraction_plan),
        "messages": parts.messages(tool.messages),
        "reject": parts.rejections(tool.rejection_plan),
    }
    return Reading(plan, parts.unheeded)


def _function(tool: Tool, server: Server | None) -> Reading:
    parts = tool_parts.Parts()
    server = tool.server if tool.server is not None and tool.server.url else server
    if server is None or not server.url:
        return Reading(None, [": it names no server, and the overrides have none"])
    extra = tool.model_extra or {}
    function = extra.get("function")
    function = function if isinstance(function, Mapping) else {}
    plan = {
        "kind": "function",
        "name": function.get("name") or tool.name or "",
        "description": function.get("description") or tool.description or "",
        "parameters": function.get("parameters") or {"type": "object", "properties": {}},
        "waits": extra.get("async") is not True,
        **parts.server(server),
        "extract": parts.extraction(tool.variable_extraction_plan),
        "messages": parts.messages(tool.messages),
        "reject": parts.rejections(tool.rejection_plan),
    }
    return Reading(plan, parts.unheeded)


def _keys(tool: Tool, server: Server | None) -> Reading:
    parts = tool_parts.Parts()
    plan = {
        "kind": "dtmf",
        **({"name": tool.name} if tool.name else {}),
        "description": tool.description or "",
        "messages": parts.messages(tool.messages),
        "reject": parts.rejections(tool.rejection_plan),
    }
    return Reading(plan, parts.unheeded)


def _mcp(tool: Tool, server: Server | None) -> Reading:
    parts = tool_parts.Parts()
    if tool.server is None or not tool.server.url:
        return Reading(None, [": it names no server"])
    metadata = (tool.model_extra or {}).get("metadata")
    if isinstance(metadata, Mapping) and metadata.get("protocol") == "sse":
        return Reading(None, [": the protocol is streamable HTTP, not sse"])
    plan = {
        "kind": "mcp",
        **({"name": tool.name} if tool.name else {}),
        **parts.server(tool.server),
        "messages": parts.messages(tool.messages),
    }
    return Reading(plan, parts.unheeded)


def _end_call(tool: Tool, server: Server | None) -> Reading:
    """Every model can."""
    return Reading({})


def _transfer(tool: Tool, server: Server | None) -> Reading:
    return Reading(None, [": calls are handed to the organisation's queues, which every model is offered"])


def _schema(schema: JsonSchema | None) -> dict[str, Any]:
    given = {} if schema is None else schema.model_dump(mode="json", by_alias=True, exclude_unset=True)
    if schema is not None and schema.type is not None and len(schema.type) == 1:
        given["type"] = schema.type[0]
    return given


def _properties(schema: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Each with what is said of it, which may be nothing."""
    given = schema.get("properties") or {}
    return {name: each if isinstance(each, Mapping) else {} for name, each in given.items()}


_KINDS = {
    "apiRequest": _request,
    "function": _function,
    "dtmf": _keys,
    "mcp": _mcp,
    "endCall": _end_call,
    "transferCall": _transfer,
}
_SPOKEN = {"name", "description", "messages", "rejectionPlan"}
_USED: Mapping[str, set[str]] = {
    "apiRequest": _SPOKEN
    | {"method", "url", "timeoutSeconds", "parameters", "body", "headers", "backoffPlan", "variableExtractionPlan"},
    "function": _SPOKEN | {"function", "server", "async", "variableExtractionPlan"},
    "dtmf": _SPOKEN,
    "mcp": {"name", "description", "messages", "server", "metadata"},
    "endCall": {"name", "description"},
    "transferCall": set(),
}
"""Fields of each type that are obeyed, or looked into."""
