from __future__ import annotations

import asyncio
import wave
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from control_api.assistant.secrecy import is_secret
from control_api.web.hidden import OVERRIDES, PLAN, Hidden
from pipeline.frames import Say
from pipeline.news import Said
from processors.recorder import Track
from server import switchboard as switching
from server.assembly import BadOptionsError
from server.briefing import briefing
from server.journal import Ledger
from storage.records import CallStatus, CallType, FlowStatus, Outcome
from storage.sealing import Seal, SealedError
from tests.logged import logged
from tests.patience import until
from tests.server.house import SEAL, House, scripted
from tests.storage.customer_samples import a_customer
from tests.storage.samples import NOW, a_flow, an_agent, an_organisation
from transports.loopback import Line, Loopback, quiet, tone

QUESTION = [tone(0.5, loud=20), tone(0.6), tone(3, loud=20)]
"""A caller in a room that is not quite silent, who says one thing and listens."""
CRASH = Said("nobody", "", 0.0, 0.0)  # type: ignore[arg-type]
"""A speaker whom the journal does not know: a bug."""


class Waiting:
    """A caller who is silent until told to hang up. The line's own time goes on."""

    def __init__(self) -> None:
        self.gone = asyncio.Event()
        self.up = asyncio.Event()

    async def script(self) -> AsyncIterator[Line]:
        while not self.gone.is_set():
            yield quiet(0.02)
            self.up.set()
            await asyncio.sleep(0.001)


async def test_a_call_is_answered_and_its_books_are_kept(house: House) -> None:
    await house.agent(scripted(heard=["what time is it"], says=["It is noon."], greeting="Hello."))
    call, line = await house.call(QUESTION, carrier_call="x1", from_number="+15550010001", to_number="+15550010000")
    row = await house.row(call)
    assert (row.call_type, row.status, row.outcome) == (CallType.INBOUND, CallStatus.ENDED, Outcome.CONNECTED)
    assert (row.reason, row.carrier, row.carrier_call, row.node) == ("callended", "loopback", "x1", "one")
    assert (row.from_number, row.to_number, row.language) == ("+15550010001", "+15550010000", "en-IN")
    assert (row.flow_id, row.agent_id) == (house.seeded.flow, house.seeded.agent)
    assert row.answered_at is not None
    assert row.ended_at is not None
    assert row.duration == pytest.approx((row.ended_at - row.started_at).total_seconds(), abs=0.01)
    said = [(turn.position, turn.speaker, turn.text) for turn in await house.turns(call)]
    assert said == [(0, "agent", "Hello."), (1, "customer", "what time is it"), (2, "agent", "It is noon.")]
    (latency,) = await house.latencies(call)
    assert (latency.position, latency.stt, latency.llm, latency.tts) == (2, "scripted", "scripted", "scripted")
    assert row.recording is not None
    with wave.open(str(house.data / row.recording)) as file:
        assert (file.getnchannels(), file.getframerate()) == (2, 8000)
        assert file.getnframes() / 8000 == pytest.approx(4.1, abs=0.001)
    assert house.recordings.unfinished() == []
    assert [(event.topic, event.body["call"]) for event in await house.announced()] == [
        ("call.started", call),
        ("call.ended", call),
    ]
    story = await house.story(call)
    assert [message["type"] for message in story if message["type"] in ("start", "transcript", "end")] == [
        "start",
        "transcript",
        "transcript",
        "transcript",
        "end",
    ]
    assert (story[-1]["outcome"], story[-1]["reason"]) == ("connected", "callended")
    metrics = house.workshop.metrics
    assert metrics.calls.labels("loopback", "connected")._value.get() == 1
    assert metrics.live.labels("loopback")._value.get() == 0
    assert line.ending == "callended"


async def test_a_plan_without_a_recording_leaves_no_file(house: House) -> None:
    await house.agent(scripted(record=False))
    call, _ = await house.call([quiet(0.2)])
    assert (await house.row(call)).recording is None
    assert not house.data.exists()


