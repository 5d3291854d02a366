from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from pipeline.frames import (
    Frame,
    Hangup,
    Interrupt,
    Note,
    Pause,
    Played,
    ReplyText,
    Say,
    SpeechStarted,
    SpeechStopped,
    TransferAsked,
    UserTurn,
)
from pipeline.news import Disclosure, RecordingConsent, Said
from processors.consent import ConsentOptions, agrees
from processors.preface import ANSWER_SECONDS, DECLINED, Preface, PrefacePlan
from processors.tools.toolbox import Toolbox
from tests.fakes import Clock, of, started

RECORDED, QUESTION = "This call is recorded.", "May we record this call?"
HELLO = Say("Hello, how may I help?")


class Call:
    def __init__(self, preface: Preface, heard: list[Frame]) -> None:
        self.preface, self.heard, self.clock = preface, heard, Clock(preface)

    def play(self, *, whole: bool = True, text: str = "") -> None:
        """What is being said now is heard to its end, or cut."""
        said = of(ReplyText, self.heard)[-1]
        assert isinstance(said, ReplyText)
        heard = text or (said.text if whole else said.text[:6])
        self.preface.process(Played(said.reply, 0.0, 1.0, heard, complete=whole, over=True))

    def told(self, *kinds: type[Frame]) -> list[Frame]:
        """But for that the consent is about to be asked for."""
        asked = RecordingConsent(0.02, given=None)
        return [frame for frame in self.heard if isinstance(frame, kinds) and frame != asked]


@asynccontextmanager
async def prefaced(
    disclosure: str = "", consent: dict[str, Any] | None = None, cue: Say | None = None
) -> AsyncIterator[Call]:
    asked = None if consent is None else ConsentOptions.model_validate({"message": QUESTION, **consent})
    preface = Preface(PrefacePlan(disclosure, asked, "en-IN"), HELLO, Toolbox([]), cue=cue)
    async with started(preface) as heard:
        yield Call(preface, heard)


async def test_a_disclosure_is_heard_whole_before_the_greeting_and_what_was_said_meanwhile_is_answered_after_it() -> (
    None
):
    turn = UserTurn("Wait, who is this?", at=0.4)
    async with prefaced(RECORDED) as call:
        call.clock.run(1)
        for frame in (Pause(0.5), Interrupt(0.6), turn):
            call.preface.process(frame)
        call.clock.run(0.5)
        assert call.told(Disclosure) == [Disclosure(0.02, heard=False)]
        assert call.told(Pause, Interrupt, UserTurn, Say) == []
        call.play()
    assert call.told(Disclosure, Say, UserTurn) == [
        Disclosure(0.02, heard=False),
        Disclosure(1.5, heard=True),
        HELLO,
        turn,
    ]


async def test_what_was_cut_or_not_spoken_was_not_disclosed() -> None:
    async with prefaced(RECORDED) as call:
        call.clock.run(0.1)
        call.play(text="I'm sorry, I'm having some trouble.")
        assert call.told(Disclosure) == [Disclosure(0.02, heard=False)]
        assert call.told(Say) == [HELLO]
    async with prefaced(RECORDED) as gone:
        gone.clock.run(0.1)
        gone.play(whole=False)
        assert len(gone.told(Disclosure)) == 1


async def test_an_end_from_outside_waits_for_no_disclosure() -> None:
    async with prefaced(RECORDED) as call:
        call.clock.run(0.1)
        call.preface.process(last := Say("We close now.", hangup="server_stopping"))
        call.play(whole=False)
        assert call.told(Say) == [last]


async def test_it_waits_for_whoever_knows_that_a_person_is_there() -> None:
    cue = PrefacePlan(RECORDED).cue()
    async with prefaced(RECORDED, cue=cue) as call:
        call.clock.run(2)
        assert call.told(ReplyText) == []
        call.preface.process(cue)
        assert [frame.text for frame in call.told(ReplyText) if isinstance(frame, ReplyText)] == [RECORDED]
        call.play()
        assert call.told(Say) == [HELLO]


