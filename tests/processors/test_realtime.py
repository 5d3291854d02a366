"""What a call is promised that is served by one model which hears and speaks, over a real socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import ClientSession

from pipeline.audio import seconds
from pipeline.frames import Frame, Interrupt, Played, ReplyDone, ReplyText, Transcript
from pipeline.mailbox import Mailbox
from pipeline.tasks import alongside
from processors import catalogue
from processors.llm.openai import MALFORMED
from processors.ports import Message, ProviderError, Sound, TextToSpeech, Tool, ToolCall
from processors.speech_to_speech import SpeechToSpeech
from tests.fakes import FakeVoice
from tests.patience import until
from tests.processors.stand_ins import SECRET, openai_realtime, tasks_of_ours
from tests.processors.stand_ins.openai_realtime import SECONDS_A_CHARACTER, Realtime
from tests.processors.stand_ins.openai_sound import STATUS
from tests.processors.test_stt_contract import Line

BOOK = Tool("book", "Books a table.")
ANSWER = "We open at nine. Is that fine with you?"
SHORT = {
    "connect_timeout_seconds": 0.5,
    "final_timeout_seconds": 0.5,
    "first_sound_timeout_seconds": 0.2,
    "between_timeout_seconds": 0.2,
}


@dataclass
class Reply:
    """What came of one turn."""

    pieces: list[str | ToolCall] = field(default_factory=list)
    sounds: list[Sound] = field(default_factory=list)
    error: ProviderError | None = None

    @property
    def said(self) -> str:
        return "".join(piece for piece in self.pieces if isinstance(piece, str))

    @property
    def seconds(self) -> float:
        return sum(seconds(sound.pcm, 24000) for sound in self.sounds)


@dataclass
class Call:
    """The three ports as a call's stages use them."""

    made: SpeechToSpeech
    server: Realtime
    line: Line
    voice: TextToSpeech
    heard: list[Transcript] = field(default_factory=list)
    errors: list[ProviderError] = field(default_factory=list)
    chat: list[Message] = field(default_factory=lambda: [Message("system", "Be kind.")])
    replies: int = 0

    async def listen(self) -> None:
        while True:
            try:
                async with aclosing(self.made.ear.transcribe(self.line.heard)) as transcripts:
                    async for transcript in transcripts:
                        self.heard.append(transcript)
                return
            except ProviderError as error:
                self.errors.append(error)
                if not error.retriable or len(self.errors) > 3:
                    return

    async def says(self) -> None:
        """The caller, one turn."""
        before = len(self.finals)
        self.line.says(b"\x05\x00" * 24000)
        await until(lambda: len(self.finals) > before)
        self.chat.append(Message("user", self.finals[-1]))

    @property
    def finals(self) -> list[str]:
        return [each.text for each in self.heard if each.final and each.text]

    async def answered(self, stop: Callable[[Reply], bool] = lambda reply: False) -> Reply:
        """One reply, until `stop` has seen enough: then it is cut as by a caller."""
        self.replies += 1
        reply, text = Reply(), Mailbox[str](1000)

        async def speak() -> None:
            async with aclosing(self.voice.speak(text)) as sounds:
                async for sound in sounds:
                    reply.sounds.append(sound)

        async def think() -> None:
            try:
                async with aclosing(self.made.mind.reply(tuple(self.chat), (BOOK,))) as pieces:
                    async for piece in pieces:
                        reply.pieces.append(piece)
                        if isinstance(piece, str):
                            self.made.hearsay.process(ReplyText(piece, self.replies))
                            text.put(piece)
            except ProviderError as error:
                reply.error = error
            text.close()

        async with alongside(speak()) as speaking, alongside(think()) as thinking:
            await until(lambda: stop(reply) or (thinking.done() and speaking.done()))
            if thinking.done():
                self.made.hearsay.process(ReplyDone(self.replies))
        return reply

    def played(self, seconds: float, text: str, *, complete: bool = True) -> None:
        self.made.hearsay.process(Played(self.replies, 0.0, seconds, text, complete, over=True))
        self.chat.append(Message("assistant", text))


@asynccontextmanager
async def calling(server: Realtime, **options: Any) -> AsyncIterator[Call]:
    async with ClientSession() as http:
        made = catalogue.create("realtime", "openai", server.params(**SHORT, **options), http)
        passed: list[Frame] = []
        made.hearsay.emit = passed.append
        call = Call(made, server, Line(made.ear.rate), made.voice(FakeVoice()))
        async with alongside(call.listen()) as listening:
            yield call
            call.line.heard.close()
            listening.cancel()


@pytest.fixture
async def server() -> AsyncIterator[Realtime]:
    async with openai_realtime.running() as stand_in:
        yield stand_in