async def test_our_own_goodbye_is_the_reason(house: House) -> None:
    agent = scripted()
    agent["llm"]["options"]["end_call"] = True
    await house.agent(agent)
    call, line = await house.call([*QUESTION, quiet(30)])
    assert line.ending == "hangup"
    assert (await house.row(call)).reason == "goodbye"


async def flows(house: House, **numbers: Any) -> dict[str, str]:
    """Flows by name, each with an agent that greets by that name. Their ids."""
    made = {}
    async with house.database.begin(house.seeded.organisation) as work:
        for name, about in numbers.items():
            agent = an_agent(house.seeded.organisation, config=scripted(greeting=name))
            flow = a_flow(house.seeded.organisation, name=name, agent_id=agent.id, **about)
            await work.agents.add(agent)
            await work.flows.add(flow)
            made[name] = flow.id
    return made


async def greeted(house: House, **about: Any) -> list[str]:
    call, _ = await house.call([quiet(1.5)], **about)
    return [turn.text for turn in await house.turns(call)]


async def test_a_call_finds_its_flow_by_number_and_account(house: House) -> None:
    await house.agent(scripted(greeting="demo"))
    await flows(
        house,
        any={"phone_number": "+1555001"},
        own={"phone_number": "+1555001", "account_sid": "acc"},
        off={"phone_number": "+1555002", "status": FlowStatus.PAUSED},
    )
    assert await greeted(house, to_number="+1555001", account="acc") == ["own"]
    assert await greeted(house, to_number="+1555001", account="other") == ["any"]
    assert await greeted(house, to_number="+1555002", account="acc") == ["demo"]
    assert await greeted(house) == ["demo"]


async def test_a_strangers_call_is_put_down_where_no_demo_line_takes_it(house: House) -> None:
    async with house.database.begin() as work:
        await work.flows.delete(house.seeded.flow)
    with logged() as log:
        call, line = await house.call([quiet(1)], to_number="+15550019999")
    async with house.database.read() as work:
        assert await work.calls.get(call) is None
    assert (line.ending, line.sent, len(house.switchboard)) == ("closed", [], 0)
    assert "a call found no flow" in log.getvalue()
    assert "5550019999" not in log.getvalue()


async def test_values_from_the_carrier_fill_the_greeting(house: House) -> None:
    await house.agent(scripted(greeting="Hello {{name}}."))
    assert await greeted(house, custom={"name": "Asha"}) == ["Hello Asha."]


async def test_no_more_calls_than_lines(house: House) -> None:
    small = replace(house, max_calls=2)
    await small.agent(scripted())
    callers = [Waiting(), Waiting()]
    assert small.switchboard.admit() is None
    async with asyncio.TaskGroup() as calls:
        for caller in callers:
            calls.create_task(small.call(caller.script()))
        for caller in callers:
            await caller.up.wait()
        assert small.switchboard.admit() == "All lines are busy."
        refused, line = await small.call([quiet(1)])
        assert (line.ending, line.sent) == ("closed", [])
        callers[0].gone.set()
        await until(lambda: len(small.switchboard) == 1)
        assert small.switchboard.admit() is None
        callers[1].gone.set()
    async with small.database.read() as work:
        assert await work.calls.get(refused) is None


async def test_calls_that_come_at_once_are_no_more_than_lines(house: House) -> None:
    small = replace(house, max_calls=3)
    await small.agent(scripted())
    calls = await asyncio.gather(*(small.call([quiet(0.1)]) for _ in range(8)))
    assert sorted(line.ending for _, line in calls) == ["callended"] * 3 + ["closed"] * 5


