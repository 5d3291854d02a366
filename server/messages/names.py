"""Vapi's names of the messages of a call, and which of them there are here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

STARTED, STATUS, SPEECH, TRANSCRIPT = "assistant.started", "status-update", "speech-update", "transcript"
FINAL = 'transcript[transcriptType="final"]'
CONVERSATION, OUTPUT, INTERRUPTED = "conversation-update", "model-output", "user-interrupted"
TOOLS, TRANSFER, HANG, REPORT = "tool-calls", "transfer-update", "hang", "end-of-call-report"

TO_SERVERS = frozenset(
    {STARTED, STATUS, SPEECH, TRANSCRIPT, FINAL, CONVERSATION, OUTPUT, INTERRUPTED, TOOLS, TRANSFER, HANG, REPORT}
)
"""Tools of the kind `function` tell their server of themselves, whether it is asked for or not."""
WITH_WORDS = frozenset({TRANSCRIPT, FINAL, CONVERSATION, OUTPUT})
NEVER = frozenset({"function-call", "transfer-destination-request", "handoff-destination-request"})
"""Of Vapi's default set: the old name of `tool-calls`, and questions that our queues leave nothing to ask of."""
BY_DEFAULT = frozenset({STARTED, CONVERSATION, REPORT, HANG, SPEECH, STATUS, TOOLS, INTERRUPTED})
"""What a server is told that did not say what it wants to hear."""

OF_PAGES: Mapping[str, frozenset[str]] = {
    "transcript": frozenset({TRANSCRIPT, FINAL, CONVERSATION}),
    "partial": frozenset({TRANSCRIPT}),
    "speech": frozenset({SPEECH}),
    "interrupted": frozenset({INTERRUPTED}),
    "held": frozenset({INTERRUPTED}),
    "resumed": frozenset({INTERRUPTED}),
    "tool": frozenset({TOOLS, "tool-calls-result"}),
    "dead_air": frozenset({HANG}),
}
"""Types of the messages in a call's story → by which of Vapi's names a page asks for them."""
STATUSES: Mapping[str, str] = {"transfer_initiated": TRANSFER, "transfer_failed": TRANSFER}
"""Of the type `status`; the others are a `status-update`. What stands nowhere here every page is told."""
TO_PAGES = frozenset({STATUS, TRANSFER}).union(*OF_PAGES.values())


def is_wanted(message: Mapping[str, Any], wanted: frozenset[str] | None) -> bool:
    """Of a call's story, by a page that asks for these; None: for everything."""
    kind = message["type"]
    if wanted is None:
        return True
    if kind == "status":
        return STATUSES.get(message["status"], STATUS) in wanted
    return kind not in OF_PAGES or not OF_PAGES[kind].isdisjoint(wanted)
