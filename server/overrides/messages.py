"""Whom a call is told to: its own server, its page, and Langfuse."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic import ValidationError

from control_api.assistant.artifacts import TranscriptPlan
from control_api.assistant.plans import ObservabilityPlan
from control_api.assistant.server import Server
from server.call_plan import CallPlan
from server.messages import names
from server.messages.options import ServerOptions
from server.overrides.asked import Asked, Changes, Rule
from server.overrides.tool_parts import patience

LANGFUSE = "langfuse"


def _server(asked: Asked) -> Server:
    return asked.overrides.server or Server()


def _told(asked: Asked) -> Changes | None:
    """None where there is none, or none that can be reached: its address is no https://."""
    server = _server(asked)
    if server.url is None:
        return None
    headers = {name: str(value) for name, value in (server.headers or {}).items()}
    wanted = asked.overrides.server_messages
    given = {
        "url": server.url,
        "headers": headers,
        **patience(server.timeout_seconds, server.backoff_plan),
        **({} if wanted is None else {"messages": wanted}),
    }
    try:
        ServerOptions.model_validate(given)
    except ValidationError:
        return None
    return {"server": {"retries": None, "messages": names.BY_DEFAULT, **given}}


def _with_it(value: Callable[[Asked], object]) -> Callable[[Asked], Changes | None]:
    """It is obeyed with the server that it is of."""

    def change(asked: Asked) -> Changes | None:
        return None if value(asked) is None or _told(asked) is None else {}

    return change


def _all_are_sent(asked: Asked) -> bool:
    return names.TO_SERVERS.union(names.NEVER).issuperset(asked.overrides.server_messages or ())


def _to_page(asked: Asked) -> Changes | None:
    wanted = asked.overrides.client_messages
    return None if wanted is None else {"client_messages": wanted}


def _all_are_shown(asked: Asked) -> bool:
    return names.TO_PAGES.issuperset(asked.overrides.client_messages or ())


def _speaker(name: str, value: Callable[[TranscriptPlan], str | None]) -> Callable[[Asked], Changes | None]:
    def change(asked: Asked) -> Changes | None:
        plan = asked.overrides.artifact_plan
        given = None if plan is None or plan.transcript_plan is None else value(plan.transcript_plan)
        return None if given is None else {"speakers": {name: given[:200]}}

    return change


def _observed(asked: Asked) -> ObservabilityPlan:
    return asked.overrides.observability_plan or ObservabilityPlan()


def traced(asked: Asked) -> Changes | None:
    """None without the keys: a credential of the provider `langfuse`, whose `apiKey` is the secret one."""
    plan = _observed(asked)
    credentials = asked.overrides.credentials or ()
    key = next((one for one in credentials if one.provider == LANGFUSE and one.api_key), None)
    if plan.provider != LANGFUSE or key is None:
        return None
    more = key.model_extra or {}
    given: dict[str, Any] = {
        "public_key": more.get("publicKey"),
        "secret_key": key.api_key,
        "url": more.get("apiUrl"),
        "trace_name": plan.trace_name,
        "tags": plan.tags,
        "metadata": plan.metadata,
        "prompt_name": plan.prompt_name,
        "prompt_version": None if plan.prompt_version is None else int(plan.prompt_version),
    }
    changes = {"observability": {name: value for name, value in given.items() if value is not None}}
    try:
        CallPlan.model_validate(changes)
    except ValidationError:
        return None
    return changes


def _of_trace(value: Callable[[ObservabilityPlan], object]) -> Callable[[Asked], Changes | None]:
    def change(asked: Asked) -> Changes | None:
        return None if value(_observed(asked)) is None or traced(asked) is None else {}

    return change


RULES = (
    Rule("server.url", ("server",), _told),
    Rule("server.headers", ("server",), _with_it(lambda asked: _server(asked).headers)),
    Rule("server.timeoutSeconds", ("server",), _with_it(lambda asked: _server(asked).timeout_seconds)),
    Rule("server.backoffPlan", ("server",), _with_it(lambda asked: _server(asked).backoff_plan)),
    Rule(
        "serverMessages",
        ("server",),
        _with_it(lambda asked: asked.overrides.server_messages),
        whole=_all_are_sent,
    ),
    Rule("clientMessages", ("client_messages",), _to_page, whole=_all_are_shown),
    Rule(
        "artifactPlan.transcriptPlan.assistantName",
        ("speakers",),
        _speaker("assistant", lambda plan: plan.assistant_name),
    ),
    Rule("artifactPlan.transcriptPlan.userName", ("speakers",), _speaker("user", lambda plan: plan.user_name)),
    Rule("observabilityPlan.provider", ("observability",), traced),
    Rule("observabilityPlan.traceName", ("observability",), _of_trace(lambda plan: plan.trace_name)),
    Rule("observabilityPlan.tags", ("observability",), _of_trace(lambda plan: plan.tags)),
    Rule("observabilityPlan.metadata", ("observability",), _of_trace(lambda plan: plan.metadata)),
    Rule("observabilityPlan.promptName", ("observability",), _of_trace(lambda plan: plan.prompt_name)),
    Rule("observabilityPlan.promptVersion", ("observability",), _of_trace(lambda plan: plan.prompt_version)),
    Rule(
        "name", ("name",), lambda asked: None if asked.overrides.name is None else {"name": asked.overrides.name[:200]}
    ),
    Rule(
        "metadata",
        ("metadata",),
        lambda asked: None if asked.overrides.metadata is None else {"metadata": asked.overrides.metadata},
    ),
)
