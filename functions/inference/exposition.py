"""The totals of serving and what monitoring measured, in Prometheus' text format, by way of prometheus-client."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.core import Metric as Family
from prometheus_client.registry import Collector

from mlops.model.decision import decide
from mlops.telemetry import metrics
from mlops.telemetry.metrics import Metric

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
UP = Metric("mlops_totals_up", "1 if the totals of all instances were read; at 0 all others are unknown and left out")
MODEL = Metric("mlops_model_info", "The model that answered this scrape", ("model_version",))
Labels = tuple[str, ...]


def render(
    use_case: str, totals: Mapping[str, float] | None, gauges: Mapping[str, float], model_version: str | None
) -> bytes:
    """The exposition, each series with the use case as a label.

    With no `totals`, because their store is away, it says so and leaves out what it cannot know.
    """
    registry = CollectorRegistry()
    registry.register(_Exposition(use_case, totals, gauges, model_version))
    return generate_latest(registry)


class _Exposition(Collector):
    def __init__(
        self,
        use_case: str,
        totals: Mapping[str, float] | None,
        gauges: Mapping[str, float],
        model_version: str | None,
    ) -> None:
        self._use_case, self._totals, self._gauges, self._model_version = use_case, totals, gauges, model_version

    def collect(self) -> Iterator[Family]:
        yield self._family(GaugeMetricFamily, UP, {(): float(self._totals is not None)})
        yield self._family(GaugeMetricFamily, MODEL, {(self._model_version,): 1.0} if self._model_version else {})
        if self._totals is None:
            return
        cells = _split(self._totals)
        yield from self._requests(cells[metrics.REQUEST], cells[metrics.TIME])
        yield from self._predictions(cells[metrics.SCORE])
        batches = {bucket: count for (bucket,), count in cells[metrics.BATCH].items()}
        batched = self._totals.get(metrics.BATCHED, 0.0)
        yield self._histogram(metrics.BATCH_SIZE, metrics.BATCH_SIZES, {(): batches}, {(): batched})
        # There before the first failure: of a series that begins with one, Prometheus sees no increase.
        for metric, values in ((metrics.RUNS, metrics.RUN_STATUSES), (metrics.DROPPED, metrics.STREAMS)):
            cells[metric.name] = {(value,): 0.0 for value in values} | cells[metric.name]
        starts = sum(cells[metrics.COLD_START].values(), 0.0)  # of all releases
        yield self._family(CounterMetricFamily, metrics.COLD_STARTS, {(): starts})
        for metric in metrics.COUNTERS:
            yield self._family(CounterMetricFamily, metric, cells[metric.name])
        gauges = _split(self._gauges)
        for metric in metrics.GAUGES:
            yield self._family(GaugeMetricFamily, metric, gauges[metric.name])

    def _requests(self, cells: Mapping[Labels, float], times: Mapping[Labels, float]) -> Iterator[Family]:
        """How many, and how long they took."""
        counts: dict[Labels, float] = defaultdict(float)
        routes: dict[Labels, dict[str, float]] = defaultdict(lambda: defaultdict(float))
        for (method, route, status, bucket), count in cells.items():
            counts[method, route, status] += count
            routes[route,][bucket] += count
        yield self._family(CounterMetricFamily, metrics.REQUESTS, counts)
        yield self._histogram(metrics.LATENCY, metrics.SECONDS, routes, times)

    def _predictions(self, cells: Mapping[Labels, float]) -> Iterator[Family]:
        """How many, by what was said, and how surely."""
        labels: dict[Labels, float] = defaultdict(float)
        versions: dict[Labels, dict[str, float]] = defaultdict(dict)
        for (version, bucket), count in cells.items():
            labels[str(decide(float(bucket))), version] += count
            versions[version,][bucket] = count
        yield self._family(CounterMetricFamily, metrics.PREDICTIONS, labels)
        yield self._histogram(metrics.SCORES_OF, metrics.SCORES, versions, {})

    def _family(
        self, kind: type[CounterMetricFamily | GaugeMetricFamily], metric: Metric, samples: Mapping[Labels, float]
    ) -> Family:
        family = kind(metric.name, metric.meaning, labels=("use_case", *metric.labels))
        for labels, value in samples.items():
            family.add_metric((self._use_case, *labels), value)
        return family

    def _histogram(
        self,
        metric: Metric,
        bounds: Sequence[float],
        cells: Mapping[Labels, Mapping[str, float]],
        sums: Mapping[Labels, float],
    ) -> Family:
        """Buckets are stored apart and exposed as Prometheus wants them, each with all below it."""
        family = HistogramMetricFamily(metric.name, metric.meaning, labels=("use_case", *metric.labels))
        for labels, counts in cells.items():
            below, buckets = 0.0, []
            for bound in (*map(str, bounds), metrics.ABOVE):
                below += counts.get(bound, 0.0)
                buckets.append((bound, below))
            family.add_metric((self._use_case, *labels), buckets, sums.get(labels))
        return family


def _split(totals: Mapping[str, float]) -> dict[str, dict[Labels, float]]:
    """What was counted, by its name and by its cell."""
    split: dict[str, dict[Labels, float]] = defaultdict(dict)
    for name, value in sorted(totals.items()):
        first, *rest = name.split("|")
        split[first][tuple(rest)] = value
    return split
