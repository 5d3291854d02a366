"""Dashboards of calls and of what carries them."""

from __future__ import annotations

from server.dashboards.panels import Dashboard, Panel, Query, Variable
from server.dashboards.queries import LINE, NODE, per_second, quantile, ratio, summed

NODES = Variable("node", "Node", "vaani_max_calls", "instance")
TRANSPORTS = Variable("transport", "Transport", "vaani_live_calls", "transport")
PROVIDERS = Variable("provider", "Provider", "vaani_stage_seconds_count", "provider")
STAGE = f'{LINE}, provider=~"$provider"'
PROVIDED = f'{NODE}, provider=~"$provider"'
PERCENTILES = (0.5, 0.95, 0.99)


def _percentiles(metric: str, matchers: str, *, exemplars: bool = False) -> list[Query]:
    return [
        Query(quantile(share, metric, matchers), f"p{share * 100:g}", exemplars and share == PERCENTILES[-1])
        for share in PERCENTILES
    ]


def _by_stage(share: float) -> Panel:
    query = quantile(share, "vaani_stage_seconds", STAGE, by="stage, provider")
    return Panel(f"Stages, p{share * 100:g}", [Query(query, "{{stage}} {{provider}}", share > 0.9)], "s")


ANSWERS = summed("vaani_answer_seconds_count", LINE)
CUTS = summed("vaani_interruptions_total", LINE)

