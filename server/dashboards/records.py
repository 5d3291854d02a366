"""What Prometheus works out ahead: the figures that alerts and long views need."""

from __future__ import annotations

from dataclasses import dataclass

from server.dashboards.queries import quantile, ratio, summed, worst

WINDOW = "5m"
SHARES = {"p50": 0.5, "p95": 0.95, "p99": 0.99}


@dataclass(frozen=True, slots=True)
class Record:
    name: str
    query: str
    labels: tuple[str, ...] = ()
    """That it has."""


def _per_second(series: str, matchers: str = "", *, by: str = "") -> str:
    return summed(series, matchers, by=by, window=WINDOW)


def _quantiles(name: str, metric: str, by: str) -> list[Record]:
    labels = tuple(by.split(", "))
    return [
        Record(f"{name}:{percentile}", quantile(share, metric, by=by, window=WINDOW), labels)
        for percentile, share in SHARES.items()
    ]


_ANSWERS = _per_second("vaani_answer_seconds_count")
_CUTS = "vaani_interruptions_total", "vaani_false_interruptions_total"
_ALL_CUTS = f"({_per_second(_CUTS[0])} + {_per_second(_CUTS[1])} or {_per_second(_CUTS[0])} or {_per_second(_CUTS[1])})"

LATENCY = [
    *_quantiles("vaani:answer_seconds", "vaani_answer_seconds", "transport"),
    *_quantiles("vaani:stage_seconds", "vaani_stage_seconds", "stage, provider"),
    Record("vaani:answers:rate", _per_second("vaani_answer_seconds_count", by="transport"), ("transport",)),
    Record("vaani:dead_air:per_answer", ratio(_per_second("vaani_dead_air_total"), _ANSWERS)),
    Record("vaani:interruptions:per_answer", ratio(_per_second(_CUTS[0]), _ANSWERS)),
    Record("vaani:false_interruptions:share", ratio(_per_second(_CUTS[1]), _ALL_CUTS)),
]
CAPACITY = [
    Record("vaani:live_calls:sum", "sum (vaani_live_calls)"),
    Record("vaani:max_calls:sum", "sum (vaani_max_calls)"),
    Record(
        "vaani:live_calls:share", "sum by (instance) (vaani_live_calls) / on (instance) vaani_max_calls", ("instance",)
    ),
    Record(
        "vaani:loop_lag_seconds:p99",
        quantile(0.99, "vaani_loop_lag_seconds", by="instance", window=WINDOW),
        ("instance",),
    ),
    Record(
        "vaani:cpu_per_call_second:seconds",
        f"{_per_second('process_cpu_seconds_total', by='instance')} / "
        f"({_per_second('vaani_call_seconds_total', by='instance')} > 0.01)",
        ("instance",),
    ),
]
CAMPAIGNS = [
    Record("vaani:attempts:rate", _per_second("vaani_attempts_total", by="provider, outcome"), ("provider", "outcome")),
    Record(
        "vaani:attempts:failed_share",
        ratio(
            _per_second("vaani_attempts_total", 'outcome=~"failed|not_placed"', by="provider"),
            _per_second("vaani_attempts_total", by="provider"),
        ),
        ("provider",),
    ),
    Record("vaani:campaigns:max", worst("vaani_campaigns", by="status"), ("status",)),
    Record("vaani:campaign_contacts:max", worst("vaani_campaign_contacts", by="state"), ("state",)),
]
WEBHOOKS = [
    Record("vaani:webhook_tries:rate", _per_second("vaani_webhook_tries_total", by="outcome"), ("outcome",)),
    Record("vaani:webhook_waiting:max", worst("vaani_webhook_waiting")),
    Record("vaani:webhook_oldest_seconds:max", worst("vaani_webhook_oldest_seconds")),
    Record("vaani:outbox_oldest_seconds:max", worst("vaani_outbox_oldest_seconds")),
]
ERRORS = [
    Record("vaani:http_requests:rate", _per_second("vaani_http_requests_total", by="status"), ("status",)),
    Record(
        "vaani:http_errors:share",
        ratio(_per_second("vaani_http_requests_total", 'status="5xx"'), _per_second("vaani_http_requests_total")),
    ),
    *_quantiles("vaani:http_seconds", "vaani_http_seconds", "method"),
    Record(
        "vaani:calls:failed_share",
        ratio(_per_second("vaani_calls_total", 'outcome="failed"'), _per_second("vaani_calls_total")),
    ),
    Record(
        "vaani:provider_failures:per_call_minute",
        f"60 * {_per_second('vaani_provider_failures_total', by='stage, provider')} / on () group_left () "
        f"({_per_second('vaani_call_seconds_total')} > 0)",
        ("stage", "provider"),
    ),
    Record("vaani:line_trouble:rate", _per_second("vaani_line_trouble_total", by="kind"), ("kind",)),
]
GROUPS = {
    "latency": LATENCY,
    "capacity": CAPACITY,
    "campaigns": CAMPAIGNS,
    "webhooks": WEBHOOKS,
    "errors": ERRORS,
}
