from __future__ import annotations

import base64
import wave
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from dialer import hand_over
from pipeline.audio import frame_bytes
from pipeline.frames import AudioOut, Interrupt, ReplyText
from processors.tones import FIRST_REPLY
from server.live_commands import perform
from storage.ids import MEMBER, QUEUE, new_id
from storage.records import CallStatus
from storage.transfer_records import Member, Queue
from tests.processors.test_tones import heard_keys
from tests.server.house import House, scripted
from tests.storage.samples import NOW
from transports.loopback import Line, Loopback, quiet, tone

AT_ONCE = 10
"""Slices of 20 ms within which a command takes effect."""
GREETING = "Good morning, this is the front desk speaking. How may I help you today?"


class Talk:
    """A call that goes slice by slice, and what is asked of it in between."""

    def __init__(self, house: House, **about: Any) -> None:
        self.house, self.incoming = house, house.incoming(**about)
        self.call = self.incoming.call
        self.slices = 0
        self.line: Loopback

    async def run(self, script: Callable[[], AsyncIterator[Line]]) -> None:
        self.line = Loopback(self._slices(script))
        await self.house.switchboard.answer(self.line, self.incoming)

    async def _slices(self, script: Callable[[], AsyncIterator[Line]]) -> AsyncIterator[Line]:
        async for step in script():
            assert isinstance(step, bytes)
            size = frame_bytes(8000)
            for start in range(0, len(step), size):
                yield step[start : start + size]
                self.slices += 1

    async def ask(self, do: str, **more: Any) -> Mapping[str, Any]:
        return await perform(self.house.switchboard, self.house.bus, self.call, {"do": do, **more})

    @property
    def sound(self) -> int:
        """Bytes that the agent has sent."""
        return sum(len(frame.pcm) for frame in self.line.sent if isinstance(frame, AudioOut))

    async def said(self) -> list[tuple[str, str]]:
        return [(turn.speaker.value, turn.text) for turn in await self.house.turns(self.call)]


@pytest.fixture
def talk(house: House) -> Talk:
    return Talk(house)


async def test_a_call_that_is_told_to_end_ends_at_once_and_says_why(house: House, talk: Talk) -> None:
    await house.agent(scripted(greeting=GREETING))

    async def script() -> AsyncIterator[Line]:
        yield quiet(1)
        assert await talk.ask("end", reason="hostile_caller") == {"ok": True}
        asked = talk.slices
        yield quiet(5)
        raise AssertionError(f"it went on for {talk.slices - asked} slices")

    await talk.run(script)
    assert talk.slices - 50 <= 1
    assert (await house.row(talk.call)).reason == "hostile_caller"
    assert (await house.story(talk.call))[-1]["reason"] == "hostile_caller"


async def test_without_a_reason_it_is_the_workflow_s_end(house: House, talk: Talk) -> None:
    await house.agent(scripted())

    async def script() -> AsyncIterator[Line]:
        yield quiet(0.1)
        await talk.ask("end", reason=None, say=None)
        yield quiet(1)

    await talk.run(script)
    assert (await house.row(talk.call)).reason == "workflow_close"


async def test_the_last_sentence_is_heard_whole_before_the_call_ends(house: House, talk: Talk) -> None:
    await house.agent(scripted(heard=["no wait"], greeting=GREETING))

    async def script() -> AsyncIterator[Line]:
        yield quiet(1)
        await talk.ask("end", reason="dnc_request", say="We will not call you again.")
        before = len(talk.line.said[2])
        yield quiet(AT_ONCE * 0.02)
        assert len(talk.line.said[2]) > before
        yield tone(1)
        yield quiet(10)

    await talk.run(script)
    row = await house.row(talk.call)
    assert (row.reason, talk.line.ending) == ("dnc_request", "hangup")
    agents = [text for speaker, text in await talk.said() if speaker == "agent"]
    assert agents[-1] == "We will not call you again."
    statuses = [message for message in await house.story(talk.call) if message["type"] == "status"]
    assert statuses == [{"type": "status", "status": "ending", "reason": "dnc_request"}]


async def test_a_caller_who_hangs_up_during_the_last_sentence_changes_no_reason(house: House, talk: Talk) -> None:
    await house.agent(scripted())

    async def script() -> AsyncIterator[Line]:
        yield quiet(0.5)
        await talk.ask("end", reason="wrong_number", say="Then I have dialled the wrong number. Goodbye.")
        yield quiet(0.5)

    await talk.run(script)
    assert (await house.row(talk.call)).reason == "wrong_number"


