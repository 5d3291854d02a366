"""What an assistant's overrides say of sound and speech, in a call plan's own words."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from control_api.assistant import voice
from processors.wording.format import FORMATTERS
from processors.wording.options import Formatter
from server.call_plan import CallPlan
from server.overrides import applied, obeyed, translated

WHOLE: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"backgroundSound": "office"}, {"background": "office"}),
    ({"backgroundSound": "https://a.example/room.mp3"}, {"background": "https://a.example/room.mp3"}),
    (
        {
            "voice": {
                "chunkPlan": {
                    "enabled": True,
                    "minCharacters": 12.5,
                    "punctuationBoundaries": [".", "।"],
                    "formatPlan": {
                        "enabled": True,
                        "numberToDigitsCutoff": 99,
                        "formattersEnabled": ["number", "date"],
                        "replacements": [
                            {"type": "exact", "key": "EMI", "value": "monthly part"},
                            {
                                "type": "regex",
                                "regex": "a+",
                                "value": "b",
                                "replaceAllEnabled": True,
                                "options": [{"type": "ignore-case", "enabled": True}],
                            },
                        ],
                    },
                }
            }
        },
        {
            "speech": {
                "cut": True,
                "min_characters": 13,
                "boundaries": (".", "।"),
                "format": {
                    "enabled": True,
                    "formatters": ("number", "date"),
                    "digits_above": 99.0,
                    "replacements": (
                        {"key": "EMI", "value": "monthly part", "all": False},
                        {"regex": "a+", "value": "b", "all": True, "ignore_case": True},
                    ),
                },
            }
        },
    ),
    (
        {
            "backgroundSpeechDenoisingPlan": {
                "smartDenoisingPlan": {"enabled": False},
                "fourierDenoisingPlan": {
                    "enabled": True,
                    "mediaDetectionEnabled": False,
                    "staticThreshold": -40,
                    "baselineOffsetDb": -10,
                    "windowSizeMs": 2000,
                    "baselinePercentile": 50,
                },
            }
        },
        {
            "denoise": {
                "noise": True,
                "far_voices": True,
                "media_detection": False,
                "static_threshold_db": -40.0,
                "baseline_offset_db": -10.0,
                "window_ms": 2000.0,
                "baseline_percentile": 50.0,
            }
        },
    ),
]


def leaves(value: dict[str, Any], above: str = "") -> set[str]:
    found: set[str] = set()
    for key, each in value.items():
        found |= leaves(each, f"{above}{key}.") if isinstance(each, dict) else {f"{above}{key}"}
    return found


@pytest.mark.parametrize(("asked", "planned"), WHOLE)
def test_what_is_asked_for_is_planned_and_no_warning_is_left(asked: dict[str, Any], planned: dict[str, Any]) -> None:
    plan = CallPlan.model_validate(applied({}, translated(asked, CallPlan())))
    assert plan.model_dump(include=set(planned), exclude_unset=True) == planned
    assert leaves(asked) <= obeyed(asked, CallPlan())


@pytest.mark.parametrize(
    ("asked", "path"),
    [
        (
            {
                "voice": {
                    "chunkPlan": {"formatPlan": {"replacements": [{"type": "regex", "regex": "(?=a)", "value": ""}]}}
                }
            },
            "voice.chunkPlan.formatPlan.replacements",
        ),
        (
            {"backgroundSpeechDenoisingPlan": {"smartDenoisingPlan": {"enabled": True}}},
            "backgroundSpeechDenoisingPlan.smartDenoisingPlan.enabled",
        ),
    ],
)
def test_what_can_be_done_in_part_is_done_and_still_warned_of(asked: dict[str, Any], path: str) -> None:
    assert path not in obeyed(asked, CallPlan())
    assert translated(asked, CallPlan())


def test_every_formatter_that_can_be_asked_for_is_there() -> None:
    assert set(get_args(voice.Formatter)) == set(get_args(Formatter)) == set(FORMATTERS)
