"""Providers keep the beginning of a question that they have read before, if it is the same to the last byte."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

from aiohttp import ClientSession

from pipeline.frames import Played, UserTurn
from processors.dialogue import Dialogue
from processors.lines import Lines
from processors.llm import openai
from processors.llm.openai import OpenAiLlm, Options
from processors.ports import Tokens
from tests.fakes import started
from tests.patience import until
from tests.processors import openai_server as server
from tests.processors.openai_server import OpenAiServer


async def test_each_question_of_a_call_begins_with_all_of_the_one_before_it() -> None:
    async with server.running() as stand_in, ClientSession() as http:
        stand_in.script = [server.text("Yes."), server.STOP]
        llm = OpenAiLlm(Options(base_url=stand_in.base_url), http)
        stage = Dialogue(llm, prompt="Be brief.", lines=Lines(), queues=("sales", "service"))
        async with started(stage):
            for reply, words in enumerate(("Are you open?", "On Sundays too?", "Until nine?"), 1):
                stage.process(UserTurn(words, 0.0))
                await until(partial(_is_asked, stand_in, reply))
                stage.process(Played(reply, 0.0, 0.5, "Yes.", complete=True, over=True))
        first, second, third = stand_in.asked
        assert _bytes(first["tools"]) == _bytes(second["tools"]) == _bytes(third["tools"])
        assert _bytes(second["messages"]).startswith(_bytes(first["messages"])[:-1])
        assert _bytes(third["messages"]).startswith(_bytes(second["messages"])[:-1])
        await openai.close(http)


async def test_what_an_answer_took_is_counted() -> None:
    usage = {"prompt_tokens": 1200, "completion_tokens": 9, "prompt_tokens_details": {"cached_tokens": 1024}}
    async with server.running() as stand_in, ClientSession() as http:
        stand_in.script = [server.text("Yes."), server.STOP, {**server.USAGE, "usage": usage}]
        llm = OpenAiLlm(Options(base_url=stand_in.base_url, count_tokens=True), http)
        took: list[Tokens] = []
        llm.took = took.append
        assert [piece async for piece in llm.reply((), ())] == ["Yes."]
        assert took == [Tokens(read=1200, cached=1024, written=9)]
        assert stand_in.asked[0]["stream_options"] == {"include_usage": True}
        await openai.close(http)


async def test_a_server_of_ones_own_is_not_asked_unless_told_to() -> None:
    async with server.running() as stand_in, ClientSession() as http:
        stand_in.script = [server.text("Yes."), server.STOP]
        assert [piece async for piece in OpenAiLlm(Options(base_url=stand_in.base_url), http).reply((), ())] == ["Yes."]
        assert "stream_options" not in stand_in.asked[0]
        await openai.close(http)


def _is_asked(stand_in: OpenAiServer, times: int) -> bool:
    return len(stand_in.asked) == times


def _bytes(value: Any) -> bytes:
    return json.dumps(value).encode()
