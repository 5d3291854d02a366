"""What is heard under the bot, and what of the caller's sound is not listened to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic import ValidationError

from control_api.assistant.plans import FourierDenoisingPlan, SmartDenoisingPlan
from processors.denoise import DenoiseOptions
from server.overrides.asked import Asked, Changes, Rule


def _background(asked: Asked) -> Changes | None:
    sound = asked.overrides.background_sound
    return None if sound is None else {"background": sound}


def _smart_plan(asked: Asked) -> SmartDenoisingPlan:
    plans = asked.overrides.background_speech_denoising_plan
    return (plans and plans.smart_denoising_plan) or SmartDenoisingPlan()


def _fourier_plan(asked: Asked) -> FourierDenoisingPlan:
    plans = asked.overrides.background_speech_denoising_plan
    return (plans and plans.fourier_denoising_plan) or FourierDenoisingPlan()


def _smart(asked: Asked) -> Changes | None:
    """What is done for the other plan stands in for the model that this one means."""
    enabled = _smart_plan(asked).enabled
    return None if enabled is None else {"denoise": {"noise": enabled, "far_voices": enabled}}


def _fourier(asked: Asked) -> Changes | None:
    enabled = _fourier_plan(asked).enabled
    if enabled is None:
        return None
    is_on = enabled or bool(_smart_plan(asked).enabled)
    return {"denoise": {"noise": is_on, "far_voices": is_on}}


def _option(option: str, value: Callable[[FourierDenoisingPlan], Any]) -> Callable[[Asked], Changes | None]:
    def change(asked: Asked) -> Changes | None:
        given = value(_fourier_plan(asked))
        if given is None:
            return None
        try:
            DenoiseOptions.model_validate({option: given})
        except ValidationError:
            return None
        return {"denoise": {option: given}}

    return change


def _no_model_is_needed(asked: Asked) -> bool:
    """A model that knows voices would be, and there is none."""
    return not _smart_plan(asked).enabled


_WHERE, KEYS = "backgroundSpeechDenoisingPlan", ("denoise",)
_FOURIER = f"{_WHERE}.fourierDenoisingPlan"

RULES = (
    Rule("backgroundSound", ("background",), _background),
    Rule(f"{_WHERE}.smartDenoisingPlan.enabled", KEYS, _smart, whole=_no_model_is_needed),
    Rule(f"{_FOURIER}.enabled", KEYS, _fourier),
    Rule(
        f"{_FOURIER}.mediaDetectionEnabled",
        KEYS,
        _option("media_detection", lambda plan: plan.media_detection_enabled),
    ),
    Rule(
        f"{_FOURIER}.staticThreshold",
        KEYS,
        _option("static_threshold_db", lambda plan: plan.static_threshold),
    ),
    Rule(
        f"{_FOURIER}.baselineOffsetDb",
        KEYS,
        _option("baseline_offset_db", lambda plan: plan.baseline_offset_db),
    ),
    Rule(f"{_FOURIER}.windowSizeMs", KEYS, _option("window_ms", lambda plan: plan.window_size_ms)),
    Rule(
        f"{_FOURIER}.baselinePercentile",
        KEYS,
        _option("baseline_percentile", lambda plan: plan.baseline_percentile),
    ),
)
