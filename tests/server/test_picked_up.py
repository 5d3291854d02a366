from __future__ import annotations

from dialer.retry import FINAL
from processors.machines.words import ANNOUNCED, NO_SUCH_NUMBER
from server.call_plan import CallPlan
from server.desks import PICKED_UP
from server.overrides import obeyed
from storage.records import Outcome


def test_every_announcement_has_an_outcome_and_is_no_conversation() -> None:
    assert PICKED_UP.keys() == ANNOUNCED | {"voicemail"}
    assert Outcome.CONNECTED not in PICKED_UP.values()


def test_a_number_that_there_is_not_is_never_called_again() -> None:
    assert NO_SUCH_NUMBER in FINAL


def test_thresholds_that_cannot_be_are_not_obeyed() -> None:
    asked = {
        "voicemailMessage": "https://example.com/sound.mp3",
        "voicemailDetection": {"provider": "twilio", "machineDetectionSpeechEndThreshold": 9000},
    }
    assert obeyed(asked, CallPlan()) == {"voicemailDetection.provider", "voicemailMessage"}
