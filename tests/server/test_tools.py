"""What a model has done in a call: in the office's books, on the line, and at servers that its plan names."""

from __future__ import annotations

import json
import wave
from collections.abc import AsyncIterator
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from aiohttp import web

from dialer.opt_out import REASON
from pipeline.frames import AudioOut, UserTurn
from processors import sentences
from processors.tools.requests import Outside
from server.analysis.details import laid_beneath
from server.office import Office
from storage.records import Call
from tests.patience import until
from tests.processors.stand_ins.tool_server import McpStandIn, ToolServer, serving
from tests.server.house import House, scripted
from transports.loopback import Line, Loopback, quiet

PHONE = "+14155550192"
ASKED = UserTurn("Please.", 0.1)


def steps(*replies: Any, **more: Any) -> dict[str, Any]:
    """A plan whose model says and uses that, one after the other, for the caller's first turn."""
    llm = {"provider": "scripted", "options": {"replies": [list(replies)], "cycle": False}}
    return {**scripted(), "llm": llm, **more}


def use(name: str, **arguments: Any) -> dict[str, Any]:
    return {"say": "", "use": {name: arguments}}


async def called(house: House, config: dict[str, Any], *script: Line) -> tuple[Call, Loopback]:
    await house.agent(config)
    call, line = await house.call([quiet(0.1), ASKED, *(script or [quiet(20.0)])], from_number=PHONE)
    return await house.row(call), line


def reaching(house: House, outside: Outside) -> None:
    office: Office = replace(house.office, outside=outside)
    house.office = house.switchboard._office = office


async def said(house: House, call: Call) -> list[str]:
    return [turn.text for turn in await house.turns(call.id) if turn.speaker == "agent"]


@pytest.mark.parametrize(
    "llm",
    [
        {
            "provider": "scripted",
            "options": {"replies": [{"say": "Sorry. Goodbye.", "use": {"end_call": {"reason": REASON}}}]},
        },
        {"provider": "embedded", "options": {"script": "take_a_message"}},
        {"provider": "embedded", "options": {"script": "front_desk"}},
    ],
    ids=["a model that only hangs up", "take_a_message", "front_desk"],
)
async def test_however_a_call_ends_for_an_opt_out_the_number_is_blocked(house: House, llm: dict[str, Any]) -> None:
    await house.agent({**scripted(), "llm": llm})

    async def is_blocked() -> bool:
        async with house.database.read(house.seeded.organisation) as work:
            return bool(await work.phones.opted_out([PHONE]))

    async def talk() -> AsyncIterator[Line]:
        yield quiet(0.1)
        yield UserTurn("Never call me again.", 0.1)
        yield quiet(0.02)
        await until(is_blocked)
        yield quiet(20.0)

    call, _ = await house.call(talk(), from_number=PHONE)
    row = await house.row(call)
    assert row.reason == REASON
    spoken = (await said(house, row))[-1]
    assert spoken.endswith("Goodbye.")
    assert spoken.count("Goodbye") == 1


async def test_what_was_noted_is_in_the_books_before_the_call_ends_and_no_analysis_takes_it(house: House) -> None:
    tools = [{"kind": "note", "keys": ["budget", "city"]}]
    config = steps(
        {"say": "", "use": {"note": {"key": "budget", "value": 850}}},
        use("note", key="wish", value="x"),
        "Noted.",
        tools=tools,
    )
    row, _ = await called(house, config)
    assert row.key_details == {"notes": {"budget": 850}}
    assert laid_beneath(row.key_details, {"facts": {}, "extraction": {}}, {})["notes"] == {"budget": 850}
    story = [message for message in await house.story(row.id) if message["type"] == "tool"]
    assert [(message["name"], message["ok"]) for message in story] == [("note", True), ("note", False)]
    assert "850" not in json.dumps(story)


async def test_keys_are_pressed_in_the_bots_own_sound(house: House) -> None:
    row, line = await called(house, steps(use("press_keys", keys="12#"), tools=[{"kind": "dtmf"}]), quiet(5.0))
    tones = [frame for frame in line.sent if isinstance(frame, AudioOut) and frame.reply <= -1_000_000]
    assert len(tones) == 3
    assert row.reason == "callended"


async def test_what_is_said_at_the_end_follows_the_models_own_words(house: House) -> None:
    ending = {"say": "All right.", "use": {"end_call": {"reason": "goodbye"}}}
    config = steps(ending, end_message="Thank you, {{name}}. Goodbye.", variables={"name": "Asha"})
    row, _ = await called(house, config)
    assert (row.reason, await said(house, row)) == ("goodbye", ["All right. Thank you, Asha. Goodbye."])


