"""Queries that are put together the same way everywhere."""

from __future__ import annotations

NODE = 'instance=~"$node"'
LINE = f'{NODE}, transport=~"$transport"'
RATE = "$__rate_interval"
"""As Grafana writes a window that holds enough scrapes."""


def per_second(series: str, matchers: str = "", window: str = RATE) -> str:
    return f"rate({series}{_braces(matchers)}[{window}])"


def summed(series: str, matchers: str = "", *, by: str = "", window: str = RATE) -> str:
    """Per second, of all processes."""
    return f"sum{_by(by)} ({per_second(series, matchers, window)})"


def quantile(share: float, metric: str, matchers: str = "", *, by: str = "", window: str = RATE) -> str:
    """Of a histogram, of all processes together: percentiles of several cannot be averaged."""
    buckets = f"{metric}_bucket{_braces(matchers)}"
    return f"histogram_quantile({share:g}, sum by ({', '.join(filter(None, ['le', by]))}) (rate({buckets}[{window}])))"


def ratio(part: str, whole: str) -> str:
    """Nothing where there is no whole; 0 where there was no part of one."""
    return f"({part} or {whole} * 0) / ({whole} > 0)"


def worst(series: str, matchers: str = "", *, by: str = "") -> str:
    """Of what all processes tell alike."""
    return f"max{_by(by)} ({series}{_braces(matchers)})"


def _by(labels: str) -> str:
    return f" by ({labels})" if labels else ""


def _braces(matchers: str) -> str:
    return f"{{{matchers}}}" if matchers else ""
