from __future__ import annotations

from typing import Any

import pytest
from aiohttp import web

from processors.turn_reader import ReaderOptions, TurnReader
from tests.processors.stand_ins.tool_server import ToolServer, serving


@pytest.mark.parametrize(
    ("answer", "seconds"),
    [
        ({"timeoutSeconds": 0.7}, 0.7),
        ({"timeoutSeconds": 99}, 15.0),
        ({"timeoutSeconds": -1}, 0.0),
        ({"timeoutSeconds": "soon"}, None),
        ({"timeoutSeconds": True}, None),
        ([], None),
    ],
)
async def test_the_server_is_asked_in_vapis_words_and_says_how_long_to_wait(answer: Any, seconds: float | None) -> None:
    server = ToolServer(answers=[web.json_response(answer)])
    async with serving(server) as outside:
        reader = TurnReader(ReaderOptions(url=server.url), outside, "call_1")
        assert await reader.wait("Your name?", "It is") == seconds
    (asked,) = server.asked
    message = asked.body["message"]
    assert (message["type"], message["call"]) == ("call.endpointing.request", {"id": "call_1"})
    assert message["messagesOpenAIFormatted"] == [
        {"role": "assistant", "content": "Your name?"},
        {"role": "user", "content": "It is"},
    ]


async def test_a_server_that_fails_is_not_heeded() -> None:
    server = ToolServer(answers=[web.Response(status=500)])
    async with serving(server) as outside:
        assert await TurnReader(ReaderOptions(url=server.url), outside, "call_1").wait("", "It is") is None