async def test_draining_takes_no_new_call_and_waits_for_the_live_ones(house: House) -> None:
    await house.agent(scripted())
    caller = Waiting()
    async with asyncio.timeout(10), asyncio.TaskGroup() as tasks:
        call = tasks.create_task(house.call(caller.script()))
        await caller.up.wait()
        drained = tasks.create_task(house.switchboard.drain(60))
        await asyncio.sleep(0.01)
        assert house.switchboard.admit() == "The server is going down."
        assert not drained.done()
        caller.gone.set()
    assert (await house.row(call.result()[0])).reason == "callended"


async def test_draining_an_empty_house_is_done_at_once(house: House) -> None:
    async with asyncio.timeout(0.5):
        await house.switchboard.drain(60)


async def test_at_the_cap_a_live_call_is_told_goodbye(house: House) -> None:
    await house.agent(scripted(language="en-IN"))
    caller = Waiting()
    async with asyncio.timeout(10), asyncio.TaskGroup() as tasks:
        running = tasks.create_task(house.call(caller.script()))
        await caller.up.wait()
        await house.switchboard.drain(0.05)
    call, line = running.result()
    assert line.ending == "hangup"
    assert (await house.row(call)).reason == "server_stopping"
    assert [turn.text for turn in await house.turns(call)] == ["I'm sorry, we have to end this call now. Goodbye."]


