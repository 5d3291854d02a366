"""Which of the overrides a call will not obey: told to whoever gave them, since none is dropped in silence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

FREE = frozenset({"variableValues", "metadata", "headers", "schema", "declineTool"})
"""Objects whose keys are the user's own words."""

KEPT = frozenset({"name", "metadata"})
"""Labels: to keep them is to obey them."""

ANYWAY: Mapping[str, tuple[Any, ...]] = {
    "firstMessageMode": ("assistant-speaks-first",),
    "firstMessageInterruptionsEnabled": (True,),
    "voicemailDetection.type": ("audio", "transcript"),
    "backgroundSound": ("off",),
    "modelOutputInMessagesEnabled": (False,),
    "clientMessages": ([],),
    "serverMessages": ([],),
    "transportConfigurations": ([],),
    "credentials": ([],),
    "credentialIds": ([],),
    "hooks": ([],),
    "tools:append": ([],),
    "endCallPhrases": ([],),
    "model.tools": ([],),
    "model.toolIds": ([],),
    "model.emotionRecognitionEnabled": (False,),
    "model.numFastTurns": (0,),
    "voice.fallbackPlan.voices": ([],),
    "transcriber.fallbackPlan.transcribers": ([],),
    "startSpeakingPlan.customEndpointingRules": ([],),
    "stopSpeakingPlan.backoffSeconds": (0,),
    "analysisPlan.structuredDataMultiPlan": ([],),
    "analysisPlan.outcomeIds": ([],),
    "artifactPlan.recordingFormat": ("wav;l16",),
    "artifactPlan.recordingUseCustomStorageEnabled": (False,),
    "artifactPlan.videoRecordingEnabled": (False,),
    "artifactPlan.fullMessageHistoryEnabled": (False,),
    "artifactPlan.pcapEnabled": (False,),
    "artifactPlan.pcapUseCustomStorageEnabled": (False,),
    "artifactPlan.loggingUseCustomStorageEnabled": (False,),
    "artifactPlan.structuredOutputIds": ([],),
    "artifactPlan.structuredOutputs": ([],),
    "artifactPlan.scorecardIds": ([],),
    "artifactPlan.scorecards": ([],),
    "monitorPlan.listenAuthenticationEnabled": (True,),
    "monitorPlan.controlAuthenticationEnabled": (True,),
    "monitorPlan.monitorIds": ([],),
}
"""Values that ask for what happens anyway."""

OFF = frozenset(
    {
        "backgroundSpeechDenoisingPlan.smartDenoisingPlan",
        "backgroundSpeechDenoisingPlan.fourierDenoisingPlan",
        "compliancePlan.securityFilterPlan",
        "analysisPlan.summaryPlan",
        "analysisPlan.structuredDataPlan",
        "analysisPlan.successEvaluationPlan",
    }
)
"""Plans that are not carried out anyway: with `enabled` false there is nothing to say of the rest of them."""


NO_REASONS: Mapping[str, str] = {}


def not_obeyed(raw: Mapping[str, Any], obeyed: frozenset[str], why: Mapping[str, str] = NO_REASONS) -> list[str]:
    """A sentence for each field given that neither stands below a path in `obeyed` nor asks for what happens anyway.

    `raw` is as `checked` lets it through; `why` has the reasons for paths that no call obeys.
    """
    return [
        f"assistantOverrides.{path} is not obeyed yet{_because(path, why)}"
        for path, value in _fields(raw)
        if not any(above in obeyed or above in KEPT for above in _upwards(path))
        and value not in ANYWAY.get(path, ())
        and not any(above in OFF and _at(raw, f"{above}.enabled") is False for above in _upwards(path))
    ]


def _because(path: str, why: Mapping[str, str]) -> str:
    reason = next((why[above] for above in _upwards(path) if above in why), "")
    return f": {reason}" if reason else ""


def _fields(raw: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """Dotted path and value of each field that has one, in order. A list is one field, whatever is in it."""
    for key, value in raw.items():
        path = f"{above}{key}"
        if isinstance(value, Mapping) and key not in FREE:
            yield from _fields(value, f"{path}.")
        elif value is not None and value != {}:
            yield path, value


def _upwards(path: str) -> Iterator[str]:
    """The path, and what it stands in."""
    while path:
        yield path
        path = path.rpartition(".")[0]


def _at(raw: Mapping[str, Any], path: str) -> Any:
    value: Any = raw
    for key in path.split("."):
        value = value.get(key) if isinstance(value, Mapping) else None
    return value
