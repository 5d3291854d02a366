"""No phone number, no word of a call and no key in any log line, on good days and on bad ones."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from pydantic import SecretStr

from processors.llm.scripted import ScriptedLlm
from server.outside import Exotel
from tests.server.house import scripted
from tests.server.serving import Serving, serving
from tests.storage.samples import TOKEN
from transports.loopback import tone
from transports.simulator.exotel_wire import CallFacts
from transports.simulator.faults import Faults
from transports.simulator.line import SimulatedLine
from transports.simulator.people import Person, Press, Say, Silence, Step, WaitForBot

CANARIES = (
    "5550144001",
    "5550144002",
    "heardcanary",
    "saidcanary",
    "greetcanary",
    "promptcanary",
    "customcanary",
    "keycanary",
    "tokencanary",
    "passcanary",
    TOKEN,
)
FACTS = CallFacts(from_number="+15550144001", to_number="+15550144002", custom={"name": "customcanary"})
PLAN = scripted(
    heard=["my heardcanary"],
    says=["your saidcanary"],
    greeting="Hello greetcanary {{name}}.",
    prompt="You are promptcanary.",
)
EXOTEL = Exotel(token=SecretStr("tokencanary"), user="carrier", password=SecretStr("passcanary"))


async def talk(house: Serving) -> None:
    """A whole call by the right path, and then somebody with the key who looks at it."""
    steps: list[Step] = [
        WaitForBot(),
        Silence(0.5),
        Say(tone(0.6)),
        WaitForBot(),
        Press("77"),
        WaitForBot(),
        Silence(0.2),
    ]
    line = SimulatedLine(
        f"{house.wire}/tokencanary",
        Person(steps, patience=4),
        FACTS,
        credentials=("carrier", "passcanary"),
        speed=0,
        faults=Faults(noise=45.0, malformed=0.02),
    )
    conversation = await line.run(house.http)
    await house.over(conversation.call)
    async with house.http.ws_connect(f"{house.server.url}/ws/live/{conversation.call}?token={TOKEN}") as live:
        assert [message.json()["type"] async for message in live][-1] == "end"


def assert_silent(written: io.StringIO, *sentences: str) -> None:
    text = written.getvalue()
    assert all(sentence in text for sentence in sentences), text[-2000:]
    assert [canary for canary in CANARIES if canary in text] == []


async def test_a_good_call_is_logged_without_a_word_of_it(data: Path, written: io.StringIO) -> None:
    async with serving(data, PLAN, exotel=EXOTEL) as house:
        await talk(house)
    assert_silent(written, "a call ended", "request answered", "trouble on an Exotel line")


async def test_a_crash_is_logged_without_a_word_of_the_call(
    data: Path, written: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def reply(self: ScriptedLlm, chat: Any, tools: Any) -> Any:
        raise RuntimeError("a bug")
        yield chat

    monkeypatch.setattr(ScriptedLlm, "reply", reply)
    async with serving(data, PLAN, exotel=EXOTEL) as house:
        await talk(house)
    assert_silent(written, "a call crashed", "RuntimeError: a bug")


@pytest.mark.parametrize(
    "wrong",
    [
        {"prompt": ["promptcanary"]},
        {"llm": {"provider": "openai", "options": {"api_key": "keycanary", "modle": "keycanary"}}},
        {"stt": {"provider": "scripted", "options": {"lines": "heardcanary"}}},
        {"variables": "keycanary"},
    ],
)
async def test_a_bad_plan_is_logged_without_a_word_of_it(
    data: Path, written: io.StringIO, wrong: dict[str, Any]
) -> None:
    async with (
        serving(data, PLAN | wrong, exotel=EXOTEL) as house,
        house.http.ws_connect(
            f"{house.wire}/tokencanary", headers={"Authorization": aiohttp.encode_basic_auth("carrier", "passcanary")}
        ) as line,
    ):
        await line.send_json({"event": "start", "start": {"call_sid": "c", "from": "+15550144001"}})
        assert [message async for message in line] == []
    assert_silent(written, "a call crashed")


async def test_a_database_that_refuses_is_logged_without_a_word_of_the_call(data: Path, written: io.StringIO) -> None:
    async with serving(data, PLAN, exotel=EXOTEL) as house:
        async with house.database.connect() as connection:
            await connection.exec_driver_sql("DROP TABLE turns")
        await talk(house)
    assert_silent(written, "transcripts could not be written yet")


async def test_who_is_refused_is_logged_without_what_they_showed(data: Path, written: io.StringIO) -> None:
    async with serving(data, PLAN, exotel=EXOTEL) as house:
        for path in ("/tokencanary", "/keycanary", "?token=keycanary&from=5550144001"):
            headers = {"Authorization": aiohttp.encode_basic_auth("keycanary", "keycanary")}
            with pytest.raises(aiohttp.WSServerHandshakeError):
                await house.http.ws_connect(house.wire + path, headers=headers)
        async with house.http.ws_connect(f"{house.server.url}/ws/live/cal_1?token=keycanary") as live:
            async for _ in live:
                pass
        await house.get("/nowhere?key=keycanary")
    assert_silent(written, "request answered")