async def test_a_call_that_does_not_end_is_cut_and_its_books_closed(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(switching, "GOODBYE_SECONDS", 0.05)
    await house.agent(scripted(greeting="Hello."))
    stuck = asyncio.Event()

    async def script() -> AsyncIterator[Line]:
        yield quiet(1)
        stuck.set()
        await asyncio.Event().wait()

    line, incoming = Loopback(script()), house.incoming()
    async with asyncio.timeout(10):
        running = asyncio.create_task(house.switchboard.answer(line, incoming))
        await stuck.wait()
        await house.switchboard.drain(0.0)
        with pytest.raises(asyncio.CancelledError):
            await running
    row = await house.row(incoming.call)
    assert (row.status, row.outcome, row.reason) == (CallStatus.ENDED, Outcome.CONNECTED, "server_stopped")
    assert [turn.text for turn in await house.turns(incoming.call)] == ["Hello."]
    assert row.recording is not None
    assert (house.data / row.recording).stat().st_size > 16000
    assert house.recordings.unfinished() == []
    assert (await house.story(incoming.call))[-1]["type"] == "end"


@pytest.mark.parametrize("steps", [0, 1, 2, 4, 8, 16, 32, 64])
async def test_a_call_that_is_cut_at_any_moment_leaves_no_open_row(house: House, steps: int) -> None:
    await house.agent(scripted())
    incoming = house.incoming()
    running = asyncio.create_task(house.switchboard.answer(Loopback([quiet(60)]), incoming))
    for _ in range(steps):
        await asyncio.sleep(0.0002)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    async with house.database.read() as work:
        row = await work.calls.get(incoming.call)
    assert row is None or row.status is CallStatus.ENDED
    assert house.recordings.unfinished() == []
    assert len(house.switchboard) == 0


async def crash(house: House, error: type[BaseException], *, script: list[Line] | None = None) -> str:
    """A call that crashes while another one goes on unharmed. Its id."""
    bad = house.incoming()
    caller = Waiting()
    async with asyncio.timeout(10), asyncio.TaskGroup() as tasks:
        good = tasks.create_task(house.call(caller.script()))
        await caller.up.wait()
        with pytest.raises(error):
            await house.switchboard.answer(Loopback(script or [quiet(0.4), CRASH]), bad)
        assert not good.done()
        assert len(house.switchboard) == 1
        caller.gone.set()
    assert (await house.row(good.result()[0])).outcome is Outcome.CONNECTED
    return bad.call


async def test_a_stage_that_crashes_ends_its_own_call_alone(house: House) -> None:
    await house.agent(scripted())
    call = await crash(house, ExceptionGroup)
    row = await house.row(call)
    assert (row.status, row.outcome, row.reason) == (CallStatus.ENDED, Outcome.FAILED, "crashed")
    story = await house.story(call)
    assert (story[-1]["type"], story[-1]["outcome"]) == ("end", "failed")
    assert house.workshop.metrics.calls.labels("loopback", "failed")._value.get() == 1
    assert house.workshop.metrics.live.labels("loopback")._value.get() == 0
    assert row.recording is not None
    with wave.open(str(house.data / row.recording)) as file:
        assert file.getnframes() == 0.4 * 8000


async def test_a_provider_that_cannot_be_made_fails_the_call(house: House) -> None:
    await house.agent(scripted(tts={"provider": "scripted", "options": {"rate": 1}}))
    incoming = house.incoming()
    with pytest.raises(BadOptionsError):
        await house.switchboard.answer(Loopback([quiet(1)]), incoming)
    row = await house.row(incoming.call)
    assert (row.status, row.outcome, row.recording) == (CallStatus.ENDED, Outcome.FAILED, None)


async def test_a_plan_that_cannot_be_read_opens_no_call(house: House) -> None:
    await house.agent({"greetings": "?"})
    with pytest.raises(ValidationError):
        await house.call([quiet(1)])
    assert len(house.switchboard) == 0
    assert await house.announced() == []


async def test_a_disk_that_refuses_the_recording_fails_the_call_and_closes_its_row(
    house: House, tmp_path: Path
) -> None:
    (tmp_path / "data").write_text("no folder")
    await house.agent(scripted())
    incoming = house.incoming()
    with pytest.raises(OSError):
        await house.switchboard.answer(Loopback([quiet(1)]), incoming)
    row = await house.row(incoming.call)
    assert (row.status, row.outcome, row.recording) == (CallStatus.ENDED, Outcome.FAILED, None)


async def test_a_live_call_takes_commands(house: House) -> None:
    await house.agent(scripted())
    caller, incoming = Waiting(), house.incoming()
    line = Loopback(caller.script())
    async with asyncio.timeout(10), asyncio.TaskGroup() as tasks:
        tasks.create_task(house.switchboard.answer(line, incoming))
        await caller.up.wait()
        assert house.switchboard.command(incoming.call, Say("We close now.", hangup="closing"))
        assert not house.switchboard.command("cal_unknown", Say("?"))
    assert (await house.row(incoming.call)).reason == "closing"
    assert [turn.text for turn in await house.turns(incoming.call)] == ["We close now."]
    assert not house.switchboard.command(incoming.call, Say("?"))
    assert (await house.row(incoming.call)).started_at > NOW


async def test_a_call_that_closes_its_books_hears_no_command_and_is_not_torn(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The goodbye and the cut of a server that stops come while the row is being closed."""
    monkeypatch.setattr(switching, "GOODBYE_SECONDS", 0.02)
    await house.agent(scripted(greeting="Hello."))
    closing, go = asyncio.Event(), asyncio.Event()
    write = Ledger.write

    async def slow(ledger: Ledger) -> bool:
        closing.set()
        await go.wait()
        return await write(ledger)

    monkeypatch.setattr(Ledger, "write", slow)
    incoming = house.incoming()
    async with asyncio.timeout(10):
        running = asyncio.create_task(house.switchboard.answer(Loopback([quiet(1)]), incoming))
        await closing.wait()
        drained = asyncio.create_task(house.switchboard.drain(0.0))
        await asyncio.sleep(0.1)
        assert not running.done()
        go.set()
        await drained
        with pytest.raises(asyncio.CancelledError):
            await running
    row = await house.row(incoming.call)
    assert (row.status, row.reason) == (CallStatus.ENDED, "callended")
    assert [turn.text for turn in await house.turns(incoming.call)] == ["Hello."]
    assert (await house.story(incoming.call))[-1]["type"] == "end"


async def test_a_call_whose_line_is_down_hears_no_command(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its recording is still on its way to the disk, and its stages take no more work."""
    await house.agent(scripted())
    incoming, asked = house.incoming(), []
    put_down = Track.close

    loop = asyncio.get_running_loop()

    async def goodbye() -> bool:
        return house.switchboard.command(incoming.call, Say("Goodbye.", hangup="server_stopping"))

    def commanded(track: Track) -> None:
        asked.append(asyncio.run_coroutine_threadsafe(goodbye(), loop).result(5))
        put_down(track)

    monkeypatch.setattr(Track, "close", commanded)
    await house.switchboard.answer(Loopback([quiet(1)]), incoming)
    assert asked == [True]
    assert (await house.row(incoming.call)).reason == "callended"


async def known(house: House, **about: Any) -> str:
    """A customer of the house's organisation. Its id."""
    customer = a_customer(house.seeded.organisation, **about)
    async with house.database.begin(house.seeded.organisation) as work:
        assert await work.customers.add(customer)
    return customer.id


async def told(house: House, *, flow: Mapping[str, Any] | None = None, organisation: Mapping[str, Any]) -> None:
    """Overrides of the organisation, and of its demo line."""
    async with house.database.begin(house.seeded.organisation) as work:
        line, owner = await work.flows.get(house.seeded.flow), await work.organisations.get(house.seeded.organisation)
        assert line is not None
        assert owner is not None
        await work.flows.save(replace(line, assistant_overrides=flow or {}), now=NOW)
        await work.organisations.save(replace(owner, assistant_overrides=organisation))


async def test_a_caller_who_is_known_is_spoken_to_by_name(house: House) -> None:
    await house.agent(scripted(greeting="Hello {{customer_name}}, your {{item}} to {{email|your desk}}, in {{city}}."))
    customer = await known(house, phone="+919876543210", name="Asha", metadata={"item": "lamp", "city": "Pune"})
    call, _ = await house.call([quiet(5)], from_number="+919876543210", custom={"city": "Delhi"})
    assert [turn.text for turn in await house.turns(call)] == ["Hello Asha, your lamp to your desk, in Delhi."]
    row = await house.row(call)
    assert row.customer_id == customer
    async with house.database.read(house.seeded.organisation) as work:
        found = await work.customers.get(customer)
    assert found is not None
    assert (found.inbound_calls, found.last_contact) == (1, row.ended_at)


async def test_a_stranger_is_nobody_s_customer(house: House) -> None:
    await house.agent(scripted(greeting="Hello {{name|there}}."))
    await known(house, phone="+919876543210", name="Asha")
    for about in ({"from_number": "+919876543211"}, {}):
        call, _ = await house.call([quiet(1.5)], **about)
        assert [turn.text for turn in await house.turns(call)] == ["Hello there."]
        assert (await house.row(call)).customer_id is None


async def test_another_organisation_s_customer_stays_unknown(house: House) -> None:
    await house.agent(scripted(greeting="Hello {{name|there}}."))
    other = an_organisation()
    async with house.database.begin() as work:
        await work.organisations.add(other)
        await work.customers.add(a_customer(other.id, phone="+919876543210", name="Asha"))
    call, _ = await house.call([quiet(1.5)], from_number="+919876543210")
    assert [turn.text for turn in await house.turns(call)] == ["Hello there."]
    assert (await house.row(call)).customer_id is None


async def test_every_level_is_asked_and_the_nearest_to_the_caller_wins(house: House) -> None:
    await house.agent(scripted(greeting="agent {{a}} {{b}} {{c}}"))
    values = {"variableValues": {"a": 1, "b": 1, "c": 1}}
    await told(house, organisation=values)
    assert await greeted(house) == ["agent 1 1 1"]
    await told(house, organisation=values, flow={"firstMessage": "flow {{a}} {{b}}", "variableValues": {"b": 2}})
    assert await greeted(house) == ["flow 1 2"]
    await known(house, phone="+919876543210", assistant_overrides={"firstMessage": "customer {{a}} {{b}}"})
    assert await greeted(house, from_number="+919876543210") == ["customer 1 2"]


async def test_who_does_not_want_to_be_recorded_is_not(house: House) -> None:
    await house.agent(scripted())
    await known(house, phone="+919876543210", recording_opt_out=True)
    call, _ = await house.call([quiet(0.2)], from_number="+919876543210")
    assert (await house.row(call)).recording is None
    assert not house.data.exists()


async def test_one_of_several_who_share_a_phone_is_enough_to_be_recorded_by_none(house: House) -> None:
    await house.agent(scripted())
    first = await known(house, phone="+919876543210")
    async with house.database.begin(house.seeded.organisation) as work:
        refusing = a_customer(house.seeded.organisation, phone="+919876543210", recording_opt_out=True)
        await work.customers.append([refusing])
    call, _ = await house.call([quiet(0.2)], from_number="+919876543210")
    row = await house.row(call)
    assert (row.customer_id, row.recording) == (first, None)
    assert not house.data.exists()


@pytest.mark.parametrize("caller", ["09876543210", "9876543210", "919876543210"])
async def test_a_number_without_its_country_is_the_same_number(house: House, caller: str) -> None:
    await flows(house, ours={"phone_number": "+918040000000"})
    customer = await known(house, phone="+919876543210", recording_opt_out=True)
    call, _ = await house.call([quiet(1.5)], from_number=caller, to_number="08040000000")
    assert [turn.text for turn in await house.turns(call)] == ["ours"]
    row = await house.row(call)
    assert (row.from_number, row.to_number) == ("+919876543210", "+918040000000")
    assert (row.customer_id, row.recording) == (customer, None)


async def test_what_a_customer_has_not_leaves_the_agent_s_own_word(house: House) -> None:
    await house.agent(scripted(greeting="Write to {{email}}.", variables={"email": "us"}))
    await known(house, phone="+919876543210", email=None)
    assert await greeted(house, from_number="+919876543210") == ["Write to us."]
    await known(house, phone="+919876543211", email="me@x.in")
    assert await greeted(house, from_number="+919876543211") == ["Write to me@x.in."]


KEY = "canary-key-0123456789"


async def spoken(house: House, **about: Any) -> str | None:
    """The key with which a call reaches its language model."""
    brief = await briefing(house.database, SEAL, house.incoming(**about))
    assert brief is not None
    key = brief.plan.llm.options.get("api_key")
    return None if key is None else str(key)


async def test_a_call_has_the_keys_that_are_sealed_at_rest(house: House) -> None:
    owner = house.seeded.organisation
    plans, overrides = Hidden(SEAL, owner, PLAN), Hidden(SEAL, owner, OVERRIDES)
    own = scripted(llm={"provider": "openai", "options": {"api_key": KEY}})
    await house.agent(plans.sealed(own, lambda path: path[-1] == "api_key"))
    assert await spoken(house) == KEY

    def asked(key: str) -> dict[str, Any]:
        given = {"model": {"provider": "openai"}, "credentials": [{"provider": "openai", "apiKey": key}]}
        return overrides.sealed(given, is_secret)

    await known(house, phone="+919876543210", assistant_overrides=asked("of the customer"))
    await told(house, organisation=asked("of the organisation"))
    assert await spoken(house, from_number="+919876543210") == "of the customer"
    await told(house, organisation=asked("of the organisation"), flow=asked("of the flow"))
    assert await spoken(house) == "of the flow"


async def test_a_call_whose_key_cannot_be_opened_is_not_taken(house: House) -> None:
    plans = Hidden(Seal.of([b"1" * 32]), house.seeded.organisation, PLAN)
    await house.agent(plans.sealed(scripted(prompt="hidden"), lambda path: path == ("prompt",)))
    with pytest.raises(SealedError):
        await house.call([quiet(1)])
    assert len(house.switchboard) == 0
