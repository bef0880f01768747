"""Totals of many instances, and how Prometheus reads them."""

from collections import Counter

from prometheus_client.parser import text_string_to_metric_families

from inference.exposition import render
from mlops.telemetry import metrics


def samples(totals: dict[str, float] | None, gauges: dict[str, float] | None = None) -> dict[tuple[str, ...], float]:
    """What Prometheus reads, by name and label values; every series is of the use case."""
    families = text_string_to_metric_families(render("churn", totals, gauges or {}, "feed").decode())
    read = {}
    for each in (each for family in families for each in family.samples):
        assert each.labels.pop("use_case") == "churn"
        read[each.name, *each.labels.values()] = each.value
    return read


def test_observations_of_several_instances_add_up() -> None:
    totals: Counter[str] = Counter()
    for seconds in (0.0004, 0.001, 0.0011, 9.0):
        totals.update(metrics.request("POST", "/predict", 200, seconds))  # type: ignore[arg-type]
    totals.update(metrics.request("POST", "/predict", 422, 0.3))  # type: ignore[arg-type]
    totals.update(metrics.error("/predict", "RequestValidationError"))  # type: ignore[arg-type]
    totals.update(metrics.predictions([0.95, 0.5, 0.2], "feed"))  # type: ignore[arg-type]
    totals.update(metrics.batch(3))  # type: ignore[arg-type]
    totals.update(metrics.degraded("models"))  # type: ignore[arg-type]
    totals.update(metrics.cold_start("titanic-prod:7"))  # type: ignore[arg-type]
    totals.update(metrics.cold_start("titanic-prod:8"))  # type: ignore[arg-type]

    read = samples(dict(totals))
    assert read["mlops_log_dropped_total", "outcomes"] == 0
    assert read["mlops_requests_total", "POST", "/predict", "200"] == 4
    assert read["mlops_requests_total", "POST", "/predict", "422"] == 1
    assert read["mlops_errors_total", "RequestValidationError", "/predict"] == 1
    assert read["mlops_predictions_total", "0", "feed"] == 2
    assert read["mlops_predictions_total", "1", "feed"] == 1
    assert read["mlops_score_bucket", "0.2", "feed"] == 1
    assert read["mlops_score_bucket", "0.5", "feed"] == 2
    assert read["mlops_score_bucket", "+Inf", "feed"] == 3
    assert read["mlops_batch_rows_bucket", "10"] == 1
    assert read["mlops_batch_rows_sum",] == 3
    assert read["mlops_degraded_total", "models"] == 1
    assert read["mlops_cold_starts_total",] == 2
    assert read["mlops_totals_up",] == 1
    assert read["mlops_model_info", "feed"] == 1
    assert read["mlops_request_seconds_bucket", "0.001", "/predict"] == 2
    assert read["mlops_request_seconds_bucket", "0.0025", "/predict"] == 3
    assert read["mlops_request_seconds_bucket", "2.5", "/predict"] == 4
    assert read["mlops_request_seconds_bucket", "+Inf", "/predict"] == 5
    assert read["mlops_request_seconds_count", "/predict"] == 5
    assert abs(read["mlops_request_seconds_sum", "/predict"] - 9.3025) < 1e-9


def test_gauges_are_exposed_as_measured() -> None:
    gauges = {metrics.named(metrics.PSI.name, "age"): 0.31, metrics.SUSTAINED.name: 2.0}

    read = samples({}, gauges)

    assert read["mlops_drift_psi", "age"] == 0.31
    assert read["mlops_drift_sustained_windows",] == 2


def test_an_unknown_method_makes_no_series_of_its_own() -> None:
    cells = {name for method in ("BREW", "brew", "GET|") for name in metrics.request(method, "unmatched", 405, 0.1)}

    assert cells == {"request|other|unmatched|405|0.1", "time|unmatched"}


def test_without_totals_nothing_is_reported_as_zero() -> None:
    assert samples(None) == {("mlops_totals_up",): 0, ("mlops_model_info", "feed"): 1}