async def test_a_turn_is_heard_and_answered_whole_with_its_words_on_its_sound(server: Realtime) -> None:
    async with calling(server) as call:
        await call.says()
        reply = await call.answered()
    assert call.finals == ["i would like a table for two"]
    assert not all(each.final for each in call.heard)
    assert (reply.said, reply.error) == (ANSWER, None)
    assert reply.seconds == pytest.approx(len(ANSWER) * SECONDS_A_CHARACTER, abs=0.05)
    assert "".join(sound.text for sound in reply.sounds) == ANSWER
    places = [at for at, sound in enumerate(reply.sounds) if sound.text]
    assert places[0] == 0
    assert len(places) > 1
    assert server.texts() == [("user", "i would like a table for two"), ("assistant", ANSWER)]


async def test_its_session_is_told_who_it_is_and_that_turns_are_ours(server: Realtime) -> None:
    async with calling(server, language="hi-IN", speed=1.1, max_tokens=300, reasoning="low") as call:
        await call.says()
        await call.answered()
        await call.says()
        await call.answered()
    first, second, *more = [event["session"] for event in server.asked if event["type"] == "session.update"]
    assert first["audio"]["output"] == {"format": {"type": "audio/pcm", "rate": 24000}, "voice": "marin", "speed": 1.1}
    assert first["audio"]["input"]["transcription"] == {"model": "gpt-realtime-whisper", "language": "hi"}
    assert (first["max_output_tokens"], first["reasoning"]) == (300, {"effort": "low"})
    assert (second["instructions"], [tool["name"] for tool in second["tools"]]) == ("Be kind.", ["book"])
    assert not more


@pytest.mark.parametrize("codec", ["mulaw", "alaw"])
async def test_a_telephone_s_sound_can_go_as_it_is(server: Realtime, codec: str) -> None:
    async with calling(server, codec=codec) as call:
        assert (call.made.ear.rate, call.voice.rate) == (8000, 8000)
        await call.says()
        reply = await call.answered()
    assert len(server.heard) == pytest.approx(24000 + 4000, abs=1000)  # a byte a sample: 3 s, and what is around them
    assert sum(len(sound.pcm) for sound in reply.sounds) == pytest.approx(
        len(ANSWER) * SECONDS_A_CHARACTER * 16000, abs=800
    )


async def test_a_barge_in_leaves_in_its_memory_what_was_heard(server: Realtime) -> None:
    server.halves.clear()
    async with calling(server) as call:
        await call.says()
        reply = await call.answered(stop=lambda reply: reply.seconds >= 0.5)
        call.made.hearsay.process(Interrupt(1.0))
        call.played(0.42, "We open", complete=False)
        server.halves.set()
        await call.says()
        again = await call.answered()
    assert reply.seconds < len(ANSWER) * SECONDS_A_CHARACTER
    assert again.said == ANSWER
    assert server.conversations[-1][1].kept == pytest.approx(0.42)
    assert server.refused == []
    roles = [role for role, _ in server.texts()]
    assert roles == ["user", "assistant", "user", "assistant"]


async def test_an_answer_that_nobody_heard_is_forgotten(server: Realtime) -> None:
    server.halves.clear()
    async with calling(server) as call:
        await call.says()
        async with aclosing(call.made.mind.reply(tuple(call.chat), ())) as pieces:
            piece = await anext(pieces)
            assert isinstance(piece, str)
            call.made.hearsay.process(ReplyText(piece, 1))
            call.made.hearsay.process(Interrupt(1.0))
        await until(lambda: "response.cancel" in server.kinds())
        server.halves.set()
        await call.says()
        await call.answered()
    assert [role for role, _ in server.texts()] == ["user", "user", "assistant"]
    assert server.refused == []


async def test_a_function_call_is_answered_and_the_next_response_asked_for(server: Realtime) -> None:
    server.answers = [{"name": "book", "arguments": '{"for": 2}'}, ANSWER]
    async with calling(server) as call:
        await call.says()
        (wish,) = (await call.answered()).pieces
        assert isinstance(wish, ToolCall)
        assert (wish.name, wish.arguments) == ("book", {"for": 2})
        call.chat += [Message("assistant", "", (wish,)), Message("tool", "booked", answers=wish.id)]
        assert (await call.answered()).said == ANSWER
    assert [role for role, _ in server.texts()] == ["user", "function_call", "function_call_output", "assistant"]
    assert server.texts()[2][1] == "booked"


async def test_what_was_not_done_is_not_taken_for_done(server: Realtime) -> None:
    server.answers = [[{"name": "book", "arguments": "{}"}, ANSWER], ANSWER]
    server.halves.clear()
    async with calling(server) as call:
        await call.says()
        await call.answered(stop=lambda reply: bool(reply.said))
        await until(lambda: "response.cancel" in server.kinds())
        server.halves.set()
        await call.says()
        await call.answered()
    assert "function_call" not in [role for role, _ in server.texts()]
    assert "function_call_output" not in [role for role, _ in server.texts()]


