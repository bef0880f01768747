"""The totals of serving and what monitoring measured, in Prometheus' text format, by way of prometheus-client."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from mlops.telemetry import metrics
from mlops.training.gate import decide

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
Labels = tuple[str, ...]


def render(totals: Mapping[str, float] | None, gauges: Mapping[str, float], model_version: str | None) -> bytes:
    """The exposition; with no `totals`, because their store is away, it says so and leaves out what it cannot know."""
    registry = CollectorRegistry()
    registry.register(_Exposition(totals, gauges, model_version))
    return generate_latest(registry)


class _Exposition(Collector):
    def __init__(
        self, totals: Mapping[str, float] | None, gauges: Mapping[str, float], model_version: str | None
    ) -> None:
        self._totals, self._gauges, self._model_version = totals, gauges, model_version

    def collect(self) -> Iterator[Metric]:
        up = "1 if the totals of all instances were read; at 0 every other total is unknown and left out"
        yield GaugeMetricFamily("titanic_totals_up", up, value=float(self._totals is not None))
        model = GaugeMetricFamily("titanic_model_info", "The model that answered this scrape", labels=["model_version"])
        if self._model_version is not None:
            model.add_metric([self._model_version], 1)
        yield model
        if self._totals is None:
            return
        cells = _split(self._totals)
        yield from _requests(cells[metrics.REQUEST], cells[metrics.TIME])
        yield from _predictions(cells[metrics.SCORE])
        batches = {place: count for (place,), count in cells[metrics.BATCH].items()}
        batched = self._totals.get(metrics.BATCHED, 0.0)
        yield _histogram(metrics.BATCH_SIZE, metrics.PASSENGERS, {(): batches}, {(): batched})
        # There before the first failure: of a series that begins with one, Prometheus sees no increase.
        cells[metrics.RUNS.name] = {(status,): 0.0 for status in metrics.RUN_STATUSES} | cells[metrics.RUNS.name]
        for metric in metrics.COUNTERS:
            yield _family(CounterMetricFamily, metric, cells[metric.name])
        gauges = _split(self._gauges)
        for metric in metrics.GAUGES:
            yield _family(GaugeMetricFamily, metric, gauges[metric.name])


def _split(totals: Mapping[str, float]) -> dict[str, dict[Labels, float]]:
    """What was counted, by its name and by its cell."""
    split: dict[str, dict[Labels, float]] = defaultdict(dict)
    for name, value in sorted(totals.items()):
        first, *rest = name.split("|")
        split[first][tuple(rest)] = value
    return split


def _requests(cells: Mapping[Labels, float], times: Mapping[Labels, float]) -> Iterator[Metric]:
    """How many, and how long they took."""
    counts: dict[Labels, float] = defaultdict(float)
    routes: dict[Labels, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for (method, route, status, place), count in cells.items():
        counts[method, route, status] += count
        routes[route,][place] += count
    yield _family(CounterMetricFamily, metrics.REQUESTS, counts)
    yield _histogram(metrics.LATENCY, metrics.SECONDS, routes, times)


def _predictions(cells: Mapping[Labels, float]) -> Iterator[Metric]:
    """How many, by what was said, and how surely."""
    fates: dict[Labels, float] = defaultdict(float)
    versions: dict[Labels, dict[str, float]] = defaultdict(dict)
    for (version, place), count in cells.items():
        fates[str(decide(float(place))), version] += count
        versions[version,][place] = count
    yield _family(CounterMetricFamily, metrics.PREDICTIONS, fates)
    yield _histogram(metrics.SCORES_OF, metrics.SCORES, versions, {})


def _family(
    kind: type[CounterMetricFamily | GaugeMetricFamily], metric: metrics.Metric, samples: Mapping[Labels, float]
) -> Metric:
    family = kind(metric.name, metric.meaning, labels=metric.labels)
    for labels, value in samples.items():
        family.add_metric(labels, value)
    return family


def _histogram(
    metric: metrics.Metric,
    bounds: Sequence[float],
    cells: Mapping[Labels, Mapping[str, float]],
    sums: Mapping[Labels, float],
) -> Metric:
    """Buckets are stored apart and exposed as Prometheus wants them, each with all below it."""
    family = HistogramMetricFamily(metric.name, metric.meaning, labels=metric.labels)
    for labels, counts in cells.items():
        below, buckets = 0.0, []
        for bound in (*map(str, bounds), metrics.ABOVE):
            below += counts.get(bound, 0.0)
            buckets.append((bound, below))
        family.add_metric(labels, buckets, sums.get(labels))
    return family
