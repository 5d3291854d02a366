from __future__ import annotations

from typing import Any

import pytest
from aiohttp import web

from processors.tools.function import FunctionDeed
from processors.tools.options import FunctionTool
from processors.tools.toolbox import Done
from tests.patience import until
from tests.processors.stand_ins.tool_server import ToolServer, serving

CALL = {"id": "cal_1", "type": "webCall"}


class Answering(ToolServer):
    """Answers the call that it was asked about."""

    result: Any = "booked as 17"
    error: Any = None

    async def answer(self, request: web.Request) -> web.Response:
        self.answers = [web.Response()]
        await super().answer(request)
        id_ = self.asked[-1].body["message"]["toolCallList"][0]["id"]
        given = {"toolCallId": id_} | ({"error": self.error} if self.error else {"result": self.result})
        return web.json_response({"results": [{"toolCallId": "other", "result": "no"}, given]})


async def done_by(server: ToolServer, variables: dict[str, Any] | None = None, **more: Any) -> Done:
    async with serving(server) as outside:
        about = {"kind": "function", "name": "book", "url": f"{server.url}/tools", **more}
        deed = FunctionDeed(FunctionTool.model_validate(about), outside, {} if variables is None else variables, CALL)
        return await deed.do({"day": "Friday"}, lambda text: None)


async def test_the_server_is_told_the_call_and_the_model_the_result() -> None:
    server = Answering()
    assert await done_by(server) == Done("booked as 17")
    message = server.asked[0].body["message"]
    told = message["toolCallList"][0]
    assert (message["type"], message["call"]) == ("tool-calls", CALL)
    assert (told["name"], told["arguments"]) == ("book", {"day": "Friday"})
    assert told["function"] == {"name": "book", "arguments": {"day": "Friday"}}


async def test_a_result_that_is_an_object_can_be_looked_into() -> None:
    server, variables = Answering(), dict[str, Any]()
    server.result = {"number": 17}
    done = await done_by(server, variables, extract={"aliases": {"number": "{{ $.number }}"}})
    assert (done, variables) == (Done('{"number":17}'), {"number": 17})


async def test_what_the_server_says_went_wrong_is_told() -> None:
    server = Answering()
    server.error = "no such day"
    assert await done_by(server) == Done("The tool book failed: it answered with an error: no such day.", ok=False)


@pytest.mark.parametrize("answer", [{}, [], {"results": {}}, {"results": [{"toolCallId": "x", "result": "1"}]}])
async def test_an_answer_without_the_result_is_a_failure(answer: Any) -> None:
    done = await done_by(ToolServer(answers=[web.json_response(answer)]))
    assert done == Done("The tool book failed: it answered no result of this call.", ok=False)


async def test_one_that_is_not_waited_for_is_told_beside_the_call() -> None:
    server = ToolServer(answers=[None])
    async with serving(server) as outside:
        about = {"kind": "function", "name": "book", "url": f"{server.url}/tools", "waits": False}
        deed = FunctionDeed(FunctionTool.model_validate(about), outside, {}, CALL)
        assert await deed.do({"day": "Friday"}, lambda text: None) == Done("It is passed on.")
        await until(lambda: bool(server.asked))
        server.go_on.set()