async def test_arguments_that_nobody_can_read_are_told_as_such(server: Realtime) -> None:
    server.answers = [{"name": "book", "arguments": "{for: two"}]
    async with calling(server) as call:
        await call.says()
        (wish,) = (await call.answered()).pieces
    assert isinstance(wish, ToolCall)
    assert wish.arguments == {MALFORMED: True}


async def test_what_it_did_not_hear_itself_is_told_in_its_place(server: Realtime) -> None:
    async with calling(server) as call:
        call.chat.append(Message("assistant", "Namaste, this is Asha."))
        await call.says()
        call.chat += [Message("system", "The table is gone.")]
        await call.answered()
        call.played(9.0, ANSWER)
        call.chat.append(Message("user", "4 2"))
        await call.answered()
    assert server.texts() == [
        ("assistant", "Namaste, this is Asha."),
        ("user", "i would like a table for two"),
        ("system", "The table is gone."),
        ("assistant", ANSWER),
        ("user", "4 2"),
        ("assistant", ANSWER),
    ]


async def test_a_noise_leaves_no_trace(server: Realtime) -> None:
    server.lines = ["", "hello"]
    async with calling(server) as call:
        call.line.says(b"\x05\x00" * 24000)
        await call.says()
        await call.answered()
    assert server.texts() == [("user", "hello"), ("assistant", ANSWER)]


async def test_our_own_sentences_are_spoken_word_for_word_by_the_other_voice(server: Realtime) -> None:
    async with calling(server) as call:
        text = Mailbox[str](10)
        for piece in ("One moment, ", "please."):
            text.put(piece)
        text.close()
        sounds = [sound async for sound in call.voice.speak(text)]
    assert "".join(sound.text for sound in sounds) == "One moment, please."
    assert "response.create" not in server.kinds()


async def test_after_a_break_the_next_connection_is_told_what_was_said(server: Realtime) -> None:
    async with calling(server) as call:
        await call.says()
        await call.answered()
        call.played(9.0, ANSWER)
        await server.drop()
        await until(lambda: len(server.conversations) == 2)
        await call.says()
        reply = await call.answered()
    assert reply.said == ANSWER
    said = "i would like a table for two"
    assert server.texts() == [("user", said), ("assistant", ANSWER), ("user", said), ("assistant", ANSWER)]
    assert len(call.errors) == 1


async def test_an_answer_that_had_not_begun_when_it_broke_is_asked_for_again(server: Realtime) -> None:
    server.fault = "reset"
    async with calling(server) as call:
        await call.says()
        asking = asyncio.ensure_future(call.answered())
        await until(lambda: len(server.conversations) == 1 and "response.create" in server.kinds())
        server.fault = ""
        reply = await asking
    assert (reply.said, reply.error) == (ANSWER, None)


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("mute", "openai: took too long"),
        ("failed", "openai: reported rate_limit_exceeded"),
        ("cut", "openai: closed the connection"),
    ],
)
async def test_an_answer_that_does_not_come_is_an_error_and_the_next_one_is_heard(
    server: Realtime, fault: str, told: str
) -> None:
    async with calling(server) as call:
        await call.says()
        server.fault = fault
        reply = await call.answered()
        server.fault = ""
        await call.says()
        assert (await call.answered()).said == ANSWER
    assert str(reply.error) == told
    assert bool(reply.said) is (fault == "cut")


@pytest.mark.parametrize("fault", ["unauthorized", "rate_limited", "broken", "hang", "garbage", "reported", "odd"])
async def test_troubles_of_the_connection_are_told_without_keys_or_words(server: Realtime, fault: str) -> None:
    at_once = fault in (*STATUS, "hang")
    server.fault = fault if at_once else ""
    async with calling(server) as call:
        if not at_once:
            await call.says()
            server.fault = fault
            asking = asyncio.ensure_future(call.answered())
        await until(lambda: bool(call.errors))
        if not at_once:
            server.fault = ""
            assert (await asking).said == ANSWER
    assert call.errors[0].provider == "openai"
    assert all(SECRET not in repr(error) and error.__cause__ is None for error in call.errors)
    assert call.errors[0].retriable is (fault != "unauthorized")


async def test_whoever_stops_listening_frees_everything(server: Realtime) -> None:
    server.halves.clear()
    async with calling(server) as call:
        await call.says()
        await call.answered(stop=lambda reply: bool(reply.sounds))
        assert server.open == 1
    await until(lambda: not server.open)
    assert tasks_of_ours() == []
