"""What may be asked of Prometheus: the server's own metrics with their labels, and what is recorded of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Self

from prometheus_client import CollectorRegistry

OF_TARGETS = frozenset({"instance", "job"})
"""Labels that Prometheus itself gives to all that it scrapes."""
PARTS = {
    "counter": {"_total": frozenset[str]()},
    "gauge": {"": frozenset[str]()},
    "histogram": {"_bucket": frozenset({"le"}), "_sum": frozenset[str](), "_count": frozenset[str]()},
}
"""Type of a metric → endings of its series, with the labels that they have besides."""
WORDS = frozenset(
    {"and", "or", "on", "by", "group_left", "sum", "min", "max", "topk", "rate", "increase", "delta", "changes"}
    | {"histogram_quantile", "time"}
)
"""Of the query language, as far as it is used here."""

_TEXT = re.compile(r'"(?:[^"\\]|\\.)*"')
_RANGE = re.compile(r"\[[^\]]*\]")
_LABELS = re.compile(r"\b(?:by|on|group_left)\s*\(([^)]*)\)")
_SERIES = re.compile(r"([a-zA-Z_:][\w:]*)\s*(?:\{([^}]*)\})?")
_MATCHER = re.compile(r"(\w+)\s*(?:=~|!~|!=|=)")


class UnknownNameError(ValueError):
    """A query asks for what there is not."""


@dataclass(frozen=True, slots=True)
class Names:
    series: Mapping[str, frozenset[str]]
    """Name of a series → its labels."""
    families: frozenset[str]
    """Metrics as they are declared."""

    @classmethod
    def of(cls, registry: CollectorRegistry) -> Self:
        series: dict[str, frozenset[str]] = {"up": OF_TARGETS}
        families = set()
        for family, kind, labels in _declared(registry):
            families.add(family)
            for ending, more in PARTS[kind].items():
                series[family + ending] = labels | more | OF_TARGETS
        return cls(series, frozenset(families))

    def knowing(self, name: str, labels: Iterable[str]) -> Names:
        """With a series that is recorded."""
        return Names({**self.series, name: frozenset(labels)}, self.families)

    def asked(self, query: str) -> set[str]:
        """The series that a query asks for. Raises UnknownNameError, for a label that none of them has too."""
        bare = _RANGE.sub("", _TEXT.sub('""', query))
        grouped = {label.strip() for labels in _LABELS.findall(bare) for label in labels.split(",") if label.strip()}
        found = set()
        for name, matchers in _SERIES.findall(_LABELS.sub(" ", bare)):
            if name in WORDS:
                continue
            if name not in self.series:
                raise UnknownNameError(f"there is no {name}: {query}")
            found.add(name)
            self._hold(set(_MATCHER.findall(matchers)), self.series[name], name, query)
        self._hold(grouped, frozenset().union(*(self.series[name] for name in found)), "any of its series", query)
        return found

    def _hold(self, labels: set[str], known: frozenset[str], whose: str, query: str) -> None:
        for label in labels - known:
            raise UnknownNameError(f"{whose} has no label {label}: {query}")


def family_of(series: str) -> str:
    """The metric that a series of it belongs to."""
    return re.sub(r"_(total|bucket|sum|count)$", "", series)


def _declared(registry: CollectorRegistry) -> Iterator[tuple[str, str, frozenset[str]]]:
    """Name, type and labels. The library shows labels only once there are values: what is declared is private."""
    for collector in tuple(registry._collector_to_names):
        labels = getattr(collector, "_labelnames", None)
        for family in collector.collect():
            its = labels if labels is not None else getattr(family, "_labelnames", ())
            yield family.name, family.type, frozenset(its)