CALLS = Dashboard(
    "vaani-calls",
    "Calls and latency",
    "How long callers wait for answers, and whose time that is. A point leads to the call.",
    [
        Panel("Live calls", [Query(f"sum (vaani_live_calls{{{LINE}}})")], "none", kind="stat", width=4),
        Panel(
            "Answers, p50 now",
            [Query(quantile(0.5, "vaani_answer_seconds", LINE))],
            "s",
            kind="stat",
            warn=0.8,
            bad=1.2,
            width=4,
        ),
        Panel(
            "Answers, p95 now",
            [Query(quantile(0.95, "vaani_answer_seconds", LINE))],
            "s",
            kind="stat",
            warn=1.2,
            bad=1.5,
            width=4,
        ),
        Panel(
            "Answers: end of speech to first sound",
            _percentiles("vaani_answer_seconds", LINE, exemplars=True),
            "s",
            "Each point is one answer: open its call in the console.",
            warn=1.2,
            bad=1.5,
            width=12,
        ),
        Panel(
            "Answers by how long they took",
            [Query(summed("vaani_answer_seconds_bucket", LINE, by="le"), "{{le}}", True)],
            "s",
            kind="heatmap",
            width=12,
        ),
        Panel(
            "Mean time of an answer, stage by stage",
            [
                Query(
                    f"{summed('vaani_stage_seconds_sum', STAGE, by='stage')} / "
                    f"({summed('vaani_stage_seconds_count', STAGE, by='stage')} > 0)",
                    "{{stage}}",
                )
            ],
            "s",
            "Speech to text and the judgement of the turn go on at the same time.",
            width=12,
        ),
        *map(_by_stage, PERCENTILES),
        Panel(
            "Answers by transport, p95",
            [Query(quantile(0.95, "vaani_answer_seconds", LINE, by="transport"), "{{transport}}")],
            "s",
            warn=1.2,
            bad=1.5,
        ),
        Panel(
            "Dead air, of answers",
            [Query(ratio(summed("vaani_dead_air_total", LINE), ANSWERS), "dead air")],
            "percentunit",
            "The caller heard nothing for 2 s after a turn.",
            bad=0.05,
        ),
        Panel(
            "Tools used",
            [Query(summed("vaani_tools_total", LINE, by="outcome"), "{{outcome}}")],
            "ops",
            "What models had done in calls; failed: the server behind a tool, or what it was asked for.",
            stacked=True,
        ),
        Panel(
            "Guardrails",
            [Query(summed("vaani_guardrail_total", by="guardrail, outcome"), "{{guardrail}} {{outcome}}")],
            "ops",
            "Phrases that were held back, and those that were said unjudged.",
            stacked=True,
        ),
        Panel(
            "Questions asked before the turn was certain",
            [Query(summed("vaani_speculations_total", LINE, by="outcome"), "{{outcome}}")],
            "ops",
            "Those that were dropped cost a model's tokens for nothing.",
            stacked=True,
        ),
        Panel(
            "Of what models read, read before",
            [
                Query(
                    ratio(
                        summed("vaani_llm_tokens_total", f'{PROVIDED}, kind="cached"', by="provider"),
                        summed("vaani_llm_tokens_total", f'{PROVIDED}, kind="read"', by="provider"),
                    ),
                    "{{provider}}",
                )
            ],
            "percentunit",
            "Prompt tokens that the provider still had: they cost less, and no time.",
        ),
        Panel(
            "Interruptions, of answers",
            [
                Query(ratio(CUTS, ANSWERS), "by words"),
                Query(ratio(summed("vaani_false_interruptions_total", LINE), ANSWERS), "false: by noise"),
            ],
            "percentunit",
        ),
        Panel(
            "Calls that ended",
            [Query(summed("vaani_calls_total", LINE, by="transport, outcome"), "{{transport}} {{outcome}}")],
            "ops",
            stacked=True,
        ),
        Panel(
            "Answers, recorded every 5 minutes",
            [Query(f"vaani:answer_seconds:{one}", f"{one} {{{{transport}}}}") for one in ("p50", "p95", "p99")],
            "s",
            "For views of weeks.",
            width=16,
        ),
    ],
    [NODES, TRANSPORTS, PROVIDERS],
)
CAPACITY = Dashboard(
    "vaani-capacity",
    "Capacity",
    "What each process carries, what that costs it, and what is left.",
    [
        Panel(
            "Share of the calls that it may carry",
            [Query(f"sum by (instance) (vaani_live_calls{{{NODE}}}) / on (instance) vaani_max_calls", "{{instance}}")],
            "percentunit",
            warn=0.6,
            bad=0.8,
        ),
        Panel(
            "Live calls and the most there may be",
            [
                Query(f"sum (vaani_live_calls{{{NODE}}})", "live"),
                Query(f"sum (vaani_max_calls{{{NODE}}})", "most"),
                Query(f"sum (vaani_max_calls{{{NODE}}} * (1 - vaani_draining))", "most, without those that drain"),
            ],
            "none",
        ),
        Panel(
            "CPU of a second of one call",
            [Query("vaani:cpu_per_call_second:seconds", "{{instance}}")],
            "s",
            "All that the process does, divided by its calls: dear while there are few.",
            warn=0.0025,
            bad=0.01,
        ),
        Panel(
            "Loop lag, p99",
            [Query(quantile(0.99, "vaani_loop_lag_seconds", NODE, by="instance"), "{{instance}}")],
            "s",
            warn=0.01,
            bad=0.05,
        ),
        Panel(
            "Loop lag, the worst of 10 s",
            [Query(f"max by (instance) (vaani_loop_lag_worst_seconds{{{NODE}}})", "{{instance}}")],
            "s",
            warn=0.05,
            bad=0.25,
        ),
        Panel(
            "CPU, cores",
            [
                Query(
                    f"{per_second('process_cpu_seconds_total', NODE)} and on (instance) vaani_max_calls",
                    "{{instance}}",
                )
            ],
            "none",
            warn=0.8,
            bad=0.95,
        ),
        Panel(
            "Memory",
            [Query(f"process_resident_memory_bytes{{{NODE}}} and on (instance) vaani_max_calls", "{{instance}}")],
            "bytes",
        ),
        Panel(
            "Open files and sockets, of what is allowed",
            [Query(f"process_open_fds{{{NODE}}} / process_max_fds and on (instance) vaani_max_calls", "{{instance}}")],
            "percentunit",
            warn=0.6,
            bad=0.8,
        ),
        Panel(
            "Up for",
            [
                Query(
                    f"time () - process_start_time_seconds{{{NODE}}} and on (instance) vaani_max_calls", "{{instance}}"
                )
            ],
            "s",
            kind="stat",
        ),
        Panel(
            "Calls at a time, by transport",
            [Query(summed("vaani_call_seconds_total", LINE, by="transport"), "{{transport}}")],
            "none",
            "Seconds of calls in a second.",
            stacked=True,
        ),
        Panel(
            "What it reaches",
            [Query(f"min by (instance, neighbour) (vaani_reached{{{NODE}}})", "{{instance}} {{neighbour}}")],
            "none",
            "1: it is there.",
        ),
        Panel(
            "Time of a small look into the database",
            [Query(f"max by (instance) (vaani_database_seconds{{{NODE}}})", "{{instance}}")],
            "s",
            warn=0.1,
            bad=1.0,
        ),
    ],
    [NODES, TRANSPORTS],
)