async def test_who_stays_on_the_line_for_the_time_asked_agrees() -> None:
    async with prefaced(RECORDED, {"wait_seconds": 3}) as call:
        call.clock.run(0.1)
        call.play()
        call.clock.run(0.1)
        call.play()
        call.clock.run(2.9)
        assert call.told(RecordingConsent, Say) == []
        call.clock.run(0.2)
        consent, greeting = call.told(RecordingConsent, Say)
        assert isinstance(consent, RecordingConsent)
        assert consent.at == pytest.approx(3.2, abs=0.05)
        assert (consent.given, greeting == HELLO) == (True, True)


@pytest.mark.parametrize(("answer", "given"), [("Yes, that's fine.", True), ("No.", False), ("Why do you ask?", False)])
async def test_only_a_yes_to_the_question_is_one_and_it_stands_in_the_transcript(answer: str, given: bool) -> None:
    async with prefaced(consent={"kind": "ask"}) as call:
        call.clock.run(0.1)
        call.play()
        call.preface.process(UserTurn(answer, 0.5, 1.0))
        assert call.told(Said, RecordingConsent, Say) == [
            Said("customer", answer, 0.5, 0.5),
            RecordingConsent(0.1, given),
            HELLO,
        ]
        assert call.told(Note) == [Note(answer, role="user")]
        assert call.told(UserTurn) == []


async def test_who_does_not_answer_has_not_agreed_and_who_still_speaks_is_waited_for() -> None:
    async with prefaced(consent={"kind": "ask", "decline": {"kind": "hangup"}}) as call:
        call.clock.run(0.1)
        call.play()
        call.preface.process(SpeechStarted(0.1))
        call.clock.run(ANSWER_SECONDS + 1)
        call.preface.process(SpeechStopped(9.0))
        assert call.told(RecordingConsent) == []
        call.clock.run(ANSWER_SECONDS)
        consent, end = call.told(RecordingConsent, Hangup, Say)
        assert isinstance(consent, RecordingConsent)
        assert (consent.given, end) == (False, Hangup(DECLINED))


async def test_an_answer_that_was_perhaps_not_understood_ends_no_call_before_it_is_asked_again() -> None:
    async with prefaced(consent={"kind": "ask", "decline": {"kind": "hangup"}}) as call:
        call.clock.run(0.1)
        call.play()
        call.preface.process(UserTurn("E. F.", 0.5))
        assert call.told(RecordingConsent, Hangup) == []
        call.play()
        call.preface.process(UserTurn("E. F.", 3.0))
        assert call.told(Hangup) == [Hangup(DECLINED)]


async def test_who_declines_may_be_handed_to_somebody() -> None:
    async with prefaced(consent={"kind": "ask", "decline": {"kind": "transfer", "queue": "front"}}) as call:
        call.clock.run(0.1)
        call.play()
        call.preface.process(UserTurn("No, thank you.", 0.5))
        assert call.told(TransferAsked, Say) == [TransferAsked("front", "")]


@pytest.mark.parametrize(
    ("language", "yes", "no"),
    [
        ("en-IN", "Um, yes please, go ahead.", "Yes and no."),
        ("hi-IN", "हाँ जी, ठीक है", "जी नहीं"),
        ("ta-IN", "சரி", "வேண்டாம்"),
        ("te-IN", "సరే", "వద్దు"),
        ("kn-IN", "ಹೌದು", "ಬೇಡ"),
        ("mr-IN", "हो, चालेल", "नको"),
        ("bn-IN", "হ্যাঁ", "না"),
        ("gu-IN", "હા", "ના"),
        ("ml-IN", "അതെ", "വേണ്ട"),
        ("pa-IN", "ਹਾਂ ਜੀ", "ਨਹੀਂ"),
        ("or-IN", "ହଁ", "ନା"),
        ("hi-en", "haan ji, okay", "nahi"),
    ],
)
def test_a_yes_is_known_in_eleven_languages(language: str, yes: str, no: str) -> None:
    assert agrees(yes, language)
    assert not agrees(no, language)
    assert not agrees("hmm", language)
