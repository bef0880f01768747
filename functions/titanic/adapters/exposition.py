"""The totals of serving in Prometheus' text format, by way of prometheus-client."""

from collections.abc import Iterator, Mapping

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from titanic import metrics

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def render(totals: Mapping[str, float] | None, model_version: str | None) -> bytes:
    """The exposition; with no `totals`, because their store is away, it says so and leaves out what it cannot know."""
    registry = CollectorRegistry()
    registry.register(_Totals(totals, model_version))
    return generate_latest(registry)


class _Totals(Collector):
    def __init__(self, totals: Mapping[str, float] | None, model_version: str | None) -> None:
        self._totals, self._model_version = totals, model_version

    def collect(self) -> Iterator[Metric]:
        up = "1 if the totals of all instances were read; at 0 every other total is unknown and left out"
        yield GaugeMetricFamily("titanic_totals_up", up, value=float(self._totals is not None))
        model = GaugeMetricFamily("titanic_model_info", "The model that answered this scrape", labels=["model_version"])
        if self._model_version is not None:
            model.add_metric([self._model_version], 1)
        yield model
        if self._totals is None:
            return
        split = [(name.split("|"), total) for name, total in sorted(self._totals.items())]
        for metric in metrics.METRICS:
            samples = [(labels, total) for (name, *labels), total in split if name == metric.name]
            yield _counter(metric, samples) if metric.type == "counter" else _histogram(metric, samples)


_Samples = list[tuple[list[str], float]]


def _counter(metric: metrics.Metric, samples: _Samples) -> Metric:
    family = CounterMetricFamily(metric.name, metric.meaning, labels=metric.labels)
    for labels, total in samples:
        family.add_metric(labels, total)
    return family


def _histogram(metric: metrics.Metric, samples: _Samples) -> Metric:
    """Buckets are stored apart and exposed as Prometheus wants them, each with all below it."""
    family = HistogramMetricFamily(metric.name, metric.meaning, labels=metric.labels)
    depth = len(metric.labels)
    for labels in sorted({tuple(parts[:depth]) for parts, _ in samples}):
        own = {tuple(parts[depth:]): total for parts, total in samples if tuple(parts[:depth]) == labels}
        below, buckets = 0.0, []
        for bound in (*map(str, metrics.BUCKETS), metrics.ABOVE):
            below += own.get(("bucket", bound), 0.0)
            buckets.append((bound, below))
        family.add_metric(list(labels), buckets, sum_value=own.get(("sum",), 0.0))
    return family
