"""Chat completions over real HTTP: what comes through, and every way in which it can fail."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import ClientSession

from processors.llm import openai
from processors.llm.openai import MALFORMED, OpenAiLlm, Options
from processors.ports import Message, ProviderError, Tool, ToolCall
from tests.processors import openai_server as server
from tests.processors.openai_server import OpenAiServer

CHAT = (Message("system", "Be brief."), Message("user", "my secret is 42"))
DONE = "data: [DONE]\n\n"


@pytest.fixture
async def stand_in() -> AsyncIterator[OpenAiServer]:
    async with server.running() as running:
        yield running


@pytest.fixture
async def http() -> AsyncIterator[ClientSession]:
    async with ClientSession() as session:
        yield session
        await openai.close(session)


def model(stand_in: OpenAiServer, http: ClientSession, **options: Any) -> OpenAiLlm:
    return OpenAiLlm(Options.model_validate({"base_url": stand_in.base_url, "api_key": "sk-canary", **options}), http)


async def said(llm: OpenAiLlm, *tools: Tool) -> list[str | ToolCall]:
    return [piece async for piece in llm.reply(CHAT, tools)]


async def gather(llm: OpenAiLlm, into: list[str | ToolCall]) -> None:
    async for piece in llm.reply(CHAT, ()):
        into.append(piece)  # noqa: PERF401 - what came before a trouble counts


async def test_pieces_come_as_they_are(stand_in: OpenAiServer, http: ClientSession) -> None:
    empty = server.chunk(None)
    stand_in.script = [server.text("", role="assistant"), server.text("Hi"), empty, server.text(" there.")]
    stand_in.script += [server.text(None), server.STOP, server.USAGE, DONE]
    assert await said(model(stand_in, http)) == ["Hi", " there."]
    assert stand_in.keys == ["Bearer sk-canary"]


async def test_white_space_waits_for_a_word(stand_in: OpenAiServer, http: ClientSession) -> None:
    stand_in.script = [server.text("\n\n"), server.text(" "), server.text("Hi"), server.text(" "), server.STOP, DONE]
    assert await said(model(stand_in, http)) == ["\n\n Hi"]


async def test_what_is_asked(stand_in: OpenAiServer, http: ClientSession) -> None:
    stand_in.script = [server.text("ok"), server.STOP]
    chat = (
        Message("system", "Be brief."),
        Message("assistant", "", calls=(ToolCall("c1", "look", {"day": "mon"}),)),
        Message("tool", "free", answers="c1"),
        Message("assistant", "It is free."),
        Message("user", "good"),
    )
    options = {"max_tokens": 9, "token_param": "max_tokens", "temperature": 0.5, "extra_body": {"seed": 3}}
    llm = model(stand_in, http, **options)
    tool = Tool("look", "Looks.", {"type": "object", "properties": {"day": {"type": "string"}}})
    assert [piece async for piece in llm.reply(chat, (tool,))] == ["ok"]
    (asked,) = stand_in.asked
    call = asked["messages"][1].pop("tool_calls")
    assert asked["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "assistant", "content": None},
        {"role": "tool", "content": "free", "tool_call_id": "c1"},
        {"role": "assistant", "content": "It is free."},
        {"role": "user", "content": "good"},
    ]
    assert call == [{"id": "c1", "type": "function", "function": {"name": "look", "arguments": '{"day": "mon"}'}}]
    assert asked["tools"][0]["function"]["parameters"]["properties"] == {"day": {"type": "string"}}
    assert (asked["max_tokens"], asked["temperature"], asked["seed"], asked["stream"]) == (9, 0.5, 3, True)
    assert "max_completion_tokens" not in asked


async def test_tool_calls_are_put_together(stand_in: OpenAiServer, http: ClientSession) -> None:
    stand_in.script = [
        server.text("One moment."),
        server.call(0, "", id="a", name="book"),
        server.call(1, "", id="b", name="look"),
        server.call(0, '{"day":'),
        server.call(1, "{not json"),
        server.call(2, '{"in":' * 5000, id="c", name="nest"),
        server.call(0, '"mon"}'),
        server.chunk({}, "tool_calls"),
        DONE,
    ]
    assert await said(model(stand_in, http)) == [
        "One moment.",
        ToolCall("a", "book", {"day": "mon"}),
        ToolCall("b", "look", {MALFORMED: True}),
        ToolCall("c", "nest", {MALFORMED: True}),
    ]


async def test_tool_calls_without_an_index_and_without_arguments(stand_in: OpenAiServer, http: ClientSession) -> None:
    stand_in.script = [server.call(None, "", id="a", name="one"), server.call(None, "[1]", id="b", name="two")]
    stand_in.script.append(server.chunk({}, "tool"))
    assert await said(model(stand_in, http)) == [ToolCall("a", "one", {}), ToolCall("b", "two", {MALFORMED: True})]


@pytest.mark.parametrize(
    ("status", "retriable"),
    [(400, False), (401, False), (403, False), (404, False), (429, True), (500, True), (503, True)],
)
async def test_a_refusal(stand_in: OpenAiServer, http: ClientSession, status: int, *, retriable: bool) -> None:
    stand_in.script = status
    with pytest.raises(ProviderError) as refused:
        await said(model(stand_in, http))
    assert (refused.value.status, refused.value.retriable) == (status, retriable)
    assert len(stand_in.asked) == 1


@pytest.mark.parametrize(
    "script",
    [
        [server.HANG],
        [server.text("Hi"), server.HANG],
        [server.RESET],
        [server.text("Hi"), server.RESET],
        [server.text("Hi"), server.BROKEN],
        [server.text("Hi"), server.ERROR],
        [server.text("Hi")],
        [],
    ],
    ids=["silent", "silent midway", "reset", "reset midway", "broken event", "error event", "broken off", "empty"],
)
async def test_trouble(
    stand_in: OpenAiServer, http: ClientSession, script: list[dict[str, Any] | str], caplog: pytest.LogCaptureFixture
) -> None:
    stand_in.script = script
    caplog.set_level(logging.INFO)
    patience = 0.3 if script[:1] == [server.HANG] else 10.0
    llm = model(stand_in, http, first_token_timeout_seconds=patience, between_tokens_timeout_seconds=0.3)
    pieces: list[str | ToolCall] = []
    with pytest.raises(ProviderError) as trouble:
        await gather(llm, pieces)
    assert pieces == (["Hi"] if script and isinstance(script[0], dict) else [])
    assert trouble.value.retriable
    shown = f"{trouble.value!r} {trouble.value.__cause__!r} {caplog.text}"
    assert not any(word in shown for word in ("canary", "secret"))


async def test_nobody_there(http: ClientSession, unused_tcp_port: int) -> None:
    llm = OpenAiLlm(Options(base_url=f"http://127.0.0.1:{unused_tcp_port}/v1"), http)
    with pytest.raises(ProviderError, match="APIConnectionError"):
        await said(llm)


async def test_the_whole_reply_has_a_limit(stand_in: OpenAiServer, http: ClientSession) -> None:
    stand_in.script = [server.text("Hi"), server.HANG]
    with pytest.raises(ProviderError, match="took too long"):
        await said(model(stand_in, http, timeout_seconds=0.3))


@pytest.mark.parametrize("script", [[server.HANG], [server.text("Hi"), server.HANG]], ids=["before", "midway"])
async def test_an_interrupted_reply_closes_the_request(
    stand_in: OpenAiServer, http: ClientSession, script: list[dict[str, Any] | str]
) -> None:
    stand_in.script = script
    talking = asyncio.ensure_future(said(model(stand_in, http)))
    await stand_in.hung.wait()
    talking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await talking
    await asyncio.wait_for(stand_in.left.wait(), 2)


async def test_the_recorded_stream(stand_in: OpenAiServer, http: ClientSession) -> None:
    """The wire's shape with role, usage and tool call fragments, event by event."""
    parts: list[dict[str, Any]] = [
        {"role": "assistant", "content": ""},
        {"content": "Hi"},
        {"content": " there."},
        {"tool_calls": [{"index": 0, "id": "c", "type": "function", "function": {"name": "book", "arguments": ""}}]},
        {"tool_calls": [{"index": 0, "function": {"arguments": json.dumps({"day": "mon"})}}]},
    ]
    stand_in.script = [*(server.chunk(part) for part in parts), server.chunk({}, "tool_calls"), server.USAGE, DONE]
    assert await said(model(stand_in, http)) == ["Hi", " there.", ToolCall("c", "book", {"day": "mon"})]
