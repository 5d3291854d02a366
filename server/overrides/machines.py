"""What is done where a machine picks up."""

from __future__ import annotations

from collections.abc import Callable

from pydantic import ValidationError

from control_api.assistant.voicemail import VoicemailDetection
from processors.machines.detector import PickupOptions
from server.overrides.asked import Asked, Changes, Rule


def _plan(asked: Asked) -> VoicemailDetection:
    return asked.overrides.voicemail_detection or VoicemailDetection()


def _off(asked: Asked) -> Changes | None:
    """Nothing else that is said of it matters then."""
    return {"voicemail": {"detect": False}} if _plan(asked).provider == "off" else None


def _provider(asked: Asked) -> Changes | None:
    """By whomever it is to be done: this server does it, by sound and by words."""
    return None if _plan(asked).provider is None else {"voicemail": {"detect": _plan(asked).provider != "off"}}


def _enabled(asked: Asked) -> Changes | None:
    enabled = _plan(asked).enabled
    return None if enabled is None else {"voicemail": {"detect": enabled and _plan(asked).provider != "off"}}


def _beep(asked: Asked) -> Changes | None:
    seconds = _plan(asked).beep_max_await_seconds
    return None if seconds is None else {"voicemail": {"beep_seconds": seconds}}


def _message(asked: Asked) -> Changes | None:
    """Words, or the URL of a sound."""
    text = asked.overrides.voicemail_message
    return None if text is None else {"voicemail": {"message": text}}


def _threshold(option: str, value: Callable[[VoicemailDetection], float | None]) -> Callable[[Asked], Changes | None]:
    """Twilio's thresholds, in milliseconds, where ours may be as long."""

    def change(asked: Asked) -> Changes | None:
        milliseconds = value(_plan(asked))
        if milliseconds is None:
            return None
        try:
            PickupOptions.model_validate({option: milliseconds / 1000})
        except ValidationError:
            return None
        return {"voicemail": {"pickup": {option: milliseconds / 1000}}}

    return change


KEYS = ("voicemail",)

_WHERE = "voicemailDetection"

RULES = (
    Rule(_WHERE, KEYS, _off),
    Rule(f"{_WHERE}.provider", KEYS, _provider),
    Rule(f"{_WHERE}.enabled", KEYS, _enabled),
    Rule(f"{_WHERE}.beepMaxAwaitSeconds", KEYS, _beep),
    Rule(
        f"{_WHERE}.machineDetectionSpeechThreshold",
        KEYS,
        _threshold("greeting", lambda plan: plan.machine_detection_speech_threshold),
    ),
    Rule(
        f"{_WHERE}.machineDetectionSpeechEndThreshold",
        KEYS,
        _threshold("after_sound", lambda plan: plan.machine_detection_speech_end_threshold),
    ),
    Rule(
        f"{_WHERE}.machineDetectionSilenceTimeout",
        KEYS,
        _threshold("silence", lambda plan: plan.machine_detection_silence_timeout),
    ),
    Rule("voicemailMessage", KEYS, _message),
)
