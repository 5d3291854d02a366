"""What is kept of a call, as an artifact plan says it. Whether it is recorded stands with the rest of its course."""

from __future__ import annotations

from control_api.assistant.artifacts import ArtifactPlan
from server.overrides.asked import Asked, Changes, Rule


def _plan(asked: Asked) -> ArtifactPlan:
    return asked.overrides.artifact_plan or ArtifactPlan()


def _transcript(asked: Asked) -> Changes | None:
    plan = _plan(asked).transcript_plan
    return None if plan is None or plan.enabled is None else {"keeping": {"transcript": plan.enabled}}


def _logs(asked: Asked) -> Changes | None:
    enabled = _plan(asked).logging_enabled
    return None if enabled is None else {"keeping": {"logs": enabled}}


RULES = (
    Rule("artifactPlan.transcriptPlan.enabled", ("keeping",), _transcript),
    Rule("artifactPlan.loggingEnabled", ("keeping",), _logs),
)
