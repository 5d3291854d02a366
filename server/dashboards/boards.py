"""The dashboards. Thresholds are the bars that the benchmarks hold the server to, or those of the alerts."""

from __future__ import annotations

from server.dashboards.boards_of_calls import CALLS, CAPACITY
from server.dashboards.boards_of_work import CAMPAIGNS, ERRORS

BOARDS = (CALLS, CAPACITY, CAMPAIGNS, ERRORS)
LEFT_OUT = frozenset({"process_virtual_memory_bytes"})
"""Metrics that are on no dashboard: address space says nothing of memory."""
