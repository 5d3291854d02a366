from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

from processors.knowledge.asked import AskedKnowledge
from processors.ports import Message

CHAT = (Message("system", "Be kind."), Message("assistant", "Hello."), Message("user", "What does it cost?"))


@asynccontextmanager
async def asked(
    answer: Callable[[Any], Awaitable[web.Response]], seconds: float = 5.0
) -> AsyncIterator[AskedKnowledge]:
    async def handle(request: web.Request) -> web.Response:
        assert request.headers["X-Key"] == "k"
        return await answer(await request.json())

    app = web.Application()
    app.router.add_post("/know", handle)
    async with TestServer(app) as server, ClientSession() as http:
        yield AskedKnowledge(http, str(server.make_url("/know")), {"X-Key": "k"}, seconds, 2)


async def test_it_is_told_what_was_said_and_its_best_documents_are_taken() -> None:
    told = []

    async def answer(question: Any) -> web.Response:
        told.append(question)
        documents = [{"content": f"Number {n}.", "similarity": n / 10} for n in (1, 9, 5)]
        return web.json_response({"documents": documents})

    async with asked(answer) as knowledge:
        assert await knowledge.about(CHAT) == "- Number 9.\n- Number 5."
    spoken = [{"role": "assistant", "content": "Hello."}, {"role": "user", "content": "What does it cost?"}]
    assert told == [{"message": {"type": "knowledge-base-request", "messages": spoken}}]


async def test_a_message_of_its_own_is_taken_as_it_is() -> None:
    async def answer(_question: Any) -> web.Response:
        return web.json_response({"message": {"role": "assistant", "content": " It is 500 rupees. "}})

    async with asked(answer) as knowledge:
        assert await knowledge.about(CHAT) == "It is 500 rupees."


@pytest.mark.parametrize("body", ["", "[]", '{"documents": 3}', "<html>"])
async def test_an_answer_that_is_none_is_gone_on_without(body: str) -> None:
    async def answer(_question: Any) -> web.Response:
        return web.Response(text=body)

    async with asked(answer) as knowledge:
        assert await knowledge.about(CHAT) == ""


async def test_an_error_is_gone_on_without() -> None:
    async def answer(_question: Any) -> web.Response:
        return web.json_response({"documents": [{"content": "No."}]}, status=500)

    async with asked(answer) as knowledge:
        assert await knowledge.about(CHAT) == ""


async def test_a_server_that_is_late_is_gone_on_without() -> None:
    never = asyncio.Event()

    async def answer(_question: Any) -> web.Response:
        await never.wait()
        return web.Response()

    async with asked(answer, seconds=0.05) as knowledge:
        assert await knowledge.about(CHAT) == ""
        never.set()
