from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager

import pytest

from pipeline.audio import frame_bytes
from pipeline.frames import FRAME_SECONDS, AudioIn, Failure, Frame, SpeechStarted, SpeechStopped, Transcript
from pipeline.mailbox import Mailbox
from processors.breaker import Account, Breakers
from processors.fallback import FIRST
from processors.fallback_stt import AGAIN, KEPT_SECONDS, LEAD_SECONDS, FallbackStt
from processors.ports import ListenFrame
from processors.speech_in import SpeechIn
from tests.fakes import RATE, Clock, of, settle, started
from tests.processors.faulty import FAULTS, HANG, Ears, Told, chain


class Caller:
    """Speaks into a mailbox; what was understood so far is in `words`."""

    def __init__(self) -> None:
        self.heard: Mailbox[ListenFrame] = Mailbox(100_000)
        self.words: list[str] = []
        self._frames = 0

    async def silent(self, seconds: float) -> None:
        for _ in range(round(seconds / FRAME_SECONDS)):
            self.heard.put(AudioIn(bytes(frame_bytes(RATE)), self._frames * FRAME_SECONDS))
            self._frames += 1
            if self._frames % 5 == 0:
                await settle()
        await settle()

    async def speaks(self, seconds: float) -> None:
        self.heard.put(SpeechStarted(self._frames * FRAME_SECONDS))
        await self.silent(seconds)
        self.heard.put(SpeechStopped(self._frames * FRAME_SECONDS))
        await settle()


@asynccontextmanager
async def listening(stt: FallbackStt) -> AsyncIterator[Caller]:
    caller = Caller()

    async def listen() -> None:
        async with aclosing(stt.transcribe(caller.heard)) as transcripts:
            async for transcript in transcripts:
                caller.words.append(transcript.text)

    task = asyncio.ensure_future(listen())
    try:
        yield caller
    finally:
        caller.heard.close()
        await settle()
        task.cancel()
        (outcome,) = await asyncio.gather(task, return_exceptions=True)
        if isinstance(outcome, Exception):
            raise outcome


@pytest.mark.parametrize("fault", FAULTS)
async def test_what_one_recogniser_did_not_understand_the_next_one_hears_from_its_beginning(fault: str) -> None:
    told, first, second = Told(), Ears(answers=1, fault=FAULTS[fault]), Ears()
    async with listening(FallbackStt(chain(first, second, told=told.moves.append))) as caller:
        await caller.silent(3.0)
        await caller.speaks(1.0)
        assert (caller.words, first.stretches) == (["1"], [4.0])
        await caller.silent(3.0)
        await caller.speaks(2.0)
        await caller.silent(FIRST + 0.1 if fault == "hang" else 0.0)
        assert caller.words == ["1", "1"]
        assert second.stretches == [pytest.approx(LEAD_SECONDS + 2.0, abs=0.03)]
        assert told.names == [("first", "second")]
    assert (first.open, second.open) == (0, 0)


async def test_what_is_said_while_one_hangs_is_understood_in_order() -> None:
    first, second = Ears(answers=0, fault=HANG), Ears()
    async with listening(FallbackStt(chain(first, second))) as caller:
        await caller.speaks(0.6)
        await caller.silent(0.4)
        await caller.speaks(0.8)
        assert caller.words == []
        await caller.silent(FIRST)
        assert second.stretches == [0.6, 1.2]
        assert caller.words == ["1", "2"]


async def test_a_recogniser_that_breaks_off_in_mid_word_costs_no_sound() -> None:
    class Breaks(Ears):
        async def transcribe(self, heard):  # type: ignore[no-untyped-def]
            count = 0
            async for _ in heard:
                count += 1
                if count == 40:
                    raise FAULTS["reset"]  # type: ignore[misc]
            yield Transcript("", final=True)

    second = Ears()
    async with listening(FallbackStt(chain(Breaks(), second))) as caller:
        await caller.speaks(2.0)
        assert second.stretches == [2.0]


async def test_silence_is_nobody_s_fault() -> None:
    told = Told()
    async with listening(FallbackStt(chain(Ears(), Ears(), told=told.moves.append))) as caller:
        await caller.silent(20.0)
        await caller.speaks(1.0)
        await caller.silent(20.0)
        assert (caller.words, told.moves) == (["1"], [])


async def test_no_more_sound_is_kept_than_a_long_sentence_has() -> None:
    second = Ears()
    async with listening(FallbackStt(chain(Ears(answers=0, fault=HANG), second))) as caller:
        await caller.speaks(30.0)
        await caller.silent(FIRST + 0.1)
        assert second.stretches == [pytest.approx(KEPT_SECONDS - FIRST, abs=0.2)]


async def test_when_all_hang_it_is_told_in_time() -> None:
    ears = [Ears(answers=0, fault=HANG) for _ in range(4)]
    stage = SpeechIn(FallbackStt(chain(*ears)), RATE)
    async with started(stage) as heard:
        clock = Clock(stage)
        await talk(stage, clock, FIRST + 3 * AGAIN - 0.2)
        assert of(Failure, heard) == []
        await quiet(clock, 0.5)
        assert [(failure.fatal, failure.error[-13:]) for failure in failures(heard)] == [(True, "took too long")]
        assert [one.open for one in ears] == [0, 0, 0, 0]


async def test_one_that_understood_may_be_asked_again_when_the_next_one_fails_too() -> None:
    told = Told()
    first, second = Ears(answers=1, fault=FAULTS["500"]), Ears(answers=1, fault=FAULTS["reset"])
    async with listening(FallbackStt(chain(first, second, told=told.moves.append))) as caller:
        await caller.speaks(1.0)
        await caller.speaks(1.0)
        first.answers = 10
        await caller.speaks(1.0)
        assert len(caller.words) == 3
        assert told.names == [("first", "second"), ("second", "first")]


async def test_one_final_transcript_brings_a_recogniser_back_for_every_call() -> None:
    now = [0.0]
    breakers = Breakers(lambda: now[0])
    resting = breakers.of(Account("llm", "first"))
    resting.failed(FAULTS["401"])  # type: ignore[arg-type]
    now[0] += 1000
    async with listening(FallbackStt(chain(Ears(), Ears(), breakers=breakers))) as caller:
        await caller.silent(0.1)
        assert not resting.admits()
        await caller.speaks(1.0)
        assert resting.admits()


async def test_a_call_whose_recognisers_all_fail_is_told_so_at_once_if_their_keys_are_refused() -> None:
    stage = SpeechIn(
        FallbackStt(chain(Ears(answers=0, fault=FAULTS["401"]), Ears(answers=0, fault=FAULTS["403"]))), RATE
    )
    async with started(stage) as heard:
        await talk(stage, Clock(stage), 0.2)
        assert [failure.fatal for failure in failures(heard)] == [True]


async def talk(stage: SpeechIn, clock: Clock, silence: float) -> None:
    stage.process(SpeechStarted(0.0))
    await quiet(clock, 1.0)
    stage.process(SpeechStopped(1.0))
    await quiet(clock, silence)


async def quiet(clock: Clock, seconds: float) -> None:
    for _ in range(round(seconds / 0.1)):
        clock.run(0.1)
        await settle()


def failures(heard: list[Frame]) -> list[Failure]:
    return [frame for frame in heard if isinstance(frame, Failure)]
