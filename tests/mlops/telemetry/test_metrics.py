"""Totals of many instances, and how Prometheus reads them."""

from collections import Counter

from prometheus_client.parser import text_string_to_metric_families

from mlops.stores.exposition import render
from mlops.telemetry import metrics


def samples(totals: dict[str, float] | None, gauges: dict[str, float] | None = None) -> dict[tuple[str, ...], float]:
    """What Prometheus reads, by name and label values."""
    families = text_string_to_metric_families(render(totals, gauges or {}, "feed").decode())
    return {(each.name, *each.labels.values()): each.value for family in families for each in family.samples}


def test_observations_of_several_instances_add_up() -> None:
    totals: Counter[str] = Counter()
    for seconds in (0.0004, 0.001, 0.0011, 9.0):
        totals.update(metrics.request("POST", "/predict", 200, seconds))  # type: ignore[arg-type]
    totals.update(metrics.request("POST", "/predict", 422, 0.3))  # type: ignore[arg-type]
    totals.update(metrics.error("/predict", "RequestValidationError"))  # type: ignore[arg-type]
    totals.update(metrics.predictions([0.95, 0.5, 0.2], "feed"))  # type: ignore[arg-type]
    totals.update(metrics.batch(3))  # type: ignore[arg-type]
    totals.update(metrics.degraded("models"))  # type: ignore[arg-type]
    totals.update(metrics.cold_start())  # type: ignore[arg-type]

    read = samples(dict(totals))
    assert read["titanic_requests_total", "POST", "/predict", "200"] == 4
    assert read["titanic_requests_total", "POST", "/predict", "422"] == 1
    assert read["titanic_errors_total", "RequestValidationError", "/predict"] == 1
    assert read["titanic_predictions_total", "feed", "0"] == 2
    assert read["titanic_predictions_total", "feed", "1"] == 1
    assert read["titanic_score_bucket", "0.2", "feed"] == 1
    assert read["titanic_score_bucket", "0.5", "feed"] == 2
    assert read["titanic_score_bucket", "+Inf", "feed"] == 3
    assert read["titanic_batch_passengers_bucket", "10"] == 1
    assert read["titanic_batch_passengers_sum",] == 3
    assert read["titanic_degraded_total", "models"] == 1
    assert read["titanic_cold_starts_total",] == 1
    assert read["titanic_totals_up",] == 1
    assert read["titanic_model_info", "feed"] == 1
    assert read["titanic_request_seconds_bucket", "0.001", "/predict"] == 2
    assert read["titanic_request_seconds_bucket", "0.0025", "/predict"] == 3
    assert read["titanic_request_seconds_bucket", "2.5", "/predict"] == 4
    assert read["titanic_request_seconds_bucket", "+Inf", "/predict"] == 5
    assert read["titanic_request_seconds_count", "/predict"] == 5
    assert abs(read["titanic_request_seconds_sum", "/predict"] - 9.3025) < 1e-9


def test_gauges_are_as_they_were_measured_last() -> None:
    gauges = {metrics.named(metrics.PSI.name, "age"): 0.31, metrics.SUSTAINED.name: 2.0}

    read = samples({}, gauges)

    assert read["titanic_drift_psi", "age"] == 0.31
    assert read["titanic_drift_sustained_windows",] == 2


def test_strangers_invent_no_cells() -> None:
    cells = {name for method in ("BREW", "brew", "GET|") for name in metrics.request(method, "unmatched", 405, 0.1)}

    assert cells == {"request|other|unmatched|405|0.1", "time|unmatched"}


def test_what_is_not_known_is_not_said_to_be_zero() -> None:
    assert samples(None) == {("titanic_totals_up",): 0, ("titanic_model_info", "feed"): 1}
