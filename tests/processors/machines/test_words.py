from __future__ import annotations

import pytest

from processors.machines.words import Answerer, told_by


@pytest.mark.parametrize(
    ("said", "by", "reason"),
    [
        ("Please leave a message after the beep", Answerer.VOICEMAIL, "voicemail"),
        ("I can't come to the phone right now", Answerer.VOICEMAIL, "voicemail"),
        ("कृपया बीप के बाद अपना संदेश छोड़ें", Answerer.VOICEMAIL, "voicemail"),
        ("பீப் ஒலிக்குப் பிறகு உங்கள் செய்தியைப் பதிவு செய்யுங்கள்", Answerer.VOICEMAIL, "voicemail"),
        ("The number you are calling is currently switched off.", Answerer.ANNOUNCEMENT, "switched_off"),
        ("The person you are calling is speaking to someone else", Answerer.ANNOUNCEMENT, "busy"),
        ("The number you have dialled does not exist", Answerer.ANNOUNCEMENT, "invalid_number"),
        ("आपने जिस नंबर पर कॉल किया है वह अभी उपलब्ध नहीं है", Answerer.ANNOUNCEMENT, "unreachable"),
        ("aapne jis number par call kiya hai vah switch off hai", Answerer.ANNOUNCEMENT, "switched_off"),
        ("Please state your name and why you're calling", Answerer.SCREENING, "screening"),
        ("For sales, press 1.", Answerer.IVR, "ivr"),
        ("हिंदी के लिए 1 दबाएं", Answerer.IVR, "ivr"),
    ],
)
def test_a_machine_is_known_by_what_it_says(said: str, by: Answerer, reason: str) -> None:
    told = told_by(said)
    assert told is not None
    assert (told.by, told.reason) == (by, reason)


@pytest.mark.parametrize(
    "said",
    ["", "Hello?", "Yes, this is Ravi, who is calling?", "Good morning, Acme.", "हाँ जी, बोलिए।", "ஹலோ, யார் பேசுவது?"],
)
def test_a_person_is_not(said: str) -> None:
    assert told_by(said) is None
