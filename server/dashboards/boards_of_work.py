"""Dashboards of campaigns, and of what is passed on to others and goes wrong."""

from __future__ import annotations

from server.dashboards.boards_of_calls import NODES, PROVIDED, PROVIDERS
from server.dashboards.panels import Dashboard, Panel, Query, Variable
from server.dashboards.queries import NODE, quantile, ratio, summed, worst

CAMPAIGNS = Dashboard(
    "vaani-campaigns",
    "Campaigns",
    "What is dialled, what comes of it, and what waits.",
    [
        Panel("Campaigns", [Query(worst("vaani_campaigns", by="status"), "{{status}}")], "none", kind="stat"),
        Panel(
            "Contacts of active campaigns",
            [Query(worst("vaani_campaign_contacts", by="state"), "{{state}}")],
            "none",
        ),
        Panel(
            "Attempts that should have been looked after",
            [Query(worst("vaani_attempts_late_seconds"), "the oldest")],
            "s",
            warn=60,
            bad=600,
        ),
        Panel(
            "Attempts by outcome",
            [Query(summed("vaani_attempts_total", PROVIDED, by="outcome"), "{{outcome}}")],
            "ops",
            stacked=True,
            width=12,
        ),
        Panel(
            "Attempts that failed, of all",
            [
                Query(
                    ratio(
                        summed("vaani_attempts_total", f'{PROVIDED}, outcome=~"failed|not_placed"', by="provider"),
                        summed("vaani_attempts_total", PROVIDED, by="provider"),
                    ),
                    "{{provider}}",
                )
            ],
            "percentunit",
            warn=0.1,
            bad=0.3,
            width=12,
        ),
        Panel(
            "Attempts that were answered, of all",
            [
                Query(
                    ratio(
                        summed("vaani_attempts_total", f'{PROVIDED}, outcome="connected"', by="provider"),
                        summed("vaani_attempts_total", PROVIDED, by="provider"),
                    ),
                    "{{provider}}",
                )
            ],
            "percentunit",
            width=12,
        ),
        Panel(
            "Troubles with carriers",
            [
                Query(
                    summed("vaani_carrier_troubles_total", PROVIDED, by="provider, trouble"), "{{provider}} {{trouble}}"
                )
            ],
            "ops",
            width=12,
        ),
    ],
    [NODES, Variable("provider", "Carrier", "vaani_attempts_total", "provider")],
)
ERRORS = Dashboard(
    "vaani-errors",
    "Webhooks and errors",
    "What is passed on to others, and what goes wrong.",
    [
        Panel(
            "Webhooks: the oldest that waits",
            [Query(worst("vaani_webhook_oldest_seconds"), "due for")],
            "s",
            warn=60,
            bad=300,
        ),
        Panel("Webhooks on their way", [Query(worst("vaani_webhook_waiting"), "deliveries")], "none"),
        Panel(
            "Webhooks by what came of a try",
            [Query(summed("vaani_webhook_tries_total", NODE, by="outcome"), "{{outcome}}")],
            "ops",
            stacked=True,
        ),
        Panel(
            "Events that wait to be passed on",
            [
                Query(worst("vaani_outbox_waiting"), "events"),
                Query(worst("vaani_outbox_oldest_seconds"), "age of the oldest, s"),
            ],
            "none",
            bad=60,
        ),
        Panel(
            "Requests by status",
            [Query(summed("vaani_http_requests_total", NODE, by="status"), "{{status}}")],
            "reqps",
            stacked=True,
        ),
        Panel(
            "Requests answered with 5xx, by route",
            [Query(summed("vaani_http_requests_total", f'{NODE}, status="5xx"', by="method, route"))],
            "reqps",
        ),
        Panel(
            "Requests: how long, p99",
            [Query(quantile(0.99, "vaani_http_seconds", NODE, by="method"), "{{method}}")],
            "s",
            warn=0.1,
            bad=1.0,
        ),
        Panel(
            "Busiest routes",
            [Query(f"topk (10, {summed('vaani_http_requests_total', NODE, by='method, route')})")],
            "reqps",
        ),
        Panel(
            "Provider failures",
            [Query(summed("vaani_provider_failures_total", PROVIDED, by="stage, provider"), "{{stage}} {{provider}}")],
            "ops",
        ),
        Panel(
            "Calls that moved to a fallback",
            [
                Query(
                    summed("vaani_provider_switches_total", PROVIDED, by="stage, provider, to"),
                    "{{stage}} {{provider}} to {{to}}",
                )
            ],
            "ops",
            "A provider failed in the call, or rests.",
        ),
        Panel(
            "Providers that rest",
            [Query(f"sum by (stage, provider) (vaani_providers_resting{{{PROVIDED}}})", "{{stage}} {{provider}}")],
            "none",
            "Accounts that are not asked for a while, of all processes.",
            warn=1,
        ),
        Panel(
            "Frames that were refused or dropped",
            [Query(summed("vaani_line_trouble_total", NODE, by="kind"), "{{kind}}")],
            "ops",
        ),
        Panel(
            "Calls that failed, of all",
            [Query("vaani:calls:failed_share", "failed")],
            "percentunit",
            bad=0.02,
        ),
        Panel(
            "Analyses by what came of a try",
            [Query(summed("vaani_analyses_total", NODE, by="status"), "{{status}}")],
            "ops",
            stacked=True,
        ),
        Panel(
            "Analyses that wait",
            [
                Query(worst("vaani_analyses_waiting"), "calls"),
                Query(worst("vaani_analyses_oldest_seconds"), "the first is due for, s"),
            ],
            "none",
            bad=900,
        ),
        Panel(
            "Recordings not yet in the object store",
            [Query(f"max by (instance) (vaani_recordings_waiting{{{NODE}}})", "{{instance}}")],
            "none",
            bad=100,
        ),
    ],
    [NODES, PROVIDERS],
)