@pytest.mark.parametrize("interrupt", [True, False])
async def test_what_the_agent_is_told_to_say_is_said_and_stands_in_the_transcript(
    house: House, talk: Talk, interrupt: bool
) -> None:
    await house.agent(scripted(greeting=GREETING))

    async def script() -> AsyncIterator[Line]:
        yield quiet(1)
        await talk.ask("say", text="We close at noon.", interrupt=interrupt)
        yield quiet(AT_ONCE * 0.02)
        assert bool(talk.line.said[2]) == interrupt
        yield quiet(8)

    await talk.run(script)
    (_, first), second = await talk.said()
    assert second == ("agent", "We close at noon.")
    assert first == "Good morning, this is the front desk speaking." or interrupt
    assert "How may I" not in first


async def test_a_muted_agent_is_silent_at_once_and_answers_when_it_may_speak_again(house: House, talk: Talk) -> None:
    await house.agent(scripted(heard=["what is the price"], says=["It is free."], greeting=GREETING))

    async def script() -> AsyncIterator[Line]:
        yield tone(0.5, loud=20)
        await talk.ask("mute")
        assert any(isinstance(frame, Interrupt) for frame in talk.line.sent)
        silent = talk.sound
        yield tone(0.6)
        yield tone(4, loud=20)
        assert talk.sound == silent
        await talk.ask("say", text="Asha here.", interrupt=True)
        yield tone(2, loud=20)
        assert talk.sound > silent
        silent = talk.sound
        yield tone(0.6)
        yield tone(4, loud=20)
        assert talk.sound == silent
        await talk.ask("unmute")
        yield tone(AT_ONCE * 0.02, loud=20)
        assert talk.sound > silent
        yield tone(3, loud=20)

    await talk.run(script)
    said = await talk.said()
    assert [speaker for speaker, _ in said] == ["agent", "customer", "agent", "customer", "agent"]
    assert said[2:] == [("agent", "Asha here."), ("customer", "what is the price"), ("agent", "It is free.")]
    statuses = [message["status"] for message in await house.story(talk.call) if message["type"] == "status"]
    assert statuses == ["muted", "unmuted"]
    row = await house.row(talk.call)
    assert row.recording is not None, "the recording goes on"
    with wave.open(str(house.data / row.recording)) as file:
        assert file.getnframes() == talk.slices * 160


async def test_a_whisper_reaches_the_agent_and_not_the_transcript(house: House, talk: Talk) -> None:
    await house.agent(scripted(says=["By the way, it is free."]))

    async def script() -> AsyncIterator[Line]:
        yield quiet(0.5)
        await talk.ask("message", text="Mention the price.", answer=True)
        yield quiet(AT_ONCE * 0.02)
        assert talk.sound > 0
        yield quiet(4)

    await talk.run(script)
    assert await talk.said() == [("agent", "By the way, it is free.")]
    assert "Mention" not in str(await house.story(talk.call))
    assert not any(isinstance(frame, ReplyText) and "Mention" in frame.text for frame in talk.line.sent)


async def test_a_script_takes_no_whispers(house: House, talk: Talk) -> None:
    await house.agent({**scripted(), "llm": {"provider": "embedded"}})

    async def script() -> AsyncIterator[Line]:
        yield quiet(0.5)
        refused = await talk.ask("message", text="Mention the price.", answer=True)
        assert refused == {"error": 409, "detail": "The agent follows a script and takes no whispers"}
        yield quiet(AT_ONCE * 0.02)
        assert talk.sound == 0

    await talk.run(script)


async def test_a_call_without_sound_has_no_recording(house: House, talk: Talk) -> None:
    await house.agent(scripted())

    async def script() -> AsyncIterator[Line]:
        return
        yield b""

    await talk.run(script)
    row = await house.row(talk.call)
    assert (row.status, row.recording) == (CallStatus.ENDED, None)
    assert list(house.data.rglob("*.wav")) == []


async def test_keys_go_out_as_tones_at_once(house: House, talk: Talk) -> None:
    await house.agent(scripted(greeting=GREETING))

    async def script() -> AsyncIterator[Line]:
        yield quiet(1)
        await talk.ask("dtmf", digits="12#")
        yield quiet(1)

    await talk.run(script)
    assert heard_keys(talk.line.said[FIRST_REPLY], 8000) == "12#"
    row = await house.row(talk.call)
    assert row.recording is not None
    with wave.open(str(house.data / row.recording)) as file:
        both = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2)
    assert heard_keys(both[8000:, 1].tobytes(), 8000) == "12#", "from the very slice after the command"
    assert ("keys", "12#") in [(one["type"], one.get("keys")) for one in await house.story(talk.call)]


