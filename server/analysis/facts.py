"""What is known for certain of a call that is over, without anybody's judgement."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from storage.records import Call, Speaker, Turn, TurnLatency

DEAD_AIR = 3.0
"""Seconds without a word of either side, from which on it is awkward."""
OPT_OUT = re.compile(
    r"\b(?:(?:do not|don't|don’t|never) (?:ever )?(?:call|phone|ring|contact) (?:me|us|this number)"
    r"|stop (?:calling|phoning|contacting)"
    r"|(?:remove|delete|take) (?:me|us|my number|this number|my name) (?:from|off)"
    r"|unsubscribe me|do[- ]not[- ]call list)\b"
    r"|(?:फ़?ोन|कॉल) मत कर|(?:call|phone) mat kar",
    re.IGNORECASE,
)
"""Word for word, in the customer's mouth. Whoever says it in other words is heard by the model, not by this."""
OPT_OUT_REASONS = frozenset({"dnc_request", "do_not_call"})
"""Of calls that a workflow has ended for it, or the agent."""


def facts(call: Call, turns: Sequence[Turn], latencies: Sequence[TurnLatency]) -> dict[str, Any]:
    """Times in seconds, but for latencies. Of a long call it takes milliseconds: for a thread."""
    seconds = call.duration or 0.0
    gaps = _gaps(turns, seconds)
    dead = [gap for gap in gaps if gap >= DEAD_AIR]
    answers = sorted(one.total_ms for one in latencies if one.total_ms is not None)
    return {
        "language": call.language,
        "turns": {side.value: sum(turn.speaker is side for turn in turns) for side in Speaker},
        "talk_seconds": {
            side.value: round(sum(turn.seconds for turn in turns if turn.speaker is side), 1) for side in Speaker
        },
        "silence_share": round(sum(gaps) / seconds, 2) if seconds else None,
        "interruptions": sum(turn.interrupted for turn in turns),
        "dead_air": {"times": len(dead), "seconds": round(sum(dead), 1), "longest": round(max(dead, default=0.0), 1)},
        "answer_latency_ms": {"p50": _percentile(answers, 50), "p95": _percentile(answers, 95)},
        "ended_reason": call.reason or None,
        "opt_out_asked": call.reason in OPT_OUT_REASONS
        or any(OPT_OUT.search(turn.text) for turn in turns if turn.speaker is Speaker.CUSTOMER),
    }


def _gaps(turns: Sequence[Turn], seconds: float) -> list[float]:
    """Stretches in which neither side spoke, from the answer to the end."""
    found, quiet_since = [], 0.0
    for turn in sorted(turns, key=lambda turn: turn.at):
        found.append(min(turn.at, seconds) - quiet_since)
        quiet_since = max(quiet_since, min(turn.at + turn.seconds, seconds))
    return [gap for gap in (*found, seconds - quiet_since) if gap > 0]


def _percentile(ordered: Sequence[float], share: int) -> float | None:
    """The smallest that so many percent do not exceed."""
    return round(ordered[max(0, -(-len(ordered) * share // 100) - 1)], 1) if ordered else None
