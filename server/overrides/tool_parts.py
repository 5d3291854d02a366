"""What several kinds of Vapi's tools have in common, in a call plan's words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from control_api.assistant.server import BackoffPlan, Server
from control_api.assistant.tools import RejectionCondition, RejectionPlan, ToolMessage, VariableExtractionPlan

WHEN = {
    "request-start": "start",
    "request-response-delayed": "delayed",
    "request-complete": "complete",
    "request-failed": "failed",
}
SERVER_NEEDS = ("credential_id", "static_ip_addresses_enabled", "encrypted_paths")


class Parts:
    """Reads them, and remembers what is not obeyed."""

    def __init__(self) -> None:
        self.unheeded: list[str] = []
        """By its path within the tool."""

    def messages(self, messages: Sequence[ToolMessage] | None) -> list[dict[str, Any]]:
        found = []
        for place, message in enumerate(messages or ()):
            texts = [(one.language or "", one.text or "") for one in message.contents or () if one.text]
            text = message.content or next((text for language, text in texts if not language), "")
            if message.type is None or not (text or texts):
                self.unheeded.append(f".messages[{place}]")
                continue
            found.append(
                {
                    "when": WHEN[message.type],
                    "text": text,
                    "texts": {language: text for language, text in texts if language},
                    "conditions": [
                        {"argument": one.param, "operator": one.operator or "eq", "value": one.value}
                        for one in message.conditions or ()
                        if one.param
                    ],
                    "waits": bool(message.blocking),
                    "for_model": message.role == "system",
                    "ends_call": bool(message.end_call_after_spoken_enabled),
                }
                | ({} if message.timing_milliseconds is None else {"after_ms": message.timing_milliseconds})
            )
        return found

    def extraction(self, plan: VariableExtractionPlan | None) -> dict[str, Any]:
        if plan is None:
            return {}
        properties = (plan.schema_.properties if plan.schema_ is not None else None) or {}
        if plan.schema_ is not None and plan.schema_.type not in (None, ["object"]):
            self.unheeded.append(".variableExtractionPlan.schema")
        return {
            "properties": properties,
            "aliases": {one.key: one.value for one in plan.aliases or () if one.key and one.value},
        }

    def rejections(self, plan: RejectionPlan | None) -> list[dict[str, Any]]:
        conditions = None if plan is None else plan.conditions
        if isinstance(conditions, str):
            self.unheeded.append(".rejectionPlan.conditions")
            return []
        return list(self._rejections(conditions or (), ".rejectionPlan"))

    def _rejections(self, conditions: Sequence[RejectionCondition], above: str) -> Iterator[dict[str, Any]]:
        for place, one in enumerate(conditions):
            where = f"{above}.conditions[{place}]"
            inner = list(self._rejections(one.conditions or (), where))
            if one.type == "regex" and one.regex:
                yield _pattern(one)
            elif one.type == "group" and inner:
                yield {"any_of" if one.operator == "OR" else "all_of": inner}
            else:
                self.unheeded.append(where)

    def server(self, server: Server) -> dict[str, Any]:
        given = server.model_dump(exclude_none=True)
        self.unheeded += [
            f".server.{type(server).model_fields[name].alias}"
            for name in SERVER_NEEDS
            if given.get(name) not in (None, False, [])
        ]
        headers = {name: str(value) for name, value in (server.headers or {}).items()}
        return {"url": server.url, "headers": headers, **patience(server.timeout_seconds, server.backoff_plan)}


def patience(seconds: float | None, plan: BackoffPlan | None) -> dict[str, Any]:
    timeout = {} if seconds is None else {"timeout_seconds": seconds}
    if plan is None:
        return timeout
    retries = {
        "times": None if plan.max_retries is None else int(plan.max_retries),
        "seconds": plan.base_delay_seconds,
        "growing": plan.type == "exponential",
        "not_after": plan.excluded_status_codes,
    }
    return {**timeout, "retries": {name: value for name, value in retries.items() if value is not None}}


def _pattern(one: RejectionCondition) -> dict[str, Any]:
    options = {option.type: option.enabled is not False for option in one.regex_options or ()}
    target = one.target
    given = {
        "role": None if target is None else target.role,
        "position": None if target is None or target.position is None else int(target.position),
    }
    return {
        "pattern": one.regex,
        "ignore_case": options.get("ignore-case", False),
        "whole_word": options.get("whole-word", False),
        "multi_line": options.get("multi-line", False),
        "negate": bool(one.negate),
        **{name: value for name, value in given.items() if value is not None},
    }
