"""Words on sound, where nobody says which belong together."""

from __future__ import annotations

from pipeline.audio import seconds, silence
from processors.ports import Sound
from processors.realtime.placement import PACE, Placement

RATE = 8000


def placed(*steps: str | float) -> list[tuple[float, str]]:
    """Seconds at which each label stands. A step is words, or that much sound."""
    placement = Placement(RATE)
    sounds: list[Sound] = []
    for step in steps:
        if isinstance(step, str):
            placement.says(step)
        else:
            sounds += placement.sounds(silence(step, RATE))
    sounds += placement.rest()
    at, labels = 0.0, []
    for sound in sounds:
        if sound.text:
            labels.append((round(at, 2), sound.text))
        at += seconds(sound.pcm, RATE)
    return labels


def test_the_first_words_stand_on_the_first_sound_and_each_phrase_where_people_would_say_it() -> None:
    first, second = "We open at nine today. ", "Is that fine with you?"
    begins = round(len(first) / PACE, 2)
    assert placed(first + second, 1.0, 3.0) == [(0.0, first), (begins, second)]


def test_no_word_is_cut_in_two() -> None:
    labels = placed("We open at ni", 0.5, "ne. And close at five.", 3.0)
    assert "".join(text for _, text in labels) == "We open at nine. And close at five."
    assert " ".join(text.strip() for _, text in labels) == "We open at nine. And close at five."


def test_words_that_come_after_their_sound_are_not_lost() -> None:
    assert [text for _, text in placed(1.0, "Hello.")] == ["Hello."]


def test_words_without_any_sound_are_nowhere() -> None:
    assert placed("Hello.") == []
