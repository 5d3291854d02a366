"""The tools of a server that speaks the Model Context Protocol."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from processors.ports import Tool
from processors.tools.mcp_wire import McpSession
from processors.tools.options import McpTool
from processors.tools.requests import Outside, RequestError, told
from processors.tools.templates import UnsafeAddressError, address
from processors.tools.toolbox import Done, Speak

MOST_TOOLS = 64
MOST_PAGES = 10
LONGEST_NAME = 64


class McpServer:
    """One, for one call. Opens nothing until it is asked for its deeds."""

    def __init__(self, plan: McpTool, outside: Outside, variables: Mapping[str, Any]) -> None:
        """Raises RequestError."""
        try:
            url = address(plan.url, variables)
        except UnsafeAddressError as error:
            raise RequestError(str(error)) from None
        self._plan = plan
        self._session = McpSession(outside, url, plan.headers, plan.timeout_seconds)

    async def deeds(self) -> Sequence[McpDeed]:
        """Raises RequestError."""
        await self._session.open()
        found: list[McpDeed] = []
        cursor: Any = None
        for _ in range(MOST_PAGES):
            page = await self._session.ask("tools/list", {} if cursor is None else {"cursor": cursor})
            listed = page.get("tools")
            for one in listed if isinstance(listed, list) else ():
                tool = _tool(one)
                if tool is not None and (not self._plan.only or tool.name in self._plan.only):
                    found.append(McpDeed(tool, self._session))
            cursor = page.get("nextCursor")
            if not cursor or len(found) >= MOST_TOOLS:
                break
        return found[:MOST_TOOLS]

    async def close(self) -> None:
        await self._session.close()


class McpDeed:
    def __init__(self, tool: Tool, session: McpSession, name: str = "") -> None:
        """`name` is how the model knows it, if not by the server's own."""
        self._tool, self._session = tool, session
        self.tool = Tool(name or _called(tool.name), tool.description, tool.parameters)

    def named(self, name: str) -> McpDeed:
        """The same, by a name that is not taken."""
        return McpDeed(self._tool, self._session, _called(name))

    async def do(self, arguments: Mapping[str, Any], speak: Speak) -> Done:
        try:
            result = await self._session.ask("tools/call", {"name": self._tool.name, "arguments": dict(arguments)})
        except RequestError as error:
            return Done(f"The tool {self.tool.name} failed: {told(error)}.", ok=False)
        return Done(_text(result) or "It is done.", ok=result.get("isError") is not True)


def _called(name: str) -> str:
    """As a model may be told it."""
    return re.sub(r"[^a-zA-Z0-9_-]", "_", name)[:LONGEST_NAME]


def _tool(listed: Any) -> Tool | None:
    if not isinstance(listed, Mapping) or not isinstance(listed.get("name"), str) or not listed["name"]:
        return None
    schema = listed.get("inputSchema")
    parameters = schema if isinstance(schema, Mapping) else {"type": "object", "properties": {}}
    return Tool(listed["name"], str(listed.get("description") or "")[:4000], parameters)


def _text(result: Mapping[str, Any]) -> str:
    content = result.get("content")
    pieces = [
        str(each.get("text", ""))
        for each in (content if isinstance(content, list) else ())
        if isinstance(each, Mapping) and each.get("type") == "text"
    ]
    if not pieces and result.get("structuredContent") is not None:
        return orjson.dumps(result["structuredContent"]).decode()
    return "\n".join(pieces)