async def test_a_request_is_made_with_the_calls_variables_and_its_answer_is_said(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sentences, "PATIENCE", 0.0)  # of the clock on the wall, which this call outruns
    server = ToolServer(answers=[web.json_response({"number": 17})])
    async with serving(server) as outside:
        reaching(house, outside)
        tool = {
            "kind": "http",
            "name": "book",
            "url": f"{server.url}/{{{{call.id}}}}",
            "fixed": {"phone": "{{call.customer.number}}"},
            "messages": [
                {"when": "start", "text": "One moment."},
                {"when": "complete", "text": "It is number {{number}}."},
            ],
            "extract": {"aliases": {"number": "{{ $.number }}"}},
        }
        row, _ = await called(house, steps(use("book"), tools=[tool]), *[quiet(1.0)] * 6)
    assert (server.asked[0].path, server.asked[0].body) == (f"/{row.id}", {"phone": PHONE})
    assert " ".join(await said(house, row)) == "One moment. It is number 17."


async def test_no_silence_is_longer_than_two_seconds_while_a_tool_is_at_work(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sentences, "PATIENCE", 0.0)  # of the clock on the wall, which this call outruns
    server = ToolServer(answers=[None])
    async with serving(server) as outside:
        reaching(house, outside)
        tool = {"kind": "http", "name": "book", "url": f"{server.url}/x"}
        await house.agent(steps({"say": "I will see. ", "use": {"book": {}}}, "It is done.", tools=[tool]))

        async def talk() -> AsyncIterator[Line]:
            yield quiet(0.1)
            yield ASKED
            yield quiet(0.1)
            await until(lambda: bool(server.asked) and any(isinstance(frame, AudioOut) for frame in line.sent))
            yield quiet(18.0)
            server.go_on.set()
            while not any(turn["type"] == "tool" for turn in house.bus.so_far(f"call.{incoming.call}")):
                yield quiet(0.02)
            yield quiet(3.5)

        incoming = house.incoming(from_number=PHONE)
        line = Loopback(talk())
        await house.switchboard.answer(line, incoming)
    row = await house.row(incoming.call)
    assert row.reason == "callended"
    (spoken,) = await said(house, row)
    assert spoken.startswith("I will see. One moment, please. I'm still looking into it. One moment")
    assert spoken.endswith("It is done.")
    assert longest_silence(house.data / str(row.recording)) <= 2.0


def longest_silence(file: Path) -> float:
    """Of the bot, in seconds, to the 20 ms."""
    with wave.open(str(file)) as opened:
        sound = np.frombuffer(opened.readframes(opened.getnframes()), "<i2").reshape(-1, 2)[:, 1]
        slices = opened.getframerate() // 50
    loud = (np.abs(sound[: len(sound) // slices * slices].reshape(-1, slices)).max(axis=1) > 0).tolist()
    return max(len(list(run)) for is_loud, run in groupby(loud) if not is_loud) / 50


async def test_tools_of_a_server_are_there_as_soon_as_it_has_said_so(house: House) -> None:
    stand_in = McpStandIn(tools=[{"name": "weather"}, {"name": "opt_out"}, {"name": "end_call"}])
    async with serving(stand_in) as outside:
        reaching(house, outside)
        config = steps({"say": "", "use": {"weather": {}, "theirs_opt_out": {}, "theirs_end_call": {}}}, "Sunny.")
        config["tools"] = [{"kind": "mcp", "name": "theirs", "url": f"{stand_in.url}/mcp"}]
        await house.agent(config)

        async def talk() -> AsyncIterator[Line]:
            yield quiet(0.1)
            await until(lambda: stand_in.methods.count("tools/list") == 2)
            while len({used["name"] for used in stand_in.used}) < 3:
                yield ASKED
                yield quiet(0.2)

        call, _ = await house.call(talk(), from_number=PHONE)
    assert {used["name"] for used in stand_in.used} == {"end_call", "opt_out", "weather"}
    assert stand_in.closed.is_set()
    assert (await house.row(call)).reason == "callended"


async def test_a_server_that_is_not_there_costs_the_call_nothing(house: House) -> None:
    stand_in = ToolServer(answers=[web.Response(status=500)])
    async with serving(stand_in) as outside:
        reaching(house, outside)
        tools = [{"kind": "mcp", "url": f"{stand_in.url}/mcp"}]
        row, _ = await called(house, steps("Good day.", tools=tools), *[quiet(1.0)] * 3)
    assert await said(house, row) == ["Good day."]
