from __future__ import annotations

from typing import Any

import pytest
from aiohttp import web

from processors.tools.mcp import McpServer
from processors.tools.options import McpTool
from processors.tools.requests import Outside, RequestError
from processors.tools.toolbox import Done
from tests.processors.stand_ins.tool_server import McpStandIn, ToolServer, serving

SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}}
TOOLS: list[dict[str, Any]] = [
    {"name": "weather.now", "description": "Says it.", "inputSchema": SCHEMA},
    {"name": "broken"},
    {"odd": 1},
]


def server(outside: Outside, stand_in: McpStandIn | ToolServer, **more: Any) -> McpServer:
    plan = McpTool.model_validate({"kind": "mcp", "url": f"{stand_in.url}/mcp", **more})
    return McpServer(plan, outside, {})


def silent(text: str) -> None:
    raise AssertionError(text)


@pytest.fixture(params=[False, True], ids=["json", "stream"])
def stand_in(request: pytest.FixtureRequest) -> McpStandIn:
    return McpStandIn(stream=request.param, tools=TOOLS)


async def test_its_tools_are_listed_page_by_page_and_used(stand_in: McpStandIn) -> None:
    async with serving(stand_in) as outside:
        theirs = server(outside, stand_in)
        deeds = await theirs.deeds()
        done = await deeds[0].do({"city": "Pune"}, silent)
        await theirs.close()
    assert [(deed.tool.name, deed.tool.parameters) for deed in deeds] == [
        ("weather_now", SCHEMA),
        ("broken", {"type": "object", "properties": {}}),
    ]
    assert stand_in.used == [{"name": "weather.now", "arguments": {"city": "Pune"}}]
    assert done == Done("done {'city': 'Pune'}")
    listed = ["initialize", "notifications/initialized", "tools/list", "tools/list", "tools/call"]
    assert stand_in.methods == listed
    assert stand_in.closed.is_set()


async def test_a_tool_that_failed_says_so_to_the_model(stand_in: McpStandIn) -> None:
    async with serving(stand_in) as outside:
        deeds = await server(outside, stand_in).deeds()
        assert await deeds[1].do({}, silent) == Done("no", ok=False)


async def test_a_session_that_was_forgotten_is_opened_anew(stand_in: McpStandIn) -> None:
    async with serving(stand_in) as outside:
        deeds = await server(outside, stand_in).deeds()
        stand_in.session = "s-2"
        assert (await deeds[0].do({}, silent)).ok
    assert stand_in.methods[-4:] == ["tools/call", "initialize", "notifications/initialized", "tools/call"]


async def test_only_the_tools_that_are_named_are_offered(stand_in: McpStandIn) -> None:
    async with serving(stand_in) as outside:
        deeds = await server(outside, stand_in, only=["broken"]).deeds()
    assert [deed.tool.name for deed in deeds] == ["broken"]


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (web.Response(status=500), "it answered with the status 500"),
        (web.Response(text="hello"), "it answered something that is no JSON"),
        (web.json_response({"jsonrpc": "2.0", "id": 9, "result": {}}), "it answered something else than it was asked"),
        (web.json_response({"jsonrpc": "2.0", "id": 1}), "it answered neither a result nor an error"),
        (
            web.json_response({"jsonrpc": "2.0", "id": 1, "error": {"code": -1, "message": "no"}}),
            "answered with an error$",
        ),
        (
            web.json_response({"jsonrpc": "2.0", "id": 1, "result": {"protocolVersion": "1999-01-01"}}),
            "it speaks a version of the protocol that is not known here",
        ),
        (
            web.Response(text="data: {}\n\n", headers={"Content-Type": "text/event-stream"}),
            "its stream ended without an answer",
        ),
    ],
    ids=["500", "text", "other", "empty", "error", "version", "stream"],
)
async def test_a_server_that_speaks_otherwise_is_told_in_a_sentence(answer: web.Response, why: str) -> None:
    stand_in = ToolServer(answers=[answer])
    async with serving(stand_in) as outside:
        with pytest.raises(RequestError, match=why):
            await server(outside, stand_in).deeds()
