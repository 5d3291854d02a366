"""A reply cut and worded by a plan: what the voice is given, and what counts as said."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from pipeline.frames import AudioOut, ReplyDone, ReplyText
from processors.sentences import Chunk, Worded
from processors.speakable import speakable
from processors.speech_out import SpeechOut, Stored
from processors.wording.options import FormatOptions, Replacement, SpeechOptions
from processors.wording.script import scripts
from tests.fakes import RATE, FakeVoice, settle, started


async def written(*pieces: str) -> AsyncIterator[str]:
    for piece in pieces:
        yield piece


async def given(options: SpeechOptions, *pieces: str) -> list[str]:
    return [piece async for piece in scripts(options, "en-IN")().pieces(written(*pieces))]


@pytest.mark.parametrize(
    ("options", "chunks"),
    [
        (SpeechOptions(min_characters=1), ["Yes, ", "Dr. Rao is in. ", "3.5 is it"]),
        (SpeechOptions(min_characters=8), ["Yes, Dr. Rao is in. ", "3.5 is it"]),
        (SpeechOptions(boundaries=(".",), min_characters=1), ["Yes, Dr. Rao is in. ", "3.5 is it"]),
        (SpeechOptions(boundaries=()), ["Yes, Dr. Rao is in. 3.5 is it"]),
    ],
)
async def test_a_text_is_cut_where_the_plan_says(options: SpeechOptions, chunks: list[str]) -> None:
    found = await given(options, "Yes, D", "r. Rao is in", ". 3", ".5 is it")
    assert found == chunks
    assert all(isinstance(chunk, Chunk) for chunk in found)


async def test_what_the_plan_words_the_voice_does_not_word_again() -> None:
    (worded,) = await given(SpeechOptions(format=FormatOptions(formatters=("percentage",))), "It is 12% of 5")
    assert isinstance(worded, Worded)
    assert speakable(worded, "en-IN") == "It is 12 percent of 5 "
    (bare,) = await given(SpeechOptions(cut=False, format=FormatOptions(formatters=("number",))), "It is 12%")
    assert speakable(bare, "en-IN") == "It is 12% "


async def test_the_words_that_were_written_are_told_once_however_the_voice_breaks_them_off() -> None:
    script = scripts(SpeechOptions(format=FormatOptions()), "en-IN")()
    pieces = [piece async for piece in script.pieces(written("You owe ₹500. ", "Pay by 5pm, please."))]
    assert script.given(pieces[0]) == "You owe ₹500. "
    assert script.given(pieces[1][:10]) == "Pay by 5pm, please."
    assert script.given(pieces[1][10:]) == ""


async def test_the_caller_hears_the_plans_words_and_the_transcript_keeps_the_models() -> None:
    options = SpeechOptions(format=FormatOptions(replacements=(Replacement(key="EMI", value="monthly part"),)))
    stage = SpeechOut(FakeVoice(), RATE, Stored(), script=scripts(options, "en-IN"))
    async with started(stage) as heard:
        stage.process(ReplyText("Your EMI is ₹500.", 1))
        stage.process(ReplyDone(1))
        await settle()
        (sound,) = (frame for frame in heard if isinstance(frame, AudioOut))
        assert sound.text == "Your EMI is ₹500."
        assert len(sound.pcm) == len("Your monthly part is five hundred rupees. ") * (RATE // 100) * 2
