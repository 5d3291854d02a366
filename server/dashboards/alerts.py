"""When somebody is to be told, and what they are to do. docs/OPERATIONS.md has a section for each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

GUIDE = "docs/OPERATIONS.md"


@dataclass(frozen=True, slots=True)
class Alert:
    name: str
    query: str
    lasting: str
    """For how long it must be so."""
    summary: str
    action: str
    severity: Literal["critical", "warning"] = "warning"

    @property
    def runbook(self) -> str:
        return f"{GUIDE}#{self.name.lower()}"


ALERTS = [
    Alert(
        "VaaniGone",
        'up{job="vaani"} == 0',
        "1m",
        "{{ $labels.instance }} answers no scrape.",
        "Look whether the process lives and why it ended. The others take its calls over.",
        "critical",
    ),
    Alert(
        "VaaniRestarts",
        "changes(process_start_time_seconds[15m]) > 2 and on (instance) vaani_max_calls",
        "0m",
        "{{ $labels.instance }} started {{ $value }} times within 15 minutes.",
        "Read the last lines of its log before each start.",
        "critical",
    ),
    Alert(
        "VaaniDatabaseAway",
        'vaani_reached{neighbour="database"} == 0',
        "1m",
        "{{ $labels.instance }} does not reach the database.",
        "Bring the database back: nothing has to be restarted after it.",
        "critical",
    ),
    Alert(
        "VaaniRedisAway",
        'vaani_reached{neighbour="redis"} == 0',
        "1m",
        "{{ $labels.instance }} does not reach Redis.",
        "Bring Redis back: nothing has to be restarted after it.",
    ),
    Alert(
        "VaaniAnswersSlow",
        "vaani:answer_seconds:p95 > 1.5 and vaani:answers:rate > 0.02",
        "10m",
        "One answer in twenty takes over {{ $value | humanizeDuration }} on {{ $labels.transport }}.",
        "Open Calls and latency: the stage that grew says whose fault it is, an exemplar leads to a call.",
    ),
    Alert(
        "VaaniDeadAir",
        "vaani:dead_air:per_answer > 0.05",
        "10m",
        "{{ $value | humanizePercentage }} of answers come after 2 s of silence.",
        "Look at the language model and the voice on Calls and latency.",
    ),
    Alert(
        "VaaniFalseInterruptions",
        "vaani:false_interruptions:share > 0.1",
        "30m",
        "{{ $value | humanizePercentage }} of interruptions were noise.",
        "Listen to a few such calls, and make the detector of their agents less eager.",
    ),
    Alert(
        "VaaniAlmostFull",
        "vaani:live_calls:share > 0.8",
        "5m",
        "{{ $labels.instance }} carries {{ $value | humanizePercentage }} of what it may.",
        "Start another process before calls are refused.",
    ),
    Alert(
        "VaaniLoopLate",
        "vaani:loop_lag_seconds:p99 > 0.05",
        "5m",
        "The event loop of {{ $labels.instance }} is late by {{ $value | humanizeDuration }}.",
        "Its core is full: lower VAANI_MAX_CALLS, or give it a core of its own.",
    ),
    Alert(
        "VaaniCallsCostly",
        "vaani:cpu_per_call_second:seconds > 0.01 and on (instance) sum by (instance) (vaani_live_calls) >= 20",
        "10m",
        "A second of a call costs {{ $labels.instance }} {{ $value | humanizeDuration }} of CPU.",
        "See what else the process does: analyses, embedded models, many live listeners.",
    ),
    Alert(
        "VaaniAttemptsFail",
        "vaani:attempts:failed_share > 0.3",
        "10m",
        "{{ $value | humanizePercentage }} of calls over {{ $labels.provider }} fail.",
        "Look at the troubles of the carrier on Campaigns, and at its own console.",
    ),
    Alert(
        "VaaniCampaignStopped",
        'delta(vaani:campaigns:max{status="stopped"}[15m]) > 0',
        "0m",
        "The server has paused a campaign.",
        "The campaign says why; mend that and resume it.",
    ),
    Alert(
        "VaaniAttemptsLate",
        "max (vaani_attempts_late_seconds) > 600",
        "5m",
        "An attempt has waited {{ $value | humanizeDuration }} to be looked after: campaigns stall.",
        "See in the logs why the dialer cannot ask the carrier, and whether any process lives.",
    ),
    Alert(
        "VaaniCarrierAccount",
        'sum by (provider, trouble) (increase(vaani_carrier_troubles_total{trouble=~"account|balance"}[15m])) > 0',
        "0m",
        "{{ $labels.provider }} refuses our account: {{ $labels.trouble }}.",
        "Put the account with the carrier in order, then resume the campaigns.",
        "critical",
    ),
    Alert(
        "VaaniWebhooksWait",
        "vaani:webhook_oldest_seconds:max > 300",
        "5m",
        "A delivery has been due for {{ $value | humanizeDuration }}.",
        "See whether a process lives that delivers, and how long receivers take.",
    ),
    Alert(
        "VaaniWebhooksGivenUp",
        'sum (increase(vaani_webhook_tries_total{outcome="given_up"}[30m])) > 20',
        "0m",
        "{{ $value | humanize }} deliveries were given up within 30 minutes.",
        "Mend the receiver, switch its webhook on, and send again what failed.",
    ),
    Alert(
        "VaaniEventsWait",
        "vaani:outbox_oldest_seconds:max > 60",
        "2m",
        "An event has waited {{ $value | humanizeDuration }} to be passed on.",
        "See in the logs why events cannot be passed on.",
    ),
    Alert(
        "VaaniServerErrors",
        "vaani:http_errors:share > 0.01",
        "5m",
        "{{ $value | humanizePercentage }} of requests are answered with 5xx.",
        "Find the route on Webhooks and errors, and the reference of an answer in the log.",
        "critical",
    ),
    Alert(
        "VaaniCallsFail",
        "vaani:calls:failed_share > 0.02",
        "10m",
        "{{ $value | humanizePercentage }} of calls failed.",
        "A call's reason says which provider was dead; the log has a traceback for each that crashed.",
        "critical",
    ),
    Alert(
        "VaaniProvidersFail",
        "vaani:provider_failures:per_call_minute > 0.1",
        "5m",
        "{{ $labels.provider }} ({{ $labels.stage }}) fails {{ $value | humanize }} times a minute of call.",
        "The log says what it answered; give the agents a fallback, or another provider until it is well.",
    ),
    Alert(
        "VaaniLineTrouble",
        "vaani:line_trouble:rate > 1",
        "10m",
        "{{ $value | humanize }} frames a second are refused or dropped: {{ $labels.kind }}.",
        "See what the carrier sends, and whether the core is full.",
    ),
    Alert(
        "VaaniRecordingsWait",
        "max by (instance) (vaani_recordings_waiting) > 100",
        "30m",
        "{{ $value }} recordings of {{ $labels.instance }} are not in the object store.",
        "Bring the object store back, and watch the disk.",
    ),
    Alert(
        "VaaniAnalysesWait",
        "max (vaani_analyses_oldest_seconds) > 900",
        "10m",
        "An analysis has been due for {{ $value | humanizeDuration }}.",
        "See whether the language model that judges answers, and how fast.",
    ),
]
