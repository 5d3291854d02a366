"""A call that is over as a trace of Langfuse: the call, and in it each answer of the agent's.

https://api.reference.langfuse.com: POST /api/public/ingestion, answered by 207 with what became of each event.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from pydantic import SecretStr

from processors.tools.requests import Outside, Request, RequestError
from server.messages.options import LangfuseOptions
from server.messages.report import Past
from storage.records import Speaker

PATH = "/api/public/ingestion"
SECONDS = 20.0
AT_ONCE = 200
"""Events in one request: Langfuse takes 3.5 MB."""
PASSING = 500
"""Statuses from here on are troubles of the moment; so is 429."""


async def send(outside: Outside, to: LangfuseOptions, past: Past) -> None:
    """One try; Langfuse knows events again that it has had. Raises RequestError."""
    account = f"{to.public_key}:{to.secret_key.get_secret_value()}".encode()
    headers = {"Authorization": SecretStr(f"Basic {base64.b64encode(account).decode()}")}
    events = list(_events(to, past))
    for start in range(0, len(events), AT_ONCE):
        body = {"batch": events[start : start + AT_ONCE]}
        reply = await outside.asked(Request("POST", to.url.rstrip("/") + PATH, headers, SECONDS, body))
        _look(reply.json())


def _look(answer: Any) -> None:
    """Raises RequestError for events that it did not take."""
    errors = answer.get("errors") if isinstance(answer, Mapping) else None
    if not isinstance(errors, list):
        raise RequestError("it answered something that is not Langfuse's")
    statuses = [one.get("status") if isinstance(one, Mapping) else None for one in errors]
    known = [status for status in statuses if isinstance(status, int)]
    if errors:
        again = [status for status in known if status >= PASSING or status == 429]
        raise RequestError(f"it did not take {len(errors)} events", status=(again or known or [0])[0])


def _events(to: LangfuseOptions, past: Past) -> Iterator[dict[str, Any]]:
    call, plan = past.call, past.plan
    began, ended = call.answered_at or call.started_at, call.ended_at or call.started_at
    words = not plan.keeping.is_discreet  # the prompt has the customer's variables in it
    yield _event(
        "trace-create",
        call.id,
        ended,
        timestamp=began,
        name=to.trace_name or plan.name or "call",
        userId=call.customer_id,
        sessionId=call.id,
        input=plan.prompt if words else None,
        output=call.summary,
        tags=list(to.tags),
        metadata={
            **plan.metadata,
            **to.metadata,
            "call": call.id,
            "call_type": call.call_type,
            "outcome": call.outcome,
            "ended_reason": call.reason,
            "language": call.language,
        },
    )
    span = f"{call.id}-call"
    yield _event("span-create", span, ended, traceId=call.id, name="call", startTime=began, endTime=ended)
    heard: Sequence[str] = ()
    latencies = {one.position: one for one in past.latencies}
    for turn in past.turns:
        if turn.speaker is Speaker.CUSTOMER:
            heard = [*heard, turn.text]
            continue
        latency = latencies.get(turn.position)
        at = began + timedelta(seconds=turn.at)
        measured = {} if latency is None else {"total_ms": latency.total_ms, "llm_ms": latency.llm_ms}
        prompt = {"promptName": to.prompt_name, "promptVersion": to.prompt_version} if to.prompt_name else {}
        yield _event(
            "generation-create",
            f"{call.id}-{turn.position}",
            ended,
            traceId=call.id,
            parentObservationId=span,
            name="answer",
            startTime=at - timedelta(milliseconds=(latency.total_ms or 0) if latency is not None else 0),
            completionStartTime=at,
            endTime=at + timedelta(seconds=turn.seconds),
            model=plan.llm.options.get("model") or plan.providers["llm"],
            input=[{"role": "user", "content": text} for text in heard],
            output=turn.text,
            metadata={**measured, "interrupted": turn.interrupted},
            **prompt,
        )
        heard = ()


def _event(kind: str, id_: str, at: datetime, **body: Any) -> dict[str, Any]:
    """Its id is the same at every try: Langfuse takes each event once."""
    return {"id": f"{kind}-{id_}", "timestamp": at, "type": kind, "body": {"id": id_, **body}}
