"""Vapi's tools in a call plan's words, and what of them is not obeyed."""

from __future__ import annotations

from typing import Any

import pytest

from processors.tools.options import MOST, FunctionTool, HttpTool, McpTool
from server.call_plan import CallPlan
from server.overrides import applied, translated
from server.overrides.tools import unheeded

URL = "https://api.example.com/book"
REQUEST: dict[str, Any] = {
    "type": "apiRequest",
    "name": "book",
    "description": "Books.",
    "method": "PUT",
    "url": f"{URL}/{{{{shop}}}}",
    "timeoutSeconds": 30,
    "body": {
        "type": "object",
        "properties": {"day": {"type": "string"}, "shop": {"type": "string", "value": "{{shop}}"}},
        "required": ["day", "shop"],
    },
    "headers": {"type": "object", "properties": {"Authorization": {"type": "string", "value": "Bearer x"}}},
    "parameters": [{"key": "source", "value": "phone"}],
    "backoffPlan": {"type": "exponential", "maxRetries": 2, "baseDelaySeconds": 0.5, "excludedStatusCodes": [409]},
    "variableExtractionPlan": {
        "schema": {"type": "object", "properties": {"price": {"type": "number"}}},
        "aliases": [{"key": "number", "value": "{{ $.number }}"}],
    },
    "messages": [
        {
            "type": "request-start",
            "contents": [{"type": "text", "text": "एक क्षण।", "language": "hi"}],
            "content": "One moment.",
            "blocking": True,
            "conditions": [{"operator": "eq", "param": "day", "value": "Friday"}],
        },
        {"type": "request-response-delayed", "content": "Still at it.", "timingMilliseconds": 2000},
        {"type": "request-complete", "content": "Say the number.", "role": "system"},
        {"type": "request-failed", "content": "It failed.", "endCallAfterSpokenEnabled": True},
    ],
    "rejectionPlan": {
        "conditions": [
            {"type": "regex", "regex": "cancel", "regexOptions": [{"type": "ignore-case", "enabled": True}]},
            {
                "type": "group",
                "operator": "OR",
                "conditions": [
                    {"type": "regex", "regex": "stop", "target": {"role": "assistant", "position": -2}},
                    {"type": "regex", "regex": "go", "negate": True},
                ],
            },
        ]
    },
}


def planned(overrides: dict[str, Any], config: dict[str, Any] | None = None) -> CallPlan:
    plan = CallPlan.model_validate(config or {})
    return CallPlan.model_validate(applied(config or {}, translated(overrides, plan)))


def told(tool: dict[str, Any], **more: Any) -> list[str]:
    overrides = {"model": {"tools": [tool]}, **more}
    return unheeded(overrides, overrides)


def test_a_request_is_obeyed_whole() -> None:
    (tool,) = planned({"model": {"tools": [REQUEST]}}).tools
    assert isinstance(tool, HttpTool)
    assert (tool.name, tool.description, tool.method, tool.timeout_seconds) == ("book", "Books.", "PUT", 30)
    assert tool.parameters == {"type": "object", "properties": {"day": {"type": "string"}}, "required": ["day"]}
    assert tool.fixed == {"shop": "{{shop}}", "source": "phone"}
    assert tool.headers["Authorization"].get_secret_value() == "Bearer x"
    assert tool.retries.model_dump() == {"times": 2, "seconds": 0.5, "growing": True, "not_after": (409,)}
    assert (tool.extract.properties, tool.extract.aliases) == (
        {"price": {"type": "number"}},
        {"number": "{{ $.number }}"},
    )
    first, late, done, failed = tool.messages
    assert (first.when, first.text, first.texts, first.waits) == ("start", "One moment.", {"hi": "एक क्षण।"}, True)
    assert first.conditions[0].model_dump() == {"argument": "day", "operator": "eq", "value": "Friday"}
    assert (late.when, late.after_ms, done.for_model, failed.ends_call) == ("delayed", 2000, True, True)
    one, group = tool.reject
    assert (one.pattern, one.ignore_case, one.role, one.position) == ("cancel", True, "user", -1)
    assert [(each.pattern, each.role, each.position, each.negate) for each in group.any_of] == [
        ("stop", "assistant", -2, False),
        ("go", "user", -1, True),
    ]
    assert told(REQUEST) == []


def test_a_function_goes_to_its_own_server_or_to_that_of_the_overrides() -> None:
    function = {"name": "book", "parameters": {"type": "object", "properties": {}}}
    own = {"type": "function", "function": function, "server": {"url": URL, "headers": {"X-Key": "k"}}}
    (tool,) = planned({"model": {"tools": [own]}}).tools
    assert isinstance(tool, FunctionTool)
    assert (tool.name, tool.url, tool.headers["X-Key"].get_secret_value()) == ("book", URL, "k")
    common = {"model": {"tools": [{"type": "function", "function": function, "async": True}]}, "server": {"url": URL}}
    (tool,) = planned(common).tools
    assert isinstance(tool, FunctionTool)
    assert (tool.url, tool.waits) == (URL, False)


