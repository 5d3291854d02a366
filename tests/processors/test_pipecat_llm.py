"""A language model of Pipecat's behind our port, against a server on a real socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager

import pytest
from aiohttp import ClientSession

from processors import catalogue
from processors.pipecat_keeper import close
from processors.ports import LanguageModel, Message, ProviderError, Tool, ToolCall
from tests.processors import openai_server
from tests.processors.openai_server import BROKEN, ERROR, HANG, RESET, OpenAiServer

LLM = "pipecat.services.openai.llm.OpenAILLMService"
KEY = "sk-very-secret"
CHAT = (Message("system", "You are Asha."), Message("user", "My card is four two."))
SEATS = Tool("seats", "Free seats.", {"type": "object", "properties": {"day": {"type": "string"}}, "required": ["day"]})
OPEN = [openai_server.text("We open "), openai_server.text(" "), openai_server.text("at nine."), openai_server.STOP]


@asynccontextmanager
async def asking(**more: float) -> AsyncIterator[tuple[OpenAiServer, LanguageModel]]:
    """Whatever happens inside, nothing runs on afterwards."""
    before = asyncio.all_tasks()
    async with openai_server.running() as server, ClientSession() as http:
        arguments = {"base_url": server.base_url, "settings": {"model": "m", "temperature": 0.5}}
        options = {"service": LLM, "api_key": KEY, "arguments": arguments, **more}
        server.script = list(OPEN)
        yield server, catalogue.create("llm", "pipecat", options, http)
        await close(http)
    assert asyncio.all_tasks() == before


async def said(model: LanguageModel, *chat: Message, tools: tuple[Tool, ...] = ()) -> list[str | ToolCall]:
    return [piece async for piece in model.reply(chat or CHAT, tools)]


async def test_an_answer_comes_in_pieces_with_words_in_them() -> None:
    async with asking() as (server, model):
        assert await said(model) == ["We open ", " at nine."]
    (asked,) = server.asked
    assert (asked["model"], asked["temperature"]) == ("m", 0.5)
    assert server.keys == [f"Bearer {KEY}"]


async def test_no_key_comes_from_the_servers_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    async with openai_server.running() as server, ClientSession() as http:
        server.script = list(OPEN)
        options = {"service": LLM, "arguments": {"base_url": server.base_url}, "keep_seconds": 0}
        assert await said(catalogue.create("llm", "pipecat", options, http))
    assert server.keys == ["Bearer none"]


async def test_the_model_is_told_all_of_the_chat_and_each_call_its_own_prompt() -> None:
    async with asking() as (server, model):
        call = ToolCall("c0", "seats", {"day": "today"})
        chat = (*CHAT, Message("assistant", "", (call,)), Message("tool", '{"free": 3}', answers="c0"))
        await said(model, *chat, Message("system", "Be brief."), tools=(SEATS,))
        await said(model, Message("user", "hello"))
    first, second = (asked["messages"] for asked in server.asked)
    assert [message["role"] for message in first] == ["system", "user", "assistant", "tool", "developer"]
    assert first[0]["content"] == "You are Asha."
    assert first[2]["tool_calls"][0]["function"] == {"name": "seats", "arguments": '{"day": "today"}'}
    assert first[3]["tool_call_id"] == "c0"
    assert server.asked[0]["tools"][0]["function"]["parameters"] == SEATS.parameters
    assert second == [{"role": "user", "content": "hello"}]


async def test_tool_calls_come_whole_and_are_not_run_by_pipecat() -> None:
    async with asking() as (server, model):
        server.script = [
            openai_server.text("Let me see."),
            openai_server.call(0, '{"da', id="c1", name="seats"),
            openai_server.call(0, 'y": "today"}'),
            openai_server.call(1, "{}", id="c2", name="unheard_of"),
            openai_server.chunk({}, "tool_calls"),
        ]
        assert await said(model, tools=(SEATS,)) == [
            "Let me see.",
            ToolCall("c1", "seats", {"day": "today"}),
            ToolCall("c2", "unheard_of", {}),
        ]
        server.script = list(OPEN)
        assert await said(model) == ["We open ", " at nine."]


async def test_after_an_interruption_only_the_new_answer_is_heard() -> None:
    async with asking() as (server, model):
        server.script = [openai_server.text("An old answer"), HANG]
        async with aclosing(model.reply(CHAT, ())) as pieces:
            assert await anext(pieces) == "An old answer"
            await server.hung.wait()
        await server.left.wait()
        server.script = list(OPEN)
        assert await said(model) == ["We open ", " at nine."]


async def test_a_cancelled_reader_leaves_nothing_behind() -> None:
    async with asking() as (server, model):
        server.script = [HANG]
        asked = asyncio.ensure_future(said(model))
        await server.hung.wait()
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked
        await server.left.wait()


async def test_many_may_be_asked_at_once() -> None:
    async with asking() as (_, model):
        assert await asyncio.gather(*(said(model) for _ in range(6))) == [["We open ", " at nine."]] * 6


@pytest.mark.parametrize(
    ("script", "status"),
    [
        (401, 401),
        (429, 429),
        (500, 500),
        ([HANG], 0),
        ([RESET], 0),
        ([openai_server.text("We open"), RESET], 0),
        ([openai_server.text("We open"), HANG], 0),
        ([BROKEN], 0),
        ([ERROR], 0),
    ],
)
async def test_a_model_that_fails_says_so_once_and_answers_again(
    script: list[dict[str, object] | str] | int,
    status: int,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with asking(first_token_timeout_seconds=0.3, between_tokens_timeout_seconds=0.3) as (server, model):
        server.script = script
        with pytest.raises(ProviderError) as failed:
            await said(model)
        assert len(server.asked) == 1
        server.script = list(OPEN)
        assert await said(model) == ["We open ", " at nine."]
    assert failed.value.status == status
    assert failed.value.retriable == (status != 401)
    printed = capfd.readouterr()
    assert not any(secret in f"{failed.value}{printed}{caplog.text}" for secret in (KEY, "secret detail", "card"))
