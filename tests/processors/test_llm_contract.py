"""What every language model promises."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

import pytest
from aiohttp import ClientSession

from processors import catalogue
from processors.llm import openai
from processors.llm.scripted import Options, ScriptedLlm
from processors.ports import LanguageModel, Message, Tool, ToolCall
from tests.processors import openai_server

END_CALL = Tool("end_call", "Hangs up.")


@pytest.fixture(params=["embedded", "scripted", "openai", "pipecat"])
async def model(request: pytest.FixtureRequest) -> AsyncIterator[LanguageModel]:
    async with openai_server.running() as server, ClientSession() as http:
        server.script = [openai_server.text("We open "), openai_server.text("at nine."), openai_server.STOP]
        asked: dict[str, Any] = {"base_url": server.base_url}
        hosted = {"service": "pipecat.services.openai.llm.OpenAILLMService", "arguments": asked, "keep_seconds": 0}
        options = {"openai": asked, "pipecat": hosted}.get(request.param, {})
        made: LanguageModel = catalogue.create("llm", request.param, options, http)
        yield made
        await openai.close(http)


async def test_it_answers_in_pieces_of_text(model: LanguageModel) -> None:
    pieces = [piece async for piece in model.reply((Message("user", "when do you open"),), (END_CALL,))]
    assert all(isinstance(piece, str) and piece for piece in pieces)
    assert "".join(map(str, pieces)).strip()


async def test_it_may_be_stopped_at_any_piece(model: LanguageModel) -> None:
    for _ in range(2):
        async with aclosing(model.reply((Message("user", "when do you open"),), ())) as pieces:
            assert await anext(pieces)


async def test_the_same_chat_has_the_same_answer(model: LanguageModel) -> None:
    chat = (Message("user", "hello"), Message("assistant", "Hi."), Message("user", "when do you open"))
    first = [piece async for piece in model.reply(chat, ())]
    again = [piece async for piece in model.reply(chat, ())]
    assert first == again


async def test_scripted_replies_take_turns_and_end_the_call() -> None:
    llm = ScriptedLlm(Options(replies=["One.", "Two."], cycle=False, end_call=True))
    chat: list[Message] = []
    heard: list[list[str | ToolCall]] = []
    for _ in range(3):
        chat += [Message("user", "x")]
        heard.append([piece async for piece in llm.reply(chat, (END_CALL,))])
    assert [pieces[0] for pieces in heard] == ["One.", "Two.", "Two."]
    assert [len(pieces) for pieces in heard] == [1, 2, 2]