def test_appended_tools_stand_behind_the_plans_own_and_keep_its_secrets() -> None:
    config = {"tools": [{"kind": "mcp", "url": URL, "headers": {"X-Key": "secret"}}]}
    own, digits = planned({"tools:append": [{"type": "dtmf"}]}, config).tools
    assert isinstance(own, McpTool)
    assert (own.headers["X-Key"].get_secret_value(), digits.kind) == ("secret", "dtmf")
    only = planned({"model": {"tools": [{"type": "dtmf"}]}}, config).tools
    assert [tool.kind for tool in only] == ["dtmf"]


@pytest.mark.parametrize(
    ("tool", "sentences"),
    [
        ({"type": "endCall"}, []),
        (
            {"type": "google.calendar.event.create"},
            [" is not obeyed: 'google.calendar.event.create' needs a service that is not part of this server"],
        ),
        (
            {"type": "transferCall", "destinations": [{"type": "number", "number": "+14155550100"}]},
            [" is not obeyed: calls are handed to the organisation's queues, which every model is offered"],
        ),
        (
            {"type": "function", "function": {"name": "a"}},
            [" is not obeyed: it names no server, and the overrides have none"],
        ),
        (
            {"type": "apiRequest", "name": "a", "url": URL, "credentialId": "c", "encryptedPaths": ["a"]},
            [".credentialId is not obeyed yet", ".encryptedPaths is not obeyed yet"],
        ),
        (
            {"type": "mcp", "server": {"url": URL, "credentialId": "c", "staticIpAddressesEnabled": True}},
            [".server.credentialId is not obeyed yet", ".server.staticIpAddressesEnabled is not obeyed yet"],
        ),
        (
            {"type": "mcp", "server": {"url": URL}, "metadata": {"protocol": "sse"}},
            [" is not obeyed: the protocol is streamable HTTP, not sse"],
        ),
        (
            {"type": "dtmf", "rejectionPlan": {"conditions": [{"type": "liquid", "liquid": "{{ true }}"}]}},
            [".rejectionPlan.conditions[0] is not obeyed yet"],
        ),
        (
            {"type": "dtmf", "rejectionPlan": {"conditions": "string"}},
            [".rejectionPlan.conditions is not obeyed yet"],
        ),
        (
            {"type": "dtmf", "name": "a b"},
            [" is not obeyed: name: String should match pattern '^[a-zA-Z0-9_-]{1,64}$'"],
        ),
        (
            {"type": "apiRequest", "name": "a", "url": "http://{{host}}/"},
            [
                " is not obeyed: url: Value error, must be an https:// address whose host has no variables and no"
                " credentials in it"
            ],
        ),
    ],
)
def test_what_is_not_obeyed_is_named(tool: dict[str, Any], sentences: list[str]) -> None:
    assert told(tool) == [f"assistantOverrides.model.tools[0]{sentence}" for sentence in sentences]


def test_a_tool_that_cannot_be_costs_no_call_and_no_other_tool() -> None:
    tools = [{"type": "apiRequest", "name": "a b", "url": URL}, {}, {"type": "dtmf"}]
    assert [tool.kind for tool in planned({"model": {"tools": tools}}).tools] == ["dtmf"]


@pytest.mark.parametrize(
    "schema", [{"properties": None, "required": None}, {"properties": {"day": None}}, {"properties": {"day": "text"}}]
)
def test_a_schema_that_says_little_is_taken_as_it_is(schema: dict[str, Any]) -> None:
    asked = {"model": {"tools": [{**REQUEST, "body": schema, "headers": schema}]}}
    plan = CallPlan.model_validate(applied({}, translated(asked, CallPlan())))
    (tool,) = plan.tools
    assert isinstance(tool, HttpTool)
    assert tool.parameters == {"type": "object", "properties": {name: {} for name in schema["properties"] or ()}}
    assert unheeded(asked, asked) == []


def test_tools_beyond_what_a_call_can_have_are_told() -> None:
    asked = {"model": {"tools": [{"type": "dtmf", "name": f"keys_{place}"} for place in range(MOST + 1)]}}
    assert len(CallPlan.model_validate(applied({}, translated(asked, CallPlan()))).tools) == MOST
    assert unheeded(asked, asked) == [
        f"assistantOverrides.model.tools[{MOST}] is not obeyed: a call has at most {MOST} tools"
    ]
