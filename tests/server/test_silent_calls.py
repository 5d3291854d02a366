"""Calls in which nobody speaks, or the bot says what ends them: through every stage."""

from __future__ import annotations

from processors.lines import lines_for
from tests.server.house import House, scripted
from transports.loopback import quiet


async def said(house: House, call: str) -> list[str]:
    return [turn.text for turn in await house.turns(call)]


async def test_a_silent_caller_is_asked_twice_and_then_hung_up_on(house: House) -> None:
    await house.agent(scripted(greeting="Hello.", language="en-IN", idle={"seconds": 2}))
    call, line = await house.call([quiet(0.02)] * 2000)
    lines = lines_for("en-IN")
    assert await said(house, call) == ["Hello.", lines.still_there, lines.still_there, lines.silent]
    assert ((await house.row(call)).reason, line.ending) == ("customer_silent", "hangup")


async def test_words_of_the_bots_end_the_call(house: House) -> None:
    await house.agent(scripted(greeting="Nobody is here. Goodbye.", end_phrases=["goodbye"]))
    call, line = await house.call([quiet(0.02)] * 1000)
    assert ((await house.row(call)).reason, line.ending) == ("assistant_said_end_call_phrase", "hangup")


async def test_a_hook_speaks_to_a_silent_caller_with_the_values_of_their_variables(house: House) -> None:
    hook = {
        "on": "customer.speech.timeout",
        "seconds": 2,
        "do": [{"kind": "say", "texts": ["Are you there, {{name}}?"]}],
    }
    await house.agent(scripted(greeting="Hello.", idle=None, hooks=[hook], variables={"name": "Asha"}))
    call, _ = await house.call([quiet(0.02)] * 400)
    assert await said(house, call) == ["Hello.", "Are you there, Asha?"]