def loud(sound: NDArray[np.int16]) -> NDArray[np.bool_]:
    """Of each 20 ms."""
    return np.asarray(np.abs(sound[: len(sound) // 160 * 160].reshape(-1, 160)).max(axis=1) > 1000)


@pytest.mark.parametrize("record", [True, False])
async def test_who_listens_hears_both_sides_aligned(house: House, talk: Talk, record: bool) -> None:
    await house.agent(scripted(greeting="Hello there, and welcome.", record=record))

    async def script() -> AsyncIterator[Line]:
        for _ in range(4):
            answer = await talk.ask("listen")
            assert answer == {"ok": True, "topic": f"listen.{talk.call}", "sample_rate": 8000}
            yield tone(0.2, loud=20)
            yield tone(0.2)
            yield tone(2.6, loud=20)

    async with house.bus.subscribe(f"listen.{talk.call}") as news:
        await talk.run(script)
        heard = b""
        while (message := await anext(news))["type"] == "audio":
            heard += base64.b64decode(message["pcm"])
        assert message == {"type": "end"}
    both = np.frombuffer(heard, "<i2").reshape(-1, 2)
    left, right = loud(both[:, 0]), loud(both[:, 1])
    assert 0 <= talk.slices - len(both) // 160 < 10, "all but the last pieces"
    assert list(np.flatnonzero(left[:150])) == list(range(10, 20))
    assert right[0:10].any()
    row = await house.row(talk.call)
    assert (row.recording is None) == (not record)
    if row.recording is not None:
        with wave.open(str(house.data / row.recording)) as file:
            assert file.readframes(file.getnframes()).startswith(heard)


async def test_nobody_who_does_not_listen_costs_the_bus_anything(house: House, talk: Talk) -> None:
    await house.agent(scripted(greeting=GREETING))

    async def script() -> AsyncIterator[Line]:
        yield quiet(3)

    async with house.bus.subscribe(f"listen.{talk.call}") as news:
        await talk.run(script)
        await house.bus.publish(f"listen.{talk.call}", {"type": "nothing came before this"})
        assert (await anext(news))["type"] == "nothing came before this"


async def test_the_story_so_far_is_told(house: House, talk: Talk) -> None:
    await house.agent(scripted(greeting="Hello."))

    async def script() -> AsyncIterator[Line]:
        yield quiet(2)
        story = (await talk.ask("story"))["events"]
        assert [message["type"] for message in story] == ["start", "transcript"]

    await talk.run(script)
    story = await talk.ask("story")
    assert story["events"][-1]["type"] == "end", "for a while after the end, too"


COMMANDS: list[dict[str, Any]] = [
    {"do": "end"},
    {"do": "say", "text": "Hello."},
    {"do": "message", "text": "Hello."},
    {"do": "mute"},
    {"do": "unmute"},
    {"do": "dtmf", "digits": "1"},
    {"do": "listen"},
]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command["do"])
async def test_a_call_that_is_not_on_the_line_obeys_nothing(house: House, talk: Talk, command: dict[str, Any]) -> None:
    await house.agent(scripted())
    refused = {"error": 409, "detail": "Call is not currently active"}
    answers = []

    async def told() -> None:
        answers.append(await perform(house.switchboard, house.bus, talk.call, command))

    async def script() -> AsyncIterator[Line]:
        yield quiet(0.1)
        await talk.ask("end")
        await told()
        yield quiet(1)

    await told()
    await talk.run(script)
    await told()
    assert answers == [refused] * 3


async def test_what_no_call_can_do_is_refused(house: House, talk: Talk) -> None:
    assert await talk.ask("dance") == {"error": 400, "detail": "A live call cannot be told to dance"}


async def test_a_transfer_that_was_given_up_meanwhile_is_not_carried_out(house: House) -> None:
    talk = Talk(house, carrier_call="CA1")
    await house.agent(scripted())
    organisation = house.seeded.organisation
    queue = Queue(new_id(QUEUE), organisation, "sales", NOW, NOW)
    async with house.database.begin(organisation) as work:
        await work.queues.add(queue)
        await work.members.add(Member(new_id(MEMBER), organisation, queue.id, "Asha", "+919800000001", NOW, NOW))

    async def begun() -> str:
        async with house.database.begin(organisation) as work:
            call = await work.calls.get(talk.call)
            assert call is not None
            wish = hand_over.Wish("sales", "Wants a desk.", "api")
            return (await hand_over.begin(work, call, wish, datetime.now(UTC))).id

    async def script() -> AsyncIterator[Line]:
        yield quiet(0.5)
        given_up = await begun()
        async with house.database.begin(organisation) as work:
            await hand_over.not_begun(work, given_up, datetime.now(UTC))
        late = await talk.ask("transfer", target="sales", transfer=given_up)
        assert late == {"error": 409, "detail": "The transfer was given up meanwhile"}
        yield quiet(5)
        assert talk.line.ending != "transfer"
        assert await talk.ask("transfer", target="sales", transfer=await begun()) == {"ok": True}
        yield quiet(5)

    await talk.run(script)
    assert (await house.row(talk.call)).status is CallStatus.TRANSFERRING
    async with house.database.read(organisation) as work:
        assert [event.topic for event in await work.outbox.waiting(10)].count("call.transferred") == 1
