from __future__ import annotations

import asyncio

import pytest

from pipeline.frames import Frame, Heard, Interrupt, LanguageSwitched, SpeechStarted, Transcript
from processors.dangling import CLOSED, OPEN, Endings
from processors.language_codes import NAMES, tag, tongue
from processors.languages import Languages
from processors.lines import Lines, lines_for
from processors.phrases import ACKNOWLEDGEMENTS, INTERRUPTIONS, ends_in_number
from processors.turn_options import TurnOptions
from processors.turns import TurnTaker


def heard(
    *texts: Transcript | LanguageSwitched, language: str = "en-IN", others: tuple[str, ...] = ("hi-IN", "ta-IN")
) -> list[str]:
    """The languages that the call went over to."""
    frames: list[Frame] = []
    stage = Languages(language, others)
    stage.emit = frames.append
    for text in texts:
        stage.process(text)
    assert [frame for frame in frames if isinstance(frame, Transcript)] == [
        t for t in texts if isinstance(t, Transcript)
    ]
    return [frame.language for frame in frames if isinstance(frame, LanguageSwitched)]


def said(text: str, language: str, certainty: float | None = None, *, final: bool = True) -> Transcript:
    return Transcript(text, final, language, certainty)


def test_a_sentence_in_an_allowed_language_changes_the_call_and_so_do_two_words_twice() -> None:
    assert heard(said("मुझे कल का समय चाहिए", "hi-IN")) == ["hi-IN"]
    assert heard(said("हाँ जी", "hi")) == []
    assert heard(said("हाँ जी", "hi"), said("ठीक है", "hi")) == ["hi-IN"]
    assert heard(said("हाँ जी", "hi"), said("yes", "en"), said("ठीक है", "hi")) == []


def test_what_is_not_allowed_not_sure_not_final_or_not_told_changes_nothing() -> None:
    assert heard(said("je ne parle pas anglais", "fr")) == []
    assert heard(said("मुझे कल का समय चाहिए", "hi", 0.4)) == []
    assert heard(said("मुझे कल का समय चाहिए", "hi", final=False)) == []
    assert heard(said("मुझे कल का समय चाहिए", "")) == []


def test_the_call_can_come_back_and_is_told_of_each_change_once() -> None:
    hindi, english = said("मुझे कल का समय चाहिए", "hi"), said("sorry I meant in English", "en")
    assert heard(hindi, hindi, english) == ["hi-IN", "en-IN"]
    assert heard(LanguageSwitched("ta-IN"), LanguageSwitched("ta-IN"), hindi) == ["ta-IN", "hi-IN"]


def test_where_two_languages_are_mixed_either_changes_nothing() -> None:
    mixed = (said("I want it tomorrow please", "en"), said("मुझे कल का समय चाहिए", "hi"))
    assert heard(*mixed, language="hi-en", others=("en-IN", "ta-IN")) == []


def test_the_change_is_known_before_the_words() -> None:
    frames: list[Frame] = []
    stage = Languages("en-IN", ("hi-IN",))
    stage.emit = frames.append
    stage.process(words := said("मुझे कल का समय चाहिए", "hi"))
    assert frames == [LanguageSwitched("hi-IN"), words]


@pytest.mark.parametrize("code", NAMES)
def test_each_of_the_eleven_codes_has_its_lists(code: str) -> None:
    spoken = tongue(code)
    assert all(spoken in phrases for phrases in (ACKNOWLEDGEMENTS, INTERRUPTIONS, OPEN))
    assert spoken == "en" or (spoken in CLOSED and lines_for(tag(code)) != Lines())


def test_the_last_word_tells_in_its_own_language_whether_somebody_goes_on() -> None:
    assert Endings("hi-IN").goes_on("मुझे कल और")
    assert Endings("hi-en").goes_on("I want it और")
    assert not Endings("ta-IN").goes_on("मुझे कल और")
    assert Endings("te-IN").has_ended("నాకు రేపు కావాలి")
    assert not Endings("te-IN").has_ended("నాకు రేపు")
    assert ends_in_number("मेरा नंबर नौ आठ सात")
    assert not ends_in_number("मुझे बता दो")


async def test_an_acknowledgement_is_one_in_the_language_that_the_call_has_gone_over_to() -> None:
    for switched, interrupts in ((True, 0), (False, 1)):
        frames: list[Frame] = []
        turns = TurnTaker(TurnOptions(), 8000, "en-IN")
        turns.emit = frames.append
        async with asyncio.TaskGroup() as turns.tasks:
            turns.start()
            if switched:
                turns.process(LanguageSwitched("te-IN"))
            turns.process(Heard(b"", 0.99, reply=1))
            turns.process(SpeechStarted(1.0))
            turns.process(Transcript("అవునండి", final=False))
        assert len([frame for frame in frames if isinstance(frame, Interrupt)]) == interrupts
