from __future__ import annotations

from aiohttp import ClientSession

from pipeline.frames import Frame, LanguageSwitched
from processors.ports import ToolCall
from processors.tools.requests import Outside
from server.call_plan import CallPlan
from server.rehearsal.tools import toolbox
from server.tools.switch_language import SWITCH


async def test_what_a_call_would_write_in_its_books_is_answered_as_if_it_had() -> None:
    told: list[Frame] = []
    plan = CallPlan.model_validate({"languages": ["hi-IN"], "tools": [{"kind": "note"}]})
    async with ClientSession() as http:
        tools = toolbox(plan, Outside(http), told.append)
        for name, arguments in (("opt_out", {}), ("note", {"key": "day", "value": 5}), (SWITCH, {"language": "hi-IN"})):
            assert (await tools.use(ToolCall("1", name, arguments), lambda text: None)).ok, name
    assert told == [LanguageSwitched("hi-IN", by_model=True)]
