"""What the law, or a contract, wants of a call, and who may listen in."""

from __future__ import annotations

from typing import Any, get_args

from pydantic import ValidationError

from control_api.assistant.compliance import CompliancePlan, RecordingConsentPlan, SecurityFilter, SecurityFilterPlan
from control_api.assistant.plans import MonitorPlan
from processors.consent import ConsentOptions
from processors.privacy.threats import SecurityOptions, Threat
from server.overrides import tools
from server.overrides.asked import Asked, Changes, Rule

KINDS = {"stay-on-line": "stay", "verbal": "ask"}


def _plan(asked: Asked) -> CompliancePlan:
    return asked.overrides.compliance_plan or CompliancePlan()


def _nothing_is_kept(on: bool | None) -> Changes | None:
    """What is off takes nothing back: the other one may want the same, or a config."""
    if on is None:
        return None
    return {"keeping": {"nothing": True}} if on else {}


def _hipaa(asked: Asked) -> Changes | None:
    return _nothing_is_kept(_plan(asked).hipaa_enabled)


def _pci(asked: Asked) -> Changes | None:
    plan = _plan(asked).pci_enabled
    return None if plan is None else _nothing_is_kept(plan.pci_enabled)


# ── attacks ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _security(asked: Asked) -> SecurityFilterPlan:
    return _plan(asked).security_filter_plan or SecurityFilterPlan()


def _filtered(asked: Asked) -> Changes | None:
    match _security(asked).enabled:
        case None:
            return None
        case True:
            return {"security": {}}
    return {"security": None}


def _filters(asked: Asked) -> Changes | None:
    plan = _security(asked)
    if plan.filters is None or not plan.enabled:
        return None
    return {"security": {"filters": [ours for one in plan.filters if (ours := _filter(one)) is not None]}}


def _filter(given: SecurityFilter) -> Any:
    """In our words; None: there is no such one, or its expression cannot be matched in linear time."""
    if given.type in get_args(Threat):
        return given.type
    if given.type != "regex":
        return None
    ours = {"pattern": (given.model_extra or {}).get("regex")}
    try:
        SecurityOptions.model_validate({"filters": [ours]})
    except ValidationError:
        return None
    return ours


def _all_are_known(asked: Asked) -> bool:
    return _is_read(asked) and all(_filter(one) is not None for one in _security(asked).filters or ())


def _is_read(asked: Asked) -> bool:
    """By a model that hears for itself nothing can be kept from it."""
    return asked.plan.realtime is None


def _mode(asked: Asked) -> Changes | None:
    plan = _security(asked)
    return {"security": {"mode": plan.mode}} if plan.enabled and plan.mode is not None else None


def _replacement(asked: Asked) -> Changes | None:
    plan = _security(asked)
    text = plan.replacement_text
    if not plan.enabled or text is None:
        return None
    try:
        SecurityOptions.model_validate({"replacement": text})
    except ValidationError:
        return None
    return {"security": {"replacement": text}}


# ── consent ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _consent(asked: Asked) -> RecordingConsentPlan:
    """Empty where it does not say how to ask, or what."""
    plan = _plan(asked).recording_consent_plan
    if plan is None or plan.type is None:
        return RecordingConsentPlan()
    try:
        ConsentOptions.model_validate({"message": plan.message})
    except ValidationError:
        return RecordingConsentPlan()
    return plan


def _way(asked: Asked) -> Changes | None:
    way = _consent(asked).type
    return None if way is None else {"consent": {"kind": KINDS[way]}}


def _message(asked: Asked) -> Changes | None:
    message = _consent(asked).message
    return None if message is None else {"consent": {"message": message}}


def _wait(asked: Asked) -> Changes | None:
    seconds = _consent(asked).wait_seconds
    return None if seconds is None else {"consent": {"wait_seconds": seconds}}


def _decline(asked: Asked) -> Changes | None:
    tool = _consent(asked).decline_tool
    if tool is None:
        return None
    if tool.type == "endCall":
        return {"consent": {"decline": {"kind": "hangup"}}}
    reading = tools.read(tool, asked.overrides.server)
    if not reading.plan or reading.unheeded or reading.plan["kind"] == "mcp":
        return None
    arguments = {one.key: one.value for one in tool.parameters or () if one.key}
    ours = {"kind": "tool", "tool": reading.plan, "arguments": {} if reading.plan["kind"] == "http" else arguments}
    try:
        ConsentOptions.model_validate({"message": "?", "decline": ours})
    except ValidationError:
        return None
    return {"consent": {"decline": ours}}


# ── listening in ────────────────────────────────────────────────────────────────────────────────────────────────────


def _monitor(asked: Asked) -> MonitorPlan:
    return asked.overrides.monitor_plan or MonitorPlan()


def _listening(asked: Asked) -> Changes | None:
    enabled = _monitor(asked).listen_enabled
    return None if enabled is None else {"monitor": {"listen": enabled}}


def _control(asked: Asked) -> Changes | None:
    enabled = _monitor(asked).control_enabled
    return None if enabled is None else {"monitor": {"control": enabled}}


_WHERE = "compliancePlan"

RULES = (
    Rule(f"{_WHERE}.hipaaEnabled", (), _hipaa),  # no config above takes it back: it may only speak of other things
    Rule(f"{_WHERE}.pciEnabled", (), _pci),
    Rule(f"{_WHERE}.securityFilterPlan.enabled", ("security",), _filtered, whole=_is_read),
    Rule(f"{_WHERE}.securityFilterPlan.filters", ("security",), _filters, whole=_all_are_known),
    Rule(f"{_WHERE}.securityFilterPlan.mode", ("security",), _mode, whole=_is_read),
    Rule(f"{_WHERE}.securityFilterPlan.replacementText", ("security",), _replacement, whole=_is_read),
    Rule(f"{_WHERE}.recordingConsentPlan.type", ("consent",), _way),
    Rule(f"{_WHERE}.recordingConsentPlan.message", ("consent",), _message),
    Rule(f"{_WHERE}.recordingConsentPlan.waitSeconds", ("consent",), _wait),
    Rule(f"{_WHERE}.recordingConsentPlan.declineTool", ("consent",), _decline),
    Rule("monitorPlan.listenEnabled", ("monitor",), _listening),
    Rule("monitorPlan.controlEnabled", ("monitor",), _control),
)
